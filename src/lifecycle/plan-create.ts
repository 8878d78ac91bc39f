// Adding a new key to a set: it signs at once, in front of the others, which stay as they are.
import { type KeyLife, stateOf } from './key.ts';
import { type Role, signerOf } from './signer.ts';
import type { Instant, Seconds } from './time.ts';

/** The dates of a key that is made now and used at once. */
export function bornActive(now: Instant): { created: Instant; activates: Instant } {
  return { created: now, activates: now };
}

/** What a new key takes over from at once: verifiers that have not fetched the set again do not know it yet. */
export function supersededBy<K extends KeyLife>(
  keys: readonly K[],
  role: Role,
  now: Instant,
  skew: Seconds,
): K | undefined {
  return signerOf(keys, role, now, skew);
}

/** A key of that role that signs already: enough for `--if-missing`. */
export function existingFor<K extends KeyLife>(
  keys: readonly K[],
  role: Role,
  now: Instant,
  skew: Seconds,
): K | undefined {
  const signer = signerOf(keys, role, now, skew);
  return signer !== undefined && stateOf(signer, now) === 'active' ? signer : undefined;
}

export type NameRefusal = 'taken' | 'revoked';

/**
 * Why a key cannot come into a set under its kid: a kid is never used again, tombstones included. Its thumbprint
 * is refused only if a key with that was revoked.
 */
export function refuseName(
  keys: readonly (KeyLife & { readonly thumbprint?: string | undefined })[],
  incoming: { readonly kid: string; readonly thumbprint?: string | undefined },
): NameRefusal | undefined {
  const isRevoked = ({ thumbprint, revoked }: (typeof keys)[number]) =>
    revoked !== undefined && thumbprint !== undefined && thumbprint === incoming.thumbprint;
  if (keys.some(isRevoked)) return 'revoked';
  return keys.some(({ kid }) => kid === incoming.kid) ? 'taken' : undefined;
}
