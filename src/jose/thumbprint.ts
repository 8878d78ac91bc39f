// Names of keys that follow from the keys themselves.
import { createHash, createPublicKey, type JsonWebKey } from 'node:crypto';
import { calculateJwkThumbprint, type JWK } from 'jose';
import { JwksError } from '../errors.ts';
import { encodeBase64url } from './base64url.ts';
import type { PrivateJwk, PublicJwk } from './jwk.ts';

/** RFC 7638 with SHA-256: 43 base64url characters. The key's own encoding counts, so it must be canonical. */
export async function thumbprintOf(jwk: PublicJwk | PrivateJwk): Promise<string> {
  try {
    return await calculateJwkThumbprint(jwk as unknown as JWK, 'sha256');
  } catch {
    throw new JwksError('bad-key', `a ${jwk.kty} key with these members has no thumbprint (RFC 7638)`);
  }
}

/** Base64url of SHA-256 over the DER SubjectPublicKeyInfo: the kid that Kubernetes and Keycloak compute. */
export function spkiSha256Of(jwk: PublicJwk): string {
  const spki = createPublicKey({ key: jwk as unknown as JsonWebKey, format: 'jwk' });
  return encodeBase64url(
    createHash('sha256')
      .update(spki.export({ type: 'spki', format: 'der' }))
      .digest(),
  );
}
