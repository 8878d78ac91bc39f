// The JSON that scripts rely on: Ory's shapes, and ours.
import type { PrivateJwk, PublicJwk } from '../jose/jwk.ts';
import { toPublicJwk } from '../jose/jwk.ts';
import { fromFacts, type Manifest, type ManifestKey } from '../keystore/manifest.ts';
import type { KeyState } from '../lifecycle/key.ts';
import { formatInstant, type Instant } from '../lifecycle/time.ts';

/** The public half of a key; a symmetric one has only names to show. */
export function publicHalf(key: ManifestKey): PublicJwk {
  return key.jwk ?? toPublicJwk({ kty: 'oct', use: key.use, alg: key.alg, kid: key.kid });
}

/** A key as Ory shows it: its JWK and the set it is in. */
export function toOryKey<K extends PublicJwk | PrivateJwk>(
  set: string,
  jwk: K,
): K & { readonly set: string } {
  return { ...jwk, set };
}

/** `{"set":"S","keys":[{...,"set":"S"}]}` */
export function toOrySet<K extends PublicJwk | PrivateJwk>(set: string, jwks: readonly K[]): object {
  return { set, keys: jwks.map((jwk) => toOryKey(set, jwk)) };
}

/** A key of `list`: names, state and dates. */
export function toListedKey(key: ManifestKey, state: KeyState): object {
  return {
    kid: key.kid,
    alg: key.alg,
    use: key.use,
    state,
    created: formatInstant(key.created),
    activates: dateOf(key.activates),
    deactivates: dateOf(key.deactivates),
    retires: dateOf(key.retires),
    revoked: key.revoked && { at: formatInstant(key.revoked.at), reason: key.revoked.reason },
  };
}

export function toPolicy({ policy }: Manifest): object | undefined {
  return policy && fromFacts(policy.facts);
}

function dateOf(at: Instant | undefined): string | undefined {
  return at === undefined ? undefined : formatInstant(at);
}
