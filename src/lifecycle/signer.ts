// Which key signs.
import { activation, type KeyLife, stateOf, type Use } from './key.ts';
import type { Instant, Seconds } from './time.ts';

/** What keys compete about: there is one signer for each pair. */
export interface Role {
  readonly use: Use;
  readonly alg: string;
}

export function hasRole(key: Role, role: Role): boolean {
  return key.use === role.use && key.alg === role.alg;
}

/**
 * The signer of a role: of the active keys whose private half is held the one activated last, the earlier in the
 * set where that is a tie. Where none is active, the `next` key that activates within `skew`, so that a host
 * whose clock is behind has a signer at a switch. Where there is no switch, since no key of its role stopped just
 * before and it was published ahead, it waits for its date: nobody may know it that much earlier.
 */
export function signerOf<K extends KeyLife>(
  keys: readonly K[],
  role: Role,
  now: Instant,
  skew: Seconds,
): K | undefined {
  const held = keys.filter((key) => key.held && hasRole(key, role));
  const active = held.filter((key) => stateOf(key, now) === 'active');
  if (active.length > 0)
    return active.reduce((best, key) => (activation(key) > activation(best) ? key : best));
  const near = held.filter(
    (key) =>
      stateOf(key, now) === 'next' &&
      activation(key) <= now + skew &&
      (key.activates === key.created || keys.some((one) => hasRole(one, role) && isFollowed(one, key, skew))),
  );
  return near.reduce<K | undefined>(
    (best, key) => (best === undefined || activation(key) < activation(best) ? key : best),
    undefined,
  );
}

/** `old` stops when `key` starts, give or take what clocks may be apart. */
function isFollowed(old: KeyLife, key: KeyLife, skew: Seconds): boolean {
  const ends = [old.deactivates, old.retires, old.revoked?.at].filter((end) => end !== undefined);
  const isOlder = activation(old) < activation(key);
  return isOlder && ends.length > 0 && Math.min(...ends) >= activation(key) - skew;
}

/** The signers of all roles in a set, in the order of their keys. */
export function signersOf<K extends KeyLife>(keys: readonly K[], now: Instant, skew: Seconds): K[] {
  const roles = new Map(keys.map((key) => [`${key.use} ${key.alg}`, key]));
  const signers = new Set([...roles.values()].map((role) => signerOf(keys, role, now, skew)));
  return keys.filter((key) => signers.has(key));
}
