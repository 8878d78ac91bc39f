// Keys and certificates in DER, told apart by their shape.
import { createPrivateKey, createPublicKey, type KeyObject, X509Certificate } from 'node:crypto';
import { type Der, encodeDer, largestInteger, octetsOf, oidOf, parseDer, smallInteger, tags } from './der.ts';
import { refusal } from './faults.ts';
import { isMultiPrime, membersOf } from './key-object.ts';
import type { Piece } from './piece.ts';
import { doesNotOpen, type ReadContext } from './read-context.ts';

export type DerKind =
  | 'pkcs8'
  | 'encrypted'
  | 'pkcs1'
  | 'sec1'
  | 'spki'
  | 'rsa-public'
  | 'certificate'
  | 'pkcs12'
  | 'pkcs7';

/** RFC 5208, 5958, 8017, 5915, 5280, 7292: no two of these begin alike. */
export function kindOfDer(der: Der): DerKind | undefined {
  const [first, second, third] = der.children;
  if (der.tag !== tags.sequence || first === undefined || second === undefined) return undefined;
  const isAlgorithm = (value: Der) => value.tag === tags.sequence && oidOf(value.children[0]) !== undefined;
  if (first.tag === tags.integer) {
    if (second.tag === tags.octetString) return 'sec1';
    if (second.tag === tags.integer) return third === undefined ? 'rsa-public' : 'pkcs1';
    if (!isAlgorithm(second)) return undefined;
    return smallInteger(first) === 3 ? 'pkcs12' : 'pkcs8';
  }
  if (first.tag === tags.oid) return 'pkcs7';
  if (third?.tag === tags.bitString && isAlgorithm(second)) return 'certificate';
  if (!isAlgorithm(first)) return undefined;
  return second.tag === tags.bitString ? 'spki' : second.tag === tags.octetString ? 'encrypted' : undefined;
}

const multiPrime = 'RSA of more than two primes is not supported';

/** A key or certificate; `kind` where the block's label says it, which the bytes must then be. */
export async function readKeyDer(bytes: Buffer, where: string, context: ReadContext, kind?: DerKind) {
  const der = parseDer(bytes);
  const found = der && kindOfDer(der);
  if (der === undefined || found === undefined || (kind !== undefined && found !== kind)) {
    throw refusal(where, kind === undefined ? 'it is no key in DER' : 'it does not hold what its label says');
  }
  return readKind(der, found, where, context);
}

async function readKind(der: Der, kind: DerKind, where: string, context: ReadContext): Promise<Piece> {
  const key = der.bytes;
  switch (kind) {
    case 'pkcs8':
      if (isMultiPrime(parseDer(octetsOf(der.children[2]) ?? Buffer.alloc(0))))
        throw refusal(where, multiPrime);
      return readPrivate(where, () => createPrivateKey({ key, format: 'der', type: 'pkcs8' }));
    case 'pkcs1':
      if (isMultiPrime(der)) throw refusal(where, multiPrime);
      return readPrivate(where, () => createPrivateKey({ key, format: 'der', type: 'pkcs1' }));
    case 'sec1':
      return readSec1(der, where);
    case 'spki':
      return readPrivate(where, () => createPublicKey({ key, format: 'der', type: 'spki' }));
    case 'rsa-public':
      return readPrivate(where, () => createPublicKey({ key, format: 'der', type: 'pkcs1' }));
    case 'encrypted':
      return readEncrypted(der, where, context);
    case 'certificate':
      return { kind: 'certificate', certificate: readCertificate(key, where), where };
    case 'pkcs7':
      throw refusal(where, 'PKCS#7 is not read', 'openssl pkcs7 -inform der -print_certs turns it into PEM');
    case 'pkcs12':
      throw refusal(where, 'PKCS#12 is not read here');
  }
}

function readPrivate(where: string, read: () => KeyObject, repairs?: readonly string[]): Piece {
  const key = attempt(read);
  if (key === undefined) throw refusal(where, 'it is no sound key');
  const members = membersOf(key);
  if (typeof members === 'string') throw refusal(where, members);
  return { kind: 'key', members, where, repairs };
}

async function readEncrypted(der: Der, where: string, context: ReadContext): Promise<Piece> {
  const [algorithm] = der.children;
  // The parameters of every scheme: iterations, or the cost of scrypt, which OpenSSL bounds itself as well.
  context.spend(Math.max(1, algorithm === undefined ? 0 : largestInteger(algorithm)), where);
  const passphrase = await context.passphrase(where);
  const options = { key: der.bytes, format: 'der', type: 'pkcs8', passphrase } as const;
  const key = attempt(() => createPrivateKey(options));
  if (key === undefined) throw doesNotOpen(where, 'passphrase');
  return readPrivate(where, () => key);
}

/** RFC 5915 names the curve inside the key or beside it; `parameters` are those of an EC PARAMETERS block before it. */
export function readSec1(der: Der, where: string, parameters?: Buffer): Piece {
  const [, d, ...others] = der.children;
  const own = others.find(({ tag }) => tag === 0xa0);
  if (own !== undefined) {
    return readPrivate(where, () => createPrivateKey({ key: der.bytes, format: 'der', type: 'sec1' }));
  }
  const hasPoint = others.some(({ tag }) => tag === 0xa1);
  const told = parameters === undefined && hasPoint ? curveOf(octetsOf(d)?.length) : undefined;
  const curve = parameters ?? told;
  if (curve === undefined) throw refusal(where, 'it does not say which curve it is on');
  const ecPublicKey = Buffer.from('06072a8648ce3d0201', 'hex');
  const key = encodeDer(
    tags.sequence,
    Buffer.from('020100', 'hex'),
    encodeDer(tags.sequence, ecPublicKey, curve),
    encodeDer(tags.octetString, der.bytes),
  );
  const repairs = told === undefined ? [] : ['its curve was told from its length'];
  return readPrivate(where, () => createPrivateKey({ key, format: 'der', type: 'pkcs8' }), repairs);
}

/** With a public point beside it, which the proof finds off the curve if this was the wrong one. */
function curveOf(octets: number | undefined): Buffer | undefined {
  const oids: Readonly<Record<number, string>> = {
    32: '06082a8648ce3d030107',
    48: '06052b81040022',
    66: '06052b81040023',
  };
  const oid = oids[octets ?? 0];
  return oid === undefined ? undefined : Buffer.from(oid, 'hex');
}

export function readCertificate(bytes: Uint8Array, where: string): X509Certificate {
  const certificate = attempt(() => new X509Certificate(bytes));
  if (certificate === undefined) throw refusal(where, 'it is no X.509 certificate');
  return certificate;
}

/** What node:crypto says of bytes that it does not read is not passed on. */
function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
