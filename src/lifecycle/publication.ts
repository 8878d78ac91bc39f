// Which keys verifiers and senders may see, and in which order.
import { activation, type KeyLife, type KeyState, stateOf } from './key.ts';
import { signersOf } from './signer.ts';
import type { Instant, Seconds } from './time.ts';

/**
 * Whether the public half belongs in the published set. A signing key is published before it signs and after; an
 * encryption key only while it should be used (OpenID Connect Core 10.2.1); a symmetric key never.
 */
export function isPublished(key: KeyLife, now: Instant): boolean {
  if (key.symmetric) return false;
  const state = stateOf(key, now);
  return key.use === 'enc'
    ? state === 'active'
    : state === 'next' || state === 'active' || state === 'retiring';
}

/**
 * The published keys: signers first, since some verifiers ignore `kid` and take the first; then other active
 * keys, then retiring ones, newest first, and those that do not sign yet at the end.
 */
export function publishedKeys<K extends KeyLife>(keys: readonly K[], now: Instant, skew: Seconds): K[] {
  return inServingOrder(
    keys.filter((key) => isPublished(key, now)),
    keys,
    now,
    skew,
  );
}

/** The keys whose private half is kept and still has a use, in the order of `publishedKeys`. */
export function heldKeys<K extends KeyLife>(keys: readonly K[], now: Instant, skew: Seconds): K[] {
  const usable = keys.filter((key) => key.held && rank[stateOf(key, now)] !== undefined);
  return inServingOrder(usable, keys, now, skew);
}

const rank: Readonly<Partial<Record<KeyState, number>>> = { active: 1, retiring: 2, next: 3 };

function inServingOrder<K extends KeyLife>(chosen: K[], all: readonly K[], now: Instant, skew: Seconds): K[] {
  const signers = new Set(signersOf(all, now, skew));
  const placeOf = (key: K): number => (signers.has(key) ? 0 : (rank[stateOf(key, now)] ?? 4));
  return chosen.sort((a, b) => placeOf(a) - placeOf(b) || byActivation(a, b, placeOf(a) === 3));
}

function byActivation(a: KeyLife, b: KeyLife, earliestFirst: boolean): number {
  const [first, second] = earliestFirst ? [a, b] : [b, a];
  // Of two without a date it is no number, which sorts as a tie.
  return activation(first) - activation(second);
}
