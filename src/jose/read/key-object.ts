// Keys that node:crypto has read, as members of a JWK.
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { type Der, oidOf, parseDer, smallInteger, tags } from './der.ts';

/** The members, or the fault as words. `alg` only where the key is bound to one (RFC 4055 section 1.2). */
export function membersOf(key: KeyObject): Record<string, unknown> | string {
  if (key.asymmetricKeyType === 'rsa-pss') return membersOfPss(key);
  const curve = key.asymmetricKeyDetails?.namedCurve;
  try {
    return { ...key.export({ format: 'jwk' }) };
  } catch {
    const type = key.asymmetricKeyType;
    if (type === 'ec' && curve !== undefined) return `its curve ${curve} is not supported`;
    return type === undefined ? 'it is no key' : `a key of type ${type} is not supported`;
  }
}

const pssHashes: Readonly<Record<string, string>> = {
  '2.16.840.1.101.3.4.2.1': 'PS256',
  '2.16.840.1.101.3.4.2.2': 'PS384',
  '2.16.840.1.101.3.4.2.3': 'PS512',
};

/** JWK knows no such keys: it is an RSA key whose `alg` says what it may do. */
function membersOfPss(key: KeyObject): Record<string, unknown> | string {
  const isPrivate = key.type === 'private';
  const der = isPrivate
    ? key.export({ format: 'der', type: 'pkcs8' })
    : key.export({ format: 'der', type: 'spki' });
  const parts = parseDer(der)?.children ?? [];
  const [algorithm, bits] = isPrivate ? parts.slice(1) : parts;
  const alg = algorithm && pssAlgorithm(algorithm);
  if (bits === undefined || alg === undefined) return 'its RSASSA-PSS parameters fit no algorithm';
  // The BIT STRING of a public key begins with the count of bits that it lacks.
  const rsa = isPrivate
    ? createPrivateKey({ key: bits.content, format: 'der', type: 'pkcs1' })
    : createPublicKey({ key: bits.content.subarray(1), format: 'der', type: 'pkcs1' });
  const members = membersOf(rsa);
  return typeof members === 'string' ? members : { ...members, alg };
}

function pssAlgorithm({ children: [, parameters] }: Der): string | undefined {
  if (parameters === undefined || parameters.tag !== tags.sequence) return 'PS256';
  const hash = parameters.children.find(({ tag }) => tag === 0xa0);
  return pssHashes[oidOf(hash?.children[0]?.children[0]) ?? ''];
}

/** What tells two keys apart, whatever else is said of them. */
const identifying = ['kty', 'crv', 'x', 'y', 'n', 'e', 'pub'];

export function isSameKey(one: object, other: object): boolean {
  return identityOf(one) === identityOf(other);
}

export function identityOf(jwk: object): string {
  return JSON.stringify(identifying.map((name) => Reflect.get(jwk, name)));
}

/** More than two primes (RFC 8017 appendix A.1.2: version 1), which node:crypto reads and then forgets. */
export function isMultiPrime(der: Der | undefined): boolean {
  return smallInteger(der?.children[0]) === 1 && (der?.children.length ?? 0) > 9;
}
