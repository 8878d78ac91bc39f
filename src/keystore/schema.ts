// Pieces of the documents' schemas, and reading JSON without quoting it in an error.
import * as v from 'valibot';
import { JwksError } from '../errors.ts';
import { type Instant, parseDuration, parseInstant } from '../lifecycle/time.ts';

/** What `formatInstant` writes. */
const written = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;

let latest: { readonly text: string; readonly at: Instant } | undefined;

export const instantText = v.pipe(
  v.string(),
  v.rawTransform(({ dataset, addIssue, NEVER }): Instant => {
    // The dates of a key are mostly one and the same, and ten thousand sets have a lot of them.
    if (dataset.value === latest?.text) return latest.at;
    const at = written.test(dataset.value) ? parseInstant(dataset.value) : undefined;
    if (at !== undefined) {
      latest = { text: dataset.value, at };
      return at;
    }
    addIssue({ message: 'is no date of the form 2026-12-24T10:00:00Z' });
    return NEVER;
  }),
);

export const durationText = v.pipe(
  v.string('is no duration such as 90d, 12h, 10m or 30s'),
  v.rawTransform(({ dataset, addIssue, NEVER }): number => {
    const span = parseDuration(dataset.value);
    if (span !== undefined) return span;
    addIssue({ message: 'is no duration such as 90d, 12h, 10m or 30s' });
    return NEVER;
  }),
);

export const revisionNumber = v.pipe(v.number(), v.safeInteger(), v.minValue(1));

const factSpans = {
  publishLag: durationText,
  cacheMaxAge: durationText,
  staleIfError: durationText,
  verifierCache: durationText,
  tokenTtl: durationText,
  signerReload: durationText,
  skew: durationText,
};
const factChoices = {
  rotateEvery: v.optional(durationText),
  alg: v.optional(v.array(v.string())),
  publishedAt: v.optional(v.array(v.string())),
  destroyRetiring: v.optional(v.boolean()),
};

/** The facts of a policy as a document holds them: all spans there. */
export const factsSchema = v.strictObject({ ...factSpans, ...factChoices });
/** The facts as people write them: what is missing counts at its default. */
export const partialFactsSchema = v.strictObject({
  ...v.partial(v.object(factSpans)).entries,
  ...factChoices,
  rotateEvery: v.optional(
    v.union([durationText, v.literal('never')], 'is no duration such as 90d, and not never'),
  ),
});

/** A value of a document, or exit 6 with the member that is wrong. Never quotes the value. */
export function parseAs<T extends v.GenericSchema>(
  schema: T,
  value: unknown,
  what: string,
): v.InferOutput<T> {
  const parsed = v.safeParse(schema, value, { abortEarly: true });
  if (parsed.success) return parsed.output;
  const place = v.getDotPath(parsed.issues[0]) ?? 'its form';
  throw new JwksError('damaged', `${what} is damaged: ${place} is not what it should be`);
}

/** JSON in the one spelling that we write, or exit 6: what JSON.parse says is dropped, since it quotes its input. */
export function parseCanonicalJson(bytes: Uint8Array, what: string): unknown {
  if (bytes.length === 0) {
    throw new JwksError('damaged', `${what} is empty: a later revision is missing, or it was cut off`);
  }
  let value: unknown;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  let isCanonical: boolean;
  try {
    value = JSON.parse(text);
    // Recurses, and so fails on what is nested too deeply.
    isCanonical = toCanonicalJson(value) === text;
  } catch {
    throw new JwksError('damaged', `${what} is damaged: it is not JSON`);
  }
  if (isCanonical) return value;
  throw new JwksError('damaged', `${what} is damaged: it is not in the form that it was written in`);
}

export function toCanonicalJson(value: unknown): string {
  return `${JSON.stringify(value)}\n`;
}
