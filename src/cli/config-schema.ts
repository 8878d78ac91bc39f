// What a configuration file may say. All faults of one are told together.
import * as v from 'valibot';
import { JwksError } from '../errors.ts';
import { findAlgorithm } from '../jose/algorithms.ts';
import { partialFactsSchema } from '../keystore/schema.ts';
import { defaultFacts, type PolicyFacts, unsafeFacts } from '../lifecycle/policy.ts';
import { parseFormat } from './format.ts';

export interface ConfigValues {
  readonly keystore?: string | undefined;
  readonly alg?: string | undefined;
  readonly identity?: string | undefined;
  readonly format?: string | undefined;
  /** The policy of sets that are made, complete. */
  readonly policy?: PolicyFacts | undefined;
}

const text = v.pipe(v.string('is no text'), v.nonEmpty('is empty'));
const algorithm = v.pipe(
  text,
  v.check((alg) => findAlgorithm(alg) !== undefined, 'is no algorithm (jwks algs lists them)'),
);
const facts = v.pipe(
  partialFactsSchema,
  v.rawTransform(({ dataset, addIssue }): PolicyFacts => {
    const complete = complement(dataset.value);
    const unsafe = unsafeFacts(complete);
    if (unsafe !== undefined) addIssue({ message: `is unsafe: ${unsafe}` });
    return complete;
  }),
);

const projectSchema = v.strictObject({
  keystore: v.optional(text),
  alg: v.optional(algorithm),
  policy: v.optional(facts),
});
const userSchema = v.strictObject({
  ...projectSchema.entries,
  identity: v.optional(v.pipe(text, v.regex(/^[\w-]{43}$/, 'is no fingerprint of 43 base64url characters'))),
  format: v.optional(v.pipe(text, v.check(isFormat, 'is no format'))),
});

export function parseProjectConfig(value: unknown, path: string): ConfigValues {
  return parse(projectSchema, value, path);
}

export function parseUserConfig(value: unknown, path: string): ConfigValues {
  return parse(userSchema, value, path);
}

function parse<T extends v.GenericSchema<unknown, ConfigValues>>(
  schema: T,
  value: unknown,
  path: string,
): ConfigValues {
  const parsed = v.safeParse(schema, value ?? {});
  if (parsed.success) return parsed.output;
  const faults = parsed.issues.map((issue) => `${v.getDotPath(issue) ?? 'it'} ${describe(issue)}`);
  throw new JwksError('usage', `the configuration ${path} is not valid: ${faults.join('; ')}`);
}

// valibot's own messages quote what they received; only ours and the unknown member get through.
function describe(issue: v.BaseIssue<unknown>): string {
  if (issue.type === 'strict_object') {
    return issue.expected === 'never' ? 'is not known here' : 'is not a set of members';
  }
  return /^Invalid /.test(issue.message) ? 'is not what it should be' : issue.message;
}

function complement(given: object): PolicyFacts {
  const set = Object.entries(given).filter(([, value]) => value !== undefined);
  return { ...defaultFacts, ...Object.fromEntries(set) };
}

function isFormat(name: string): boolean {
  try {
    parseFormat(name);
    return true;
  } catch {
    return false;
  }
}
