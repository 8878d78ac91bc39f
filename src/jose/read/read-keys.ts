// Reads the keys of a file of any kind that people keep keys in.
import { joinCertificates } from './certificates.ts';
import { parseDer } from './der.ts';
import { isCompactJwe, isJweObject, openJwe } from './encrypted-json.ts';
import { collect, Faults, refusal } from './faults.ts';
import type { FoundKey } from './found-key.ts';
import { isObject, memberOf, parseJson } from './json-text.ts';
import { kindOfDer, readKeyDer } from './key-der.ts';
import { isSshText, readSshLines } from './openssh.ts';
import { parseJwk } from './parse-jwk.ts';
import { readPem } from './pem.ts';
import type { Piece } from './piece.ts';
import { readPkcs12 } from './pkcs12.ts';
import { ReadContext, type ReadOptions } from './read-context.ts';

/** 1 MiB. */
export const mostBytes = 1_048_576;
/** Each has to be taken apart, which takes up to half a second. */
const mostWithoutPrimes = 4;

/**
 * The keys of a file in its order: JWK, JWK Set, a list of JWKs, one of these encrypted (JWE), PEM, DER, PKCS#12,
 * OpenSSH. Nothing says that they are sound: that is `proveKey`'s.
 *
 * What cannot be read is `bad-key`, for all keys of the file together; where a passphrase or key is missing or opens
 * nothing, `secret`. `name` is how messages call the file.
 */
export async function readKeys(
  bytes: Uint8Array,
  name: string,
  options: ReadOptions = {},
): Promise<FoundKey[]> {
  if (bytes.length > mostBytes) throw refusal(name, 'it is larger than 1 MiB');
  let refused = 0;
  const onRefused =
    options.onRefused &&
    ((fault: unknown) => {
      refused++;
      options.onRefused?.(fault);
    });
  const context = new ReadContext(name, { ...options, onRefused });
  const keys = await readAny(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), context);
  if (keys.length + refused === 0) throw refusal(name, 'it holds no key');
  refuseSameKid(keys);
  return keys;
}

async function readAny(bytes: Buffer, context: ReadContext): Promise<FoundKey[]> {
  const { name } = context;
  if (bytes.length === 0) throw refusal(name, 'it is empty');
  const der = bytes[0] === 0x30 ? parseDer(bytes) : undefined;
  if (der !== undefined) {
    const isStore = kindOfDer(der) === 'pkcs12';
    return toKeys(
      isStore ? await readPkcs12(der, context) : [await readKeyDer(bytes, name, context)],
      context,
    );
  }
  const text = decode(bytes, name);
  const start = text.trimStart().charAt(0);
  if (start === '{' || start === '[') return readJson(text, context, true);
  if (text.includes('-----BEGIN ')) return toKeys(await readPem(text, context), context);
  if (isCompactJwe(text.trim())) return readJson(await openJwe(text.trim(), context), context, false);
  if (isSshText(text)) return toKeys(await readSshLines(text, context), context);
  throw refusal(name, 'it is no key of a format that is read here', hintFor(text));
}

/** A byte order mark, which some editors put in front of UTF-8, changes no key. */
function decode(bytes: Buffer, name: string): string {
  const start = bytes.readUIntBE(0, Math.min(bytes.length, 4));
  if (start === 0xfeedfeed) {
    const hint = 'keytool -importkeystore -deststoretype pkcs12 turns it into PKCS#12';
    throw refusal(name, 'it is a Java keystore, which is not read', hint);
  }
  const order = bytes.length < 2 ? 0 : bytes.readUInt16BE(0);
  if (order === 0xfeff || order === 0xfffe) throw refusal(name, 'it is UTF-16 text', 'save it as UTF-8');
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw refusal(name, 'it is no key of a format that is read here');
  }
}

function hintFor(text: string): string | undefined {
  if (text.startsWith('PuTTY-User-Key-File'))
    return 'puttygen FILE -O private-openssh turns it into a format that is';
  if (text.startsWith('---- BEGIN SSH2')) return 'ssh-keygen -i -f FILE turns it into a format that is';
  return undefined;
}

async function readJson(text: string, context: ReadContext, mayBeEncrypted: boolean): Promise<FoundKey[]> {
  const { name } = context;
  const value = parseJson(text.replace(/^\ufeff/, ''), name);
  if (mayBeEncrypted && isJweObject(value)) return readJson(await openJwe(value, context), context, false);
  const list = listOf(value);
  if (list === undefined) return [parseJwk(value, name)];
  const searched = list.filter((key) => isObject(key) && lacksPrimes(key));
  if (searched.length > mostWithoutPrimes) {
    throw refusal(name, `it has more than ${mostWithoutPrimes} RSA keys without "p" and "q"`);
  }
  const read = (key: unknown, index: number) => parseJwk(key, `${name}, key ${index + 1}`);
  const { onRefused } = context;
  if (onRefused === undefined) return collect(list, read);
  return list.flatMap((key, index) => {
    try {
      return [read(key, index)];
    } catch (fault) {
      onRefused(fault);
      return [];
    }
  });
}

function lacksPrimes(key: object): boolean {
  const [kty, d, p, q] = ['kty', 'd', 'p', 'q'].map((name) => memberOf(key, name));
  return kty === 'RSA' && d !== undefined && p === undefined && q === undefined;
}

/** Sets, and Ory's list of the same; anything else is one key, or none. */
function listOf(value: unknown): readonly unknown[] | undefined {
  if (Array.isArray(value)) return value;
  const keys = isObject(value) ? memberOf(value, 'keys') : undefined;
  return Array.isArray(keys) ? keys : undefined;
}

function toKeys(pieces: readonly Piece[], { name }: ReadContext): Promise<FoundKey[]> {
  return collect(joinCertificates(pieces, name), ({ members, where, repairs }) =>
    parseJwk(members, where, repairs),
  );
}

/** RFC 7517 section 4.5 would let keys of different types share a kid; nobody could name one of them. */
function refuseSameKid(keys: readonly FoundKey[]): void {
  const faults = new Faults();
  const first = new Map<string, number>();
  for (const [index, { kid, where }] of keys.entries()) {
    const other = kid === undefined ? undefined : first.get(kid);
    if (other !== undefined) faults.add(where, `its "kid" is that of key ${other + 1}`);
    else if (kid !== undefined) first.set(kid, index);
    if (faults.isFull) break;
  }
  faults.throwIfAny();
}
