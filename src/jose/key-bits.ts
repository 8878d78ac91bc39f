// How large a key is.
import { decodeBase64url } from './base64url.ts';
import type { PrivateJwk, PublicJwk } from './jwk.ts';

/** The bits of an RSA modulus, or of a symmetric key's value, in whole octets; 0 for any other key. */
export function bitsOf(jwk: PublicJwk | PrivateJwk): number {
  const number = jwk.kty === 'RSA' ? jwk['n'] : jwk.kty === 'oct' ? jwk['k'] : undefined;
  return typeof number === 'string' ? (decodeBase64url(number)?.length ?? 0) * 8 : 0;
}
