// The facts a set's timing is computed from, and what follows from them.
import { formatDuration, type Instant, type Seconds } from './time.ts';

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

/** How long before it signs a key must be in the public set. */
export function publishAhead(facts: PolicyFacts): Seconds {
  return facts.publishLag + facts.cacheMaxAge + facts.staleIfError + facts.verifierCache + facts.skew;
}

/** How long after its last signature a key stays in the public set. */
export function grace(facts: PolicyFacts): Seconds {
  return facts.tokenTtl + facts.signerReload + facts.skew;
}

/** What makes facts unsafe together, in words; `undefined` where nothing does. */
export function unsafeFacts(facts: PolicyFacts): string | undefined {
  const shortest = 2 * publishAhead(facts);
  if (facts.rotateEvery === undefined || facts.rotateEvery >= shortest) return undefined;
  return `rotateEvery ${formatDuration(facts.rotateEvery)} is shorter than twice the time that a key must be published ahead (${formatDuration(shortest)})`;
}
