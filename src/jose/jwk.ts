// JSON Web Keys as types: a public key is not a private one, and only one function makes a public one.
import { JwksError } from '../errors.ts';
import type { Kty } from './algorithms.ts';

declare const publicOnly: unique symbol;
declare const privateHalf: unique symbol;

interface JwkHead {
  readonly kty: Kty;
  readonly use?: string;
  readonly alg?: string;
  readonly kid?: string;
}

/** A JWK without private members (RFC 7517 section 4). Of a symmetric key only its names. */
export interface PublicJwk extends JwkHead {
  readonly [publicOnly]: true;
  readonly [member: string]: unknown;
}

/** A JWK with its private members (RFC 7517 section 9.2 says how to treat it). */
export interface PrivateJwk extends JwkHead {
  readonly [privateHalf]: true;
  readonly [member: string]: unknown;
}

interface Members {
  readonly public: readonly string[];
  readonly private: readonly string[];
}

/** RFC 7518 section 6, RFC 8037 section 2, RFC 9964 section 3. `oth` (multi-prime RSA) is not supported. */
const membersOf: Readonly<Record<Kty, Members>> = {
  RSA: { public: ['n', 'e'], private: ['d', 'p', 'q', 'dp', 'dq', 'qi'] },
  EC: { public: ['crv', 'x', 'y'], private: ['d'] },
  OKP: { public: ['crv', 'x'], private: ['d'] },
  AKP: { public: ['pub'], private: ['priv'] },
  oct: { public: [], private: ['k'] },
};
const privateMembers = [...Object.values(membersOf).flatMap((members) => members.private), 'oth'];
/** Members of any key that are public by nature, in the order they are written in. */
const head = ['kty', 'use', 'alg', 'kid'];
const certificates = ['x5c', 'x5t#S256'];

/** The members that RFC 7638 computes over, in its order. */
export function requiredMembers(kty: Kty): string[] {
  const own = kty === 'oct' ? membersOf.oct.private : membersOf[kty].public;
  return ['kty', ...(kty === 'AKP' ? ['alg'] : []), ...own].sort();
}

export function isKty(value: unknown): value is Kty {
  return typeof value === 'string' && Object.hasOwn(membersOf, value);
}

/** The public members, taken from a list of those that are; whatever else a key carries stays behind. */
export function toPublicJwk(jwk: object): PublicJwk {
  const kty = ktyOfJwk(jwk);
  return pick(jwk, [...head, ...membersOf[kty].public, ...certificates]) as unknown as PublicJwk;
}

/** The members of a private (or symmetric) key, all of which must be there. */
export function toPrivateJwk(jwk: object): PrivateJwk {
  const kty = ktyOfJwk(jwk);
  const { public: open, private: closed } = membersOf[kty];
  const missing = [...open, ...closed].find((name) => typeof Reflect.get(jwk, name) !== 'string');
  if (missing !== undefined) throw new JwksError('bad-key', `the key has no "${missing}"`);
  return pick(jwk, [...head, ...open, ...closed, ...certificates]) as unknown as PrivateJwk;
}

/** The same key under other names. */
export function nameJwk(jwk: PrivateJwk, names: { kid: string; alg: string; use: string }): PrivateJwk {
  return toPrivateJwk({ ...jwk, ...names });
}

export function namePublicJwk(jwk: PublicJwk, names: { kid: string; alg: string; use: string }): PublicJwk {
  return toPublicJwk({ ...jwk, ...names });
}

/** Whether a private member of any key type is anywhere in a value: the last look before something public is printed. */
export function holdsPrivateMember(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (Array.isArray(value)) return value.some(holdsPrivateMember);
  const kty: unknown = Reflect.get(value, 'kty');
  const isLeak = typeof kty === 'string' && privateMembers.some((name) => Object.hasOwn(value, name));
  return isLeak || Object.values(value).some(holdsPrivateMember);
}

export function isSymmetric(jwk: PublicJwk | PrivateJwk): boolean {
  return jwk.kty === 'oct';
}

function ktyOfJwk(jwk: object): Kty {
  const kty: unknown = Reflect.get(jwk, 'kty');
  if (!isKty(kty)) throw new JwksError('bad-key', 'the key has no "kty" that is supported');
  return kty;
}

/** Texts only, and lists of texts for `x5c`: a member that holds anything else could hold a private key in it. */
function pick(source: object, names: readonly string[]): Record<string, unknown> {
  const picked: Record<string, unknown> = {};
  for (const name of names) {
    if (!Object.hasOwn(source, name)) continue;
    const value: unknown = Reflect.get(source, name);
    const isPlain = name === 'x5c' ? isTextList(value) : typeof value === 'string';
    if (!isPlain) throw new JwksError('bad-key', `the key has a "${name}" that is no text`);
    picked[name] = value;
  }
  return picked;
}

function isTextList(value: unknown): boolean {
  return Array.isArray(value) && value.every((entry) => typeof entry === 'string');
}
