// Names of keys that follow from the keys themselves.
import { createHash, createPublicKey, type JsonWebKey } from 'node:crypto';
import { JwksError } from '../errors.ts';
import { encodeBase64url } from './base64url.ts';
import { type PrivateJwk, type PublicJwk, requiredMembers } from './jwk.ts';

/**
 * RFC 7638 with SHA-256: 43 base64url characters. The key's own encoding counts, so it must be canonical. (RFC 9964
 * for AKP, RFC 8037 for OKP.)
 */
export function thumbprintOf(jwk: PublicJwk | PrivateJwk): string {
  const names = requiredMembers(jwk.kty);
  const missing = names.find((name) => typeof jwk[name] !== 'string');
  if (missing !== undefined)
    throw new JwksError('bad-key', `a ${jwk.kty} key without "${missing}" has no thumbprint`);
  const canonical = JSON.stringify(Object.fromEntries(names.map((name) => [name, jwk[name]])));
  return encodeBase64url(createHash('sha256').update(canonical).digest());
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
