// Authenticated encryption as flattened JWE JSON (RFC 7516 section 7.2.2), every header protected.
import type { KeyObject } from 'node:crypto';
import { readProtected } from './protected-header.ts';

/** A flattened JWE without unprotected headers; every member base64url. */
export interface Sealed {
  readonly protected: string;
  readonly encrypted_key: string;
  readonly iv: string;
  readonly ciphertext: string;
  readonly tag: string;
  readonly aad?: string;
}

/** For a public key (RFC 7518 sections 4.6 and 4.3). */
export type RecipientAlgorithm = 'ECDH-ES+A256KW' | 'RSA-OAEP-256';

/**
 * What a seal is made with: 32 bytes for `A256GCMKW` (RFC 7518 4.7), a text for `PBES2-HS512+A256KW` (4.8), for a
 * recipient the public key to seal and the private one to open.
 */
export type SealingKey =
  | { readonly alg: 'A256GCMKW'; readonly kid: string; readonly key: Uint8Array }
  | { readonly alg: 'PBES2-HS512+A256KW'; readonly kid: string; readonly key: Uint8Array }
  | { readonly alg: RecipientAlgorithm; readonly kid: string; readonly key: KeyObject };

/** Iterations of PBKDF2 for a new passphrase slot, and the most that are accepted when reading. */
const pbes2Count = 600_000;
const mostPbes2Count = 2_000_000;
const cty = 'jwk-set+json';

/** Encrypts under a fresh content key with A256GCM; `aad` is authenticated with it. */
export async function seal(plaintext: Uint8Array, key: SealingKey, aad?: Uint8Array): Promise<Sealed> {
  const { FlattenedEncrypt } = await import('jose');
  const encrypt = new FlattenedEncrypt(plaintext).setProtectedHeader({
    alg: key.alg,
    enc: 'A256GCM',
    cty,
    kid: key.kid,
  });
  if (key.alg === 'PBES2-HS512+A256KW') encrypt.setKeyManagementParameters({ p2c: pbes2Count });
  if (aad !== undefined) encrypt.setAdditionalAuthenticatedData(aad);
  const {
    protected: header = '',
    encrypted_key = '',
    iv = '',
    ciphertext,
    tag = '',
    ...rest
  } = await encrypt.encrypt(key.key);
  const sealed = { protected: header, encrypted_key, iv, ciphertext, tag };
  return rest.aad === undefined ? sealed : { ...sealed, aad: rest.aad };
}

/** The plaintext, or `undefined` where this key does not open it. */
export async function open(sealed: Sealed, key: SealingKey): Promise<Uint8Array | undefined> {
  const header = headerOf(sealed);
  if (header === undefined || header.alg !== key.alg || header.kid !== key.kid) return undefined;
  const { flattenedDecrypt } = await import('jose');
  try {
    const { plaintext } = await flattenedDecrypt({ ...sealed }, key.key, {
      keyManagementAlgorithms: [key.alg],
      contentEncryptionAlgorithms: ['A256GCM'],
      maxPBES2Count: mostPbes2Count,
    });
    return plaintext;
  } catch {
    return undefined;
  }
}

export interface SealedHeader {
  readonly alg: string;
  readonly kid: string;
}

/** Which key opens it. `undefined` where the header is not one of ours. */
export function headerOf(sealed: Sealed): SealedHeader | undefined {
  const { alg, kid, enc, cty: type } = readProtected(sealed.protected) ?? {};
  const isOurs = typeof alg === 'string' && typeof kid === 'string' && enc === 'A256GCM' && type === cty;
  return isOurs ? { alg, kid } : undefined;
}

/** RFC 7516 section 7.1: what the hash of a slot is computed over. */
export function compactOf(sealed: Sealed): string {
  return [sealed.protected, sealed.encrypted_key, sealed.iv, sealed.ciphertext, sealed.tag].join('.');
}
