// One JWK from outside (RFC 7517 section 4): its members made canonical, or every fault of it named.
import { curves } from '../algorithms.ts';
import { encodeBase64url } from '../base64url.ts';
import { isKty, toPrivateJwk, toPublicJwk } from '../jwk.ts';
import { describeCertificateFault } from './certificate-members.ts';
import { decodeMember, type Width } from './encoded-members.ts';
import { Faults, refusal } from './faults.ts';
import type { FoundKey } from './found-key.ts';
import { isObject, memberOf } from './json-text.ts';
import { computeRsaMembers, mostRsaOctets, type RsaMembers } from './rsa-members.ts';

interface Fields {
  readonly public: Readonly<Record<string, Width>>;
  readonly private: Readonly<Record<string, Width>>;
}

const octetsOf: Readonly<Record<string, number>> = {
  'P-256': 32,
  'P-384': 48,
  'P-521': 66,
  Ed25519: 32,
  Ed448: 57,
  X25519: 32,
  X448: 56,
};
/** FIPS 204, table 2. */
const mldsaOctets: Readonly<Record<string, number>> = {
  'ML-DSA-44': 1312,
  'ML-DSA-65': 1952,
  'ML-DSA-87': 2592,
};
/** What others call curves that are well known and not in RFC 7518. */
const foreignCurves = ['secp256k1', 'P-256K', 'secp224r1', 'P-224', 'P-192', 'BP-256', 'BP-384', 'BP-512'];

/** `repairs` are those that were made before, on the way to a JWK. */
export function parseJwk(value: unknown, where: string, repairs: readonly string[] = []): FoundKey {
  if (!isObject(value)) throw refusal(where, 'it is no JSON object');
  const faults = new Faults();
  const mended = [...repairs];
  const names = readNames(value, where, faults);
  const kty = memberOf(value, 'kty');
  const fields = fieldsOf(value);
  if (!isKty(kty) || typeof fields === 'string') {
    faults.add(where, typeof fields === 'string' ? fields : 'its "kty" is none that is supported');
    faults.throwIfAny();
    throw refusal(where, 'it is no key');
  }
  const isPrivate = Object.keys(fields.private).some((name) => memberOf(value, name) !== undefined);
  const members: Record<string, Buffer> = {};
  const wanted = Object.entries(isPrivate ? { ...fields.public, ...fields.private } : fields.public);
  for (const [name, width] of wanted) {
    const own = memberOf(value, name);
    if (own === undefined && mayBeAbsent.includes(name)) continue;
    const decoded = decodeMember(name, own, width);
    if (typeof decoded === 'string') faults.add(where, decoded);
    else if (kty === 'RSA' && decoded.bytes.length > mostRsaOctets)
      faults.add(where, `its "${name}" is longer than ${mostRsaOctets * 8} bits`);
    else {
      members[name] = decoded.bytes;
      mended.push(...decoded.repairs);
    }
  }
  if (kty === 'RSA' && memberOf(value, 'oth') !== undefined)
    faults.add(where, 'it has "oth": RSA of more than two primes is not supported');
  faults.throwIfAny();
  if (kty === 'RSA' && isPrivate) {
    const computed = computeRsaMembers(members as RsaMembers);
    if (typeof computed === 'string') throw refusal(where, computed);
    const absent = Object.keys(computed);
    if (absent.length > 0) mended.push(`${absent.map((name) => `"${name}"`).join(', ')} was computed`);
    Object.assign(members, computed);
  }
  const jwk: Record<string, unknown> = { kty, ...identifying(value, kty) };
  for (const [name, bytes] of Object.entries(members)) jwk[name] = encodeBase64url(bytes);
  const fault = describeCertificateFault(value, jwk, mended);
  if (fault !== undefined) throw refusal(where, fault);
  const { kid, alg, use, keyOps } = names;
  const head = { kid, alg, use, keyOps, where, repairs: mended };
  return isPrivate
    ? { ...head, isPrivate, jwk: toPrivateJwk(jwk) }
    : { ...head, isPrivate, jwk: toPublicJwk(jwk) };
}

const mayBeAbsent = ['p', 'q', 'dp', 'dq', 'qi'];

/** Members of the key itself that are no bytes: the curve, and of AKP the algorithm (RFC 9964 section 3). */
function identifying(value: object, kty: string): object {
  if (kty === 'EC' || kty === 'OKP') return { crv: memberOf(value, 'crv') };
  return kty === 'AKP' ? { alg: memberOf(value, 'alg') } : {};
}

function fieldsOf(value: object): Fields | string {
  const kty = memberOf(value, 'kty');
  const crv = memberOf(value, 'crv');
  const octets = typeof crv === 'string' && Object.hasOwn(octetsOf, crv) ? (octetsOf[crv] ?? 0) : 0;
  const isFitting = octets > 0 && curves[String(crv)]?.kty === kty;
  const coordinate = { octets, isNumber: kty === 'EC' };
  switch (kty) {
    case 'RSA': {
      const number = (names: string[]) => Object.fromEntries(names.map((name) => [name, 'number' as const]));
      return { public: number(['n', 'e']), private: number(['d', 'p', 'q', 'dp', 'dq', 'qi']) };
    }
    case 'EC':
      return isFitting
        ? { public: { x: coordinate, y: coordinate }, private: { d: coordinate } }
        : describeCurve(crv);
    case 'OKP':
      return isFitting ? { public: { x: coordinate }, private: { d: coordinate } } : describeCurve(crv);
    case 'AKP': {
      const alg = memberOf(value, 'alg');
      const size = typeof alg === 'string' && Object.hasOwn(mldsaOctets, alg) ? mldsaOctets[alg] : undefined;
      if (size === undefined) return 'its "alg" is none that a key of type AKP may have';
      const exactly = (count: number) => ({ octets: count, isNumber: false });
      return { public: { pub: exactly(size) }, private: { priv: exactly(32) } };
    }
    case 'oct':
      return { public: {}, private: { k: 'any' } };
    default:
      return 'its "kty" is none that is supported';
  }
}

function describeCurve(crv: unknown): string {
  if (crv === undefined) return 'it has no "crv"';
  const foreign = foreignCurves.find((name) => name === crv);
  if (foreign !== undefined) return `its curve ${foreign} is not supported`;
  return 'its "crv" is none of its key type';
}

interface Names {
  readonly kid?: string | undefined;
  readonly alg?: string | undefined;
  readonly use?: FoundKey['use'];
  readonly keyOps?: readonly string[] | undefined;
}

function readNames(value: object, where: string, faults: Faults): Names {
  const [kid, alg] = ['kid', 'alg'].map((name) => {
    const own = memberOf(value, name);
    if (own === undefined || typeof own === 'string') return own;
    faults.add(where, `its "${name}" is no text`);
    return undefined;
  });
  const use = memberOf(value, 'use');
  if (use !== undefined && use !== 'sig' && use !== 'enc') {
    faults.add(where, 'its "use" is neither sig nor enc');
    return { kid, alg };
  }
  const keyOps = memberOf(value, 'key_ops');
  if (keyOps === undefined) return { kid, alg, use };
  const isList = Array.isArray(keyOps) && keyOps.every((one) => typeof one === 'string');
  if (!isList) faults.add(where, 'its "key_ops" is no list of texts');
  else if (new Set(keyOps).size < keyOps.length) faults.add(where, 'its "key_ops" names something twice');
  return { kid, alg, use, keyOps: isList ? keyOps : [] };
}
