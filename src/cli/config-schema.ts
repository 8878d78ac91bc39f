// What a configuration file may say. All faults of one are told together.
import { isAbsolute } from 'node:path';
import * as v from 'valibot';
import { JwksError } from '../errors.ts';
import { findAlgorithm } from '../jose/algorithms.ts';
import { partialFactsSchema } from '../keystore/schema.ts';
import type { PolicyFacts } from '../lifecycle/policy.ts';
import { parseFormat } from './format.ts';

export interface ConfigValues {
  readonly keystore?: string | undefined;
  readonly alg?: string | undefined;
  readonly identity?: string | undefined;
  readonly format?: string | undefined;
  /** Gets a line before private keys are shown. */
  readonly audit?: string | undefined;
  /** The command that prints the secret, as an argv. */
  readonly secretCommand?: readonly [string, ...string[]] | undefined;
  /** Facts for the policy of sets that are made; others may add to them. */
  readonly policy?:
    | { readonly [fact in keyof PolicyFacts]?: PolicyFacts[fact] | 'never' | undefined }
    | undefined;
}

const text = v.pipe(v.string('is no text'), v.nonEmpty('is empty'));
const algorithm = v.pipe(
  text,
  v.check((alg) => findAlgorithm(alg) !== undefined, 'is no algorithm (jwks algs lists them)'),
);
const word = v.pipe(
  v.string('is no text'),
  v.check((one) => !one.includes('\0'), 'has a NUL'),
);
/** A relative path would be one below the home directory, where it runs: nobody expects that. */
const program = v.pipe(
  word,
  v.nonEmpty('is empty'),
  v.check(
    (name) => isAbsolute(name) || !/[/\\]/.test(name),
    'is neither an absolute path nor a name on PATH',
  ),
);
const argv = v.pipe(
  v.tupleWithRest([program], word, 'is no list of a program and its arguments'),
  v.maxLength(256, 'has too many words'),
);
const projectSchema = v.strictObject({
  keystore: v.optional(text),
  alg: v.optional(algorithm),
  policy: v.optional(partialFactsSchema),
});
const userSchema = v.strictObject({
  ...projectSchema.entries,
  identity: v.optional(v.pipe(text, v.regex(/^[\w-]{43}$/, 'is no fingerprint of 43 base64url characters'))),
  format: v.optional(v.pipe(text, v.check(isFormat, 'is no format'))),
  audit: v.optional(
    v.pipe(
      text,
      v.check((path) => isAbsolute(path), 'is no absolute path'),
    ),
  ),
  secretCommand: v.optional(argv),
});

export function parseProjectConfig(value: unknown, path: string): ConfigValues {
  return parse(projectSchema, value, path);
}

export function parseUserConfig(value: unknown, path: string): ConfigValues {
  return parse(userSchema, value, path);
}

function parse(schema: typeof projectSchema | typeof userSchema, value: unknown, path: string): ConfigValues {
  if (value !== null && value !== undefined && (typeof value !== 'object' || Array.isArray(value))) {
    throw new JwksError('usage', `the configuration ${path} is not a set of members`);
  }
  const parsed = v.safeParse(schema, value ?? {});
  if (parsed.success) return parsed.output;
  // valibot stops at the first unknown member: the others are told beside it.
  const known = Object.keys(schema.entries);
  const unknown = Object.keys(Object(value)).filter((name) => !known.includes(name));
  const faults = [
    ...parsed.issues
      .filter((issue) => !(issue.expected === 'never' && issue.path?.length === 1))
      .map((issue) => `${v.getDotPath(issue) ?? 'it'} ${describe(issue)}`),
    ...unknown.map((name) =>
      Object.hasOwn(userSchema.entries, name)
        ? `${name} is not known here: it counts in your own configuration only, never in a project's`
        : `${name} is not known here`,
    ),
  ];
  throw new JwksError('usage', `the configuration ${path} is not valid: ${faults.join('; ')}`);
}

// valibot's own messages quote what they received; only ours and the unknown member get through.
function describe(issue: v.BaseIssue<unknown>): string {
  if (issue.type === 'strict_object') {
    return issue.expected === 'never' ? 'is not known here' : 'is not a set of members';
  }
  return /^Invalid /.test(issue.message) ? 'is not what it should be' : issue.message;
}

function isFormat(name: string): boolean {
  try {
    parseFormat(name);
    return true;
  } catch {
    return false;
  }
}
