// What a key's successor is made like: its size or curve, and how its kid was made.
import { findAlgorithm, type KeyShape, selectKeyShape } from './algorithms.ts';
import type { KidScheme } from './generate.ts';
import type { PrivateJwk, PublicJwk } from './jwk.ts';
import { bitsOf } from './key-bits.ts';
import { spkiSha256Of } from './thumbprint.ts';

/** Algorithm, size and curve of a key; a size that is not made any more, and no key at all, lead to the default. */
export function shapeOf(jwk: PublicJwk | PrivateJwk | undefined, alg: string): KeyShape {
  const algorithm = findAlgorithm(alg);
  const bits = jwk && bitsOf(jwk);
  const crv = jwk?.['crv'];
  return selectKeyShape({
    alg,
    bits: algorithm?.bits.find((one) => one === bits),
    crv: algorithm?.curves.find((one) => one === crv),
  });
}

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** How the kid of a key was made; one that was given by hand is followed by a thumbprint. */
export function kidSchemeOf(jwk: PublicJwk | undefined, kid: string): KidScheme {
  if (uuid.test(kid)) return 'uuid';
  return jwk !== undefined && jwk.kty !== 'oct' && spkiSha256Of(jwk) === kid ? 'spki-sha256' : 'thumbprint';
}
