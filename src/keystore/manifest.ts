// What is public about a set: its keys' public halves, dates, policy and history.
import * as v from 'valibot';
import { JwksError } from '../errors.ts';
import { findAlgorithm } from '../jose/algorithms.ts';
import { type PublicJwk, toPublicJwk } from '../jose/jwk.ts';
import { type KeyLife, revocationReasons } from '../lifecycle/key.ts';
import type { Policy, PolicyFacts } from '../lifecycle/policy.ts';
import { formatDuration, formatInstant, type Instant } from '../lifecycle/time.ts';
import { factsSchema, instantText, parseAs, revisionNumber } from './schema.ts';
import type { SetId } from './set-id.ts';

export interface ManifestKey extends KeyLife {
  /** RFC 7638. Absent for a symmetric key, whose thumbprint could be guessed from. */
  readonly thumbprint?: string | undefined;
  /** The public half. Absent for a symmetric key and a tombstone. */
  readonly jwk?: PublicJwk | undefined;
}

export interface HistoryEvent {
  /** `<revision>.<n>` */
  readonly id: string;
  readonly at: Instant;
  readonly event: string;
  readonly kid?: string | undefined;
  /** Who says to have done it. A claim, not a proof. */
  readonly by: string;
  readonly note?: string | undefined;
}

export interface Manifest {
  readonly set: SetId;
  readonly revision: number;
  /** Base64url of SHA-256 over the file of the revision before. */
  readonly previous?: string | undefined;
  /** Revision of the master document that was read for the write. */
  readonly master: number;
  readonly updated: Instant;
  /** The set was deleted then; what is left are names that must not be used again. */
  readonly deleted?: Instant | undefined;
  readonly policy?: Policy | undefined;
  readonly keys: readonly ManifestKey[];
  readonly events: readonly HistoryEvent[];
}

export const formatName = 'jwks-keystore';
export const formatVersion = 1;
/** The newest events that a set keeps. */
export const mostEvents = 1_000;

export const eventSchema = v.strictObject({
  id: v.pipe(v.string(), v.regex(/^\d+\.\d+$/)),
  at: instantText,
  event: v.string(),
  kid: v.optional(v.string()),
  by: v.string(),
  note: v.optional(v.string()),
});

const keySchema = v.strictObject({
  kid: v.string(),
  alg: v.string(),
  use: v.picklist(['sig', 'enc']),
  thumbprint: v.optional(v.string()),
  private: v.optional(v.literal(true)),
  created: instantText,
  seen: v.optional(instantText),
  activates: v.optional(instantText),
  deactivates: v.optional(instantText),
  retires: v.optional(instantText),
  revoked: v.optional(v.strictObject({ at: instantText, reason: v.picklist(revocationReasons) })),
  jwk: v.optional(v.record(v.string(), v.unknown())),
});

const manifestSchema = v.strictObject({
  format: v.literal(formatName),
  version: v.literal(formatVersion),
  set: v.string(),
  revision: revisionNumber,
  previous: v.optional(v.string()),
  master: revisionNumber,
  updated: instantText,
  deleted: v.optional(instantText),
  policy: v.optional(
    v.strictObject({
      facts: factsSchema,
      was: v.array(v.strictObject({ facts: factsSchema, until: instantText })),
    }),
  ),
  keys: v.array(keySchema),
  events: v.array(eventSchema),
});

/** Reads a manifest; `what` names it in an error. */
export function parseManifest(value: unknown, what: string): Manifest {
  refuseNewer(value, what);
  const { set, format: _, version: __, ...rest } = parseAs(manifestSchema, value, what);
  const kids = rest.keys.map(({ kid }) => kid);
  if (new Set(kids).size < kids.length)
    throw new JwksError('damaged', `${what} is damaged: a kid is there twice`);
  return { ...rest, set: set as SetId, keys: rest.keys.map((key) => parseKey(key, what)) };
}

function parseKey(key: v.InferOutput<typeof keySchema>, what: string): ManifestKey {
  const { private: held = false, jwk, ...rest } = key;
  const symmetric = findAlgorithm(key.alg)?.kty === 'oct';
  if (jwk === undefined) return { ...rest, symmetric, held };
  const isNamed = jwk['kid'] === key.kid && jwk['alg'] === key.alg && jwk['use'] === key.use;
  const publicJwk = toPublicJwk(jwk);
  if (symmetric || !isNamed || Object.keys(publicJwk).length < Object.keys(jwk).length) {
    throw new JwksError('damaged', `${what} is damaged: a public key is not what it should be`);
  }
  return { ...rest, symmetric, held, jwk: publicJwk };
}

/** The manifest as it is written: dates and durations as text, absent members left out. */
export function fromManifest(manifest: Manifest): object {
  const { set, revision, previous, master, updated, deleted, policy, keys, events } = manifest;
  return {
    format: formatName,
    version: formatVersion,
    set,
    revision,
    previous,
    master,
    updated: formatInstant(updated),
    deleted: formatDate(deleted),
    policy: policy && {
      facts: fromFacts(policy.facts),
      was: policy.was.map(({ facts, until }) => ({ facts: fromFacts(facts), until: formatInstant(until) })),
    },
    keys: keys.map((key) => ({
      kid: key.kid,
      alg: key.alg,
      use: key.use,
      thumbprint: key.thumbprint,
      private: key.held ? true : undefined,
      created: formatInstant(key.created),
      seen: formatDate(key.seen),
      activates: formatDate(key.activates),
      deactivates: formatDate(key.deactivates),
      retires: formatDate(key.retires),
      revoked: key.revoked && { at: formatInstant(key.revoked.at), reason: key.revoked.reason },
      jwk: key.jwk,
    })),
    events: events.map((event) => ({ ...event, at: formatInstant(event.at) })),
  };
}

/** Facts with their spans as durations, `90d`. */
export function fromFacts(facts: PolicyFacts): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(facts).map(([name, value]) => [
      name,
      typeof value === 'number' ? formatDuration(value) : value,
    ]),
  );
}

/** Exit 6 with the reason where a newer version wrote it, before its form is looked at. */
export function refuseNewer(value: unknown, what: string): void {
  const version: unknown =
    typeof value === 'object' && value !== null ? Reflect.get(value, 'version') : undefined;
  if (typeof version !== 'number' || version <= formatVersion) return;
  throw new JwksError(
    'newer-format',
    `${what} was written by a newer version (format ${version}, this reads ${formatVersion})`,
    {
      hint: 'update jwks on this host; nothing was changed',
    },
  );
}

/** A whole document of this version. Of a newer one, which says so in its `payload`, the other members may be others. */
export function parseDocument<T extends v.GenericSchema>(
  schema: T,
  value: unknown,
  payload: 'aad' | 'payload',
  what: string,
): v.InferOutput<T> {
  try {
    return parseAs(schema, value, what);
  } catch (error) {
    refuseNewer(readPayload(Reflect.get(Object(value), payload)), what);
    throw error;
  }
}

/** Base64url of JSON; `undefined`: it is none. */
export function readPayload(encoded: unknown): unknown {
  try {
    return JSON.parse(Buffer.from(String(encoded), 'base64url').toString());
  } catch {
    return undefined;
  }
}

function formatDate(at: Instant | undefined): string | undefined {
  return at === undefined ? undefined : formatInstant(at);
}
