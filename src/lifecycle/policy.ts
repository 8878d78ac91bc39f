// The facts a set's timing is computed from, and what follows from them.
import type { Use } from './key.ts';
import { describeExactly, formatDuration, type Instant, type Seconds } from './time.ts';

/** What the user can know about signers and verifiers. Spans in seconds. */
export interface PolicyFacts {
  /** How often to rotate; absent: never by itself. */
  readonly rotateEvery?: Seconds | undefined;
  /** From a write of the public set until verifiers can fetch it, such as a nightly job to a CDN. */
  readonly publishLag: Seconds;
  /** `max-age` of the published set (RFC 9111). */
  readonly cacheMaxAge: Seconds;
  /** `stale-if-error` of the published set (RFC 5861). */
  readonly staleIfError: Seconds;
  /** How long verifiers keep a set whatever the header says. */
  readonly verifierCache: Seconds;
  /** Longest life of a token. */
  readonly tokenTtl: Seconds;
  /** How long a signer may go on with a private set that it has loaded. */
  readonly signerReload: Seconds;
  /** How far clocks may be apart. */
  readonly skew: Seconds;
  /** The algorithms to have a signer for; absent: those of the active keys. */
  readonly alg?: readonly string[] | undefined;
  /** Where a successor must be seen before it may sign. */
  readonly publishedAt?: readonly string[] | undefined;
  /** Destroy the private half of a signing key as soon as it no longer signs, not when it leaves the public set. */
  readonly destroyRetiring?: boolean | undefined;
}

/** A set's policy, with facts that were lowered and count at their old value until a date. */
export interface Policy {
  readonly facts: PolicyFacts;
  readonly was: readonly { readonly facts: PolicyFacts; readonly until: Instant }[];
}

/** What counts where nothing else was said. */
export const defaultFacts: PolicyFacts = {
  publishLag: 86_400,
  cacheMaxAge: 3_600,
  staleIfError: 0,
  verifierCache: 86_400,
  tokenTtl: 86_400,
  signerReload: 86_400,
  skew: 300,
};

/** What a policy has where it does not say otherwise: a set without a policy is never rotated by itself. */
export const defaultRotateEvery: Seconds = 90 * 86_400;

/** The facts that are spans of time, without the period. */
export const spanNames = [
  'publishLag',
  'cacheMaxAge',
  'staleIfError',
  'verifierCache',
  'tokenTtl',
  'signerReload',
  'skew',
] as const satisfies readonly (keyof PolicyFacts)[];

/** What the spans of a key depend on. */
export interface Kind {
  readonly use: Use;
  readonly symmetric: boolean;
}

/** For how long verifiers and senders may go on with a public set that they fetched. */
export function cacheSpan(facts: PolicyFacts): Seconds {
  return facts.cacheMaxAge + facts.staleIfError + facts.verifierCache;
}

/** How long before it signs a key must be in the public set. */
export function publishAhead(facts: PolicyFacts): Seconds {
  return facts.publishLag + cacheSpan(facts) + facts.skew;
}

/** How long after its last signature a key stays in the public set. */
export function grace(facts: PolicyFacts): Seconds {
  return facts.tokenTtl + facts.signerReload + facts.skew;
}

/**
 * How long a key is `next` at least. An encryption key must reach those that decrypt, by their private set, before
 * senders see it. A symmetric signing key reaches its verifiers by their private set only, but waits no less than
 * another key would.
 */
export function leadOf(facts: PolicyFacts, { use, symmetric }: Kind): Seconds {
  const privately = facts.signerReload + facts.skew;
  if (use === 'enc') return privately;
  return symmetric ? Math.max(publishAhead(facts), privately) : publishAhead(facts);
}

/**
 * How long a key is `retiring`. What was encrypted to an old public set must still be opened: senders go on with
 * that for as long as verifiers do, or, where the key is symmetric, with their private set.
 */
export function graceOf(facts: PolicyFacts, { use, symmetric }: Kind): Seconds {
  if (use === 'sig') return grace(facts);
  const publicly = publishAhead(facts) + facts.tokenTtl;
  return Math.max(publicly, symmetric ? grace(facts) : facts.signerReload + facts.skew);
}

/** How long a key that was seen in the public set waits before it signs. */
export function leadOnceSeen(facts: PolicyFacts): Seconds {
  return cacheSpan(facts) + facts.skew;
}

/** Whether a successor waits to be seen: one that is in the public set before it signs. */
export function waitsToBeSeen(facts: PolicyFacts, { use, symmetric }: Kind): boolean {
  return use === 'sig' && !symmetric && (facts.publishedAt?.length ?? 0) > 0;
}

/** What counts now: the facts, and those that were lowered at their old value until it no longer matters. */
export function factsInForce(policy: Policy | undefined, now: Instant): PolicyFacts {
  const facts = policy?.facts ?? defaultFacts;
  const was = (policy?.was ?? []).filter(({ until }) => until > now).map((entry) => entry.facts);
  if (was.length === 0) return facts;
  const spans = spanNames.map((name) => [name, Math.max(facts[name], ...was.map((old) => old[name]))]);
  return { ...facts, ...Object.fromEntries(spans) };
}

/** What makes facts unsafe together, in words; `undefined` where nothing does. */
export function unsafeFacts(facts: PolicyFacts, kinds: readonly Kind[] = []): string | undefined {
  const shortest = 2 * Math.max(publishAhead(facts), ...kinds.map((kind) => leadOf(facts, kind)));
  if (facts.rotateEvery === undefined) return undefined;
  if (facts.rotateEvery === 0) return 'rotateEvery 0s would rotate without end';
  if (facts.rotateEvery >= shortest) return undefined;
  return `rotateEvery ${formatDuration(facts.rotateEvery)} is shorter than twice the time that a key must be published ahead (${describeExactly(shortest)})`;
}
