// A whole file sealed to somebody's public key: one flattened JWE JSON (RFC 7516 section 7.2.2), every header protected.
import type { KeyObject } from 'node:crypto';
import type { FlattenedJWE } from 'jose';
import { readProtected } from './protected-header.ts';
import type { RecipientAlgorithm } from './sealing.ts';

/** The public key to seal, the private one to open. `kid` is its RFC 7638 thumbprint. */
export interface FileKey {
  readonly kid: string;
  readonly alg: RecipientAlgorithm;
  readonly key: KeyObject;
}

/** `cty` says what is inside (RFC 7516 section 4.1.12). */
export async function sealFile(
  plaintext: Uint8Array,
  { kid, alg, key }: FileKey,
  cty: string,
): Promise<object> {
  const { FlattenedEncrypt } = await import('jose');
  return new FlattenedEncrypt(plaintext).setProtectedHeader({ alg, enc: 'A256GCM', cty, kid }).encrypt(key);
}

/** The kid that a file is sealed to, or `undefined` where it is no such file. */
export function sealedTo(value: object, cty: string): string | undefined {
  const header = readProtected(String(Reflect.get(value, 'protected')));
  const kid = header?.['kid'];
  return header?.['cty'] === cty && typeof kid === 'string' ? kid : undefined;
}

/** The plaintext, or `undefined` where the key does not open it or it is damaged. */
export async function openFile(value: object, { alg, key }: FileKey): Promise<Buffer | undefined> {
  const { flattenedDecrypt } = await import('jose');
  try {
    const { plaintext } = await flattenedDecrypt({ ...value } as FlattenedJWE, key, {
      keyManagementAlgorithms: [alg],
      contentEncryptionAlgorithms: ['A256GCM'],
    });
    return Buffer.from(plaintext);
  } catch {
    return undefined;
  }
}
