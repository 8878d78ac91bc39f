// Encrypted messages: compact JWE (RFC 7516) to a public key, or under a symmetric one.
import type { JWK } from 'jose';
import { decodeBase64url } from './base64url.ts';
import type { PrivateJwk, PublicJwk } from './jwk.ts';
import { bitsOf } from './key-bits.ts';
import { type JsonObject, readObject } from './token-json.ts';

/** RFC 7518 section 5, the default first, with the bits of the key that each takes. */
const contentBits = {
  A256GCM: 256,
  A128GCM: 128,
  A192GCM: 192,
  'A128CBC-HS256': 256,
  'A192CBC-HS384': 384,
  'A256CBC-HS512': 512,
} as const;
export type ContentEncryption = keyof typeof contentBits;
export const contentEncryptions = Object.keys(contentBits) as readonly ContentEncryption[];

export interface Encryption {
  readonly kid: string;
  /** Of the key, never of a message. */
  readonly alg: string;
  readonly enc: ContentEncryption;
  /** What the plaintext is (RFC 7516 section 4.1.12). */
  readonly cty?: string | undefined;
}

/** How a key encrypts the content: what was asked for, or the first that fits. `undefined`: that does not fit. */
export function contentEncryptionFor(
  jwk: PublicJwk | PrivateJwk,
  alg: string,
  asked: ContentEncryption | undefined,
): ContentEncryption | undefined {
  const fits = (enc: ContentEncryption) => alg !== 'dir' || contentBits[enc] === bitsOf(jwk);
  return asked === undefined ? contentEncryptions.find(fits) : fits(asked) ? asked : undefined;
}

/** Whether messages to a key can be made and opened here: not those of X448, which jose does not have. */
export function canEncrypt(jwk: PublicJwk | PrivateJwk): boolean {
  return jwk['crv'] !== 'X448';
}

/** A compact JWE (RFC 7516 section 7.1) to a public key, or under a symmetric one. */
export async function encrypt(
  plaintext: Uint8Array,
  jwk: PublicJwk | PrivateJwk,
  { alg, enc, kid, cty }: Encryption,
): Promise<string> {
  const { CompactEncrypt, importJWK } = await import('jose');
  return new CompactEncrypt(plaintext)
    .setProtectedHeader({ alg, enc, kid, ...(cty === undefined ? {} : { cty }) })
    .encrypt(await importJWK({ ...jwk } as JWK, alg));
}

/** What an encrypted message says of itself. */
export interface Message {
  readonly alg: string;
  readonly kid: string | undefined;
  readonly enc: ContentEncryption;
}

/** Reads the header of a message, or says in words that follow "it" why there is none that is supported. */
export function parseMessage(compact: string): Message | string {
  const [head = '', ...rest] = compact.split('.');
  if (rest.length !== 4) return 'is no compact JWE: that has five parts with dots between them';
  const header = readHeader(head);
  if (typeof header === 'string') return header;
  const { alg, kid, enc, crit, zip } = header;
  if (typeof alg !== 'string' || typeof enc !== 'string') return 'has a header without "alg" and "enc"';
  if (kid !== undefined && typeof kid !== 'string') return 'has a "kid" that is no text';
  const known = contentEncryptions.find((name) => name === enc);
  if (known === undefined) return 'has an "enc" that is not supported';
  if (crit !== undefined) return 'wants an extension that is not supported ("crit" in its header)';
  // A small message could grow without bounds.
  if (zip !== undefined) return 'is compressed, which is not supported';
  return { alg, kid, enc: known };
}

/** The plaintext, or `undefined` where this key does not open it. `alg` is of the key. */
export async function decrypt(compact: string, jwk: PrivateJwk, alg: string): Promise<Buffer | undefined> {
  const { compactDecrypt, importJWK } = await import('jose');
  try {
    const { plaintext } = await compactDecrypt(compact, await importJWK({ ...jwk } as JWK, alg), {
      keyManagementAlgorithms: [alg],
      contentEncryptionAlgorithms: [...contentEncryptions],
    });
    return Buffer.from(plaintext);
  } catch {
    return undefined;
  }
}

function readHeader(part: string): JsonObject | string {
  const bytes = decodeBase64url(part);
  const header = bytes === undefined ? 'is not base64url' : readObject(bytes.toString());
  return typeof header === 'string' ? `has a header that ${header}` : header;
}
