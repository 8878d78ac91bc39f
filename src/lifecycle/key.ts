// What the rules know of a key: its names and dates, and the state that follows from them.
import type { Instant } from './time.ts';

/** RFC 7517 section 4.2. */
export type Use = 'sig' | 'enc';

/** RFC 5280 section 5.3.1, without the two that take a revocation back. */
export const revocationReasons = [
  'unspecified',
  'keyCompromise',
  'cACompromise',
  'affiliationChanged',
  'superseded',
  'cessationOfOperation',
  'privilegeWithdrawn',
  'aACompromise',
] as const;
export type RevocationReason = (typeof revocationReasons)[number];

export interface Revocation {
  readonly at: Instant;
  readonly reason: RevocationReason;
}

/** The life of one key. A date that is absent is not set yet. */
export interface KeyLife {
  readonly kid: string;
  readonly alg: string;
  readonly use: Use;
  /** `kty` is `oct`: there is no public half. */
  readonly symmetric: boolean;
  /** The private half (or the symmetric value) is in the keystore. */
  readonly held: boolean;
  /** The public half, where there is one and it is still kept. */
  readonly jwk?: object | undefined;
  /** When it was made, and, for a signing key, published. */
  readonly created: Instant;
  /** When it was found at every place where the policy wants it seen before it signs. */
  readonly seen?: Instant | undefined;
  readonly activates?: Instant | undefined;
  readonly deactivates?: Instant | undefined;
  readonly retires?: Instant | undefined;
  readonly revoked?: Revocation | undefined;
}

/** NIST SP 800-57 part 1: pre-activation, active, deactivated, destroyed, compromised. */
export type KeyState = 'next' | 'active' | 'retiring' | 'retired' | 'revoked';

/** The state of a key is never stored: it follows from its dates and the time. */
export function stateOf(key: KeyLife, now: Instant): KeyState {
  if (isReached(key.revoked?.at, now)) return 'revoked';
  if (isReached(key.retires, now)) return 'retired';
  if (isReached(key.deactivates, now)) return 'retiring';
  if (isReached(key.activates, now)) return 'active';
  return 'next';
}

/** Whether the key is no more than a name that must not be used again. */
export function isTombstone(key: KeyLife, now: Instant): boolean {
  const state = stateOf(key, now);
  return state === 'retired' || state === 'revoked';
}

/** One without a date comes after all that have one. */
export function activation(key: KeyLife): number {
  return key.activates ?? Number.POSITIVE_INFINITY;
}

function isReached(date: Instant | undefined, now: Instant): boolean {
  return date !== undefined && date <= now;
}
