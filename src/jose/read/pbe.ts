// Encryption by a password as PKCS#12 has it: PBES2 (RFC 8018) and the older schemes of RFC 7292, appendix B and C.
import { createDecipheriv, createHash, pbkdf2Sync } from 'node:crypto';
import { type Der, oidOf, smallInteger, tags } from './der.ts';
import { refusal } from './faults.ts';
import type { ReadContext } from './read-context.ts';

/** What a key derived by the KDF of RFC 7292 is for (appendix B.3). */
export type Purpose = 1 | 2 | 3;
export const purposes = { key: 1, iv: 2, mac: 3 } as const;

/** PKCS#12's own schemes by their key's length in octets (RFC 7292 appendix C). */
const oldSchemes: Readonly<Record<string, number>> = {
  '1.2.840.113549.1.12.1.3': 24,
  '1.2.840.113549.1.12.1.4': 16,
};
/** With RC2, which neither node:crypto nor OpenSSL 3 has. */
const rc2Schemes = ['1.2.840.113549.1.12.1.5', '1.2.840.113549.1.12.1.6'];
const pbes2 = '1.2.840.113549.1.5.13';
const pbkdf2 = '1.2.840.113549.1.5.12';
const ciphers: Readonly<Record<string, readonly [name: string, keyLength: number]>> = {
  '2.16.840.1.101.3.4.1.2': ['aes-128-cbc', 16],
  '2.16.840.1.101.3.4.1.22': ['aes-192-cbc', 24],
  '2.16.840.1.101.3.4.1.42': ['aes-256-cbc', 32],
  '1.2.840.113549.3.7': ['des-ede3-cbc', 24],
};
const prfs: Readonly<Record<string, string>> = {
  '1.2.840.113549.2.7': 'sha1',
  '1.2.840.113549.2.8': 'sha224',
  '1.2.840.113549.2.9': 'sha256',
  '1.2.840.113549.2.10': 'sha384',
  '1.2.840.113549.2.11': 'sha512',
};
export const digests: Readonly<Record<string, string>> = {
  '1.3.14.3.2.26': 'sha1',
  '2.16.840.1.101.3.4.2.4': 'sha224',
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
};

/** The KDF of RFC 7292 hashes step by step, four times slower here than PBKDF2 in one call. */
const slowness = 4;

/** The plaintext, or `undefined` where the password does not open it. A scheme that is not read is a refusal. */
export function decryptByPassword(
  algorithm: Der | undefined,
  data: Buffer | undefined,
  password: string,
  where: string,
  context: ReadContext,
): Buffer | undefined {
  const [name, parameters] = algorithm?.children ?? [];
  const oid = oidOf(name) ?? '';
  if (parameters === undefined || data === undefined) throw refusal(where, 'it is damaged');
  if (rc2Schemes.includes(oid)) {
    const hint = 'openssl pkcs12 -legacy -in FILE -nodes | jwks import SET -';
    throw refusal(where, 'it is encrypted with RC2, which is not read', hint);
  }
  const old = Object.hasOwn(oldSchemes, oid) ? oldSchemes[oid] : undefined;
  if (old !== undefined) return decryptOld(old, parameters, data, password, where, context);
  const derive = oid === pbes2 ? pbkdf2Of(parameters.children[0], where, context) : undefined;
  const [cipherName, iv] = parameters.children[1]?.children ?? [];
  const cipher = ciphers[oidOf(cipherName) ?? ''];
  if (derive === undefined || cipher === undefined || iv === undefined) {
    throw refusal(where, 'its encryption is not read');
  }
  return decipher(cipher[0], derive(Buffer.from(password), cipher[1]), iv.content, data);
}

/** PBKDF2 (RFC 8018, appendix A.2) as its parameters want it; `undefined` where they are another KDF's. */
export function pbkdf2Of(kdf: Der | undefined, where: string, context: ReadContext) {
  const [name, parameters] = kdf?.children ?? [];
  const [salt, count, ...others] = parameters?.children ?? [];
  const prf = others.find(({ tag }) => tag === tags.sequence);
  const hash = prf === undefined ? 'sha1' : prfs[oidOf(prf.children[0]) ?? ''];
  if (oidOf(name) !== pbkdf2 || salt?.tag !== tags.octetString || hash === undefined) return undefined;
  const iterations = smallInteger(count) ?? 0;
  context.spend(iterations, where);
  return (password: Buffer, length: number) => pbkdf2Sync(password, salt.content, iterations, length, hash);
}

function decryptOld(
  keyLength: number,
  { children: [salt, count] }: Der,
  data: Buffer,
  password: string,
  where: string,
  context: ReadContext,
): Buffer | undefined {
  if (salt === undefined) throw refusal(where, 'it is damaged');
  const iterations = smallInteger(count) ?? 0;
  const derive = (purpose: Purpose, length: number) =>
    derivePkcs12('sha1', password, salt.content, iterations, purpose, length, where, context);
  const [key, iv] = [derive(purposes.key, keyLength), derive(purposes.iv, 8)];
  return decipher(
    'des-ede3-cbc',
    keyLength === 24 ? key : Buffer.concat([key, key.subarray(0, 8)]),
    iv,
    data,
  );
}

function decipher(name: string, key: Buffer, iv: Buffer, data: Buffer): Buffer | undefined {
  try {
    const one = createDecipheriv(name, key, iv);
    return Buffer.concat([one.update(data), one.final()]);
  } catch {
    return undefined;
  }
}

/** RFC 7292, appendix B.2. */
export function derivePkcs12(
  hash: string,
  password: string,
  salt: Buffer,
  iterations: number,
  purpose: Purpose,
  length: number,
  where: string,
  context: ReadContext,
): Buffer {
  context.spend(iterations, where, slowness);
  const block = hash === 'sha384' || hash === 'sha512' ? 128 : 64;
  const input = Buffer.concat([repeat(salt, block), repeat(toBmp(password), block)]);
  const diversifier = Buffer.alloc(block, purpose);
  const derived: Buffer[] = [];
  for (let size = 0; size < length; ) {
    let digest = createHash(hash).update(diversifier).update(input).digest();
    for (let round = 1; round < iterations; round++) digest = createHash(hash).update(digest).digest();
    derived.push(digest);
    size += digest.length;
    const addend = repeat(digest, block).subarray(0, block);
    for (let at = 0; at < input.length; at += block) addOneMore(input.subarray(at, at + block), addend);
  }
  return Buffer.concat(derived).subarray(0, length);
}

/** Adds two numbers and one to the first, which lies in place. */
function addOneMore(number: Buffer, addend: Buffer): void {
  let carry = 1;
  for (let index = number.length - 1; index >= 0; index--) {
    const sum = (number[index] ?? 0) + (addend[index] ?? 0) + carry;
    number[index] = sum & 255;
    carry = sum >> 8;
  }
}

function repeat(bytes: Buffer, block: number): Buffer {
  const length = Math.ceil(bytes.length / block) * block;
  return Buffer.alloc(length, bytes.length === 0 ? undefined : bytes);
}

/** Appendix B.1: UTF-16, big-endian, with a zero at its end. */
function toBmp(password: string): Buffer {
  return Buffer.from(`${password}\0`, 'utf16le').swap16();
}
