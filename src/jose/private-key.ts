// Private keys as node:crypto and jose take them.
import { createPrivateKey, createSecretKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { decodeBase64url } from './base64url.ts';
import type { PrivateJwk } from './jwk.ts';

/** RFC 7518 section 6, RFC 8037, RFC 9964. Throws what node:crypto says of a key that it cannot read. */
export function toKeyObject(jwk: PrivateJwk): KeyObject {
  if (jwk.kty === 'oct') return createSecretKey(decodeBase64url(String(jwk['k'])) ?? Buffer.alloc(0));
  return createPrivateKey({ key: jwk as unknown as JsonWebKey, format: 'jwk' });
}
