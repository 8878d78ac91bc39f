// Points of elliptic curves: their curve, their length, and whether they are on it.
import { createPublicKey, type JsonWebKey } from 'node:crypto';
import { curves } from '../algorithms.ts';
import { encodeBase64url } from '../base64url.ts';
import { type Fault, quote } from './finding.ts';
import type { LintedKey } from './linted-key.ts';

/** Octets of a coordinate: RFC 7518 section 6.2.1.2, RFC 8812 section 3.1, RFC 8037 section 2. */
const lengths: Readonly<Record<string, { readonly kty: 'EC' | 'OKP'; readonly octets: number }>> = {
  'P-256': { kty: 'EC', octets: 32 },
  'P-384': { kty: 'EC', octets: 48 },
  'P-521': { kty: 'EC', octets: 66 },
  secp256k1: { kty: 'EC', octets: 32 },
  Ed25519: { kty: 'OKP', octets: 32 },
  Ed448: { kty: 'OKP', octets: 57 },
  X25519: { kty: 'OKP', octets: 32 },
  X448: { kty: 'OKP', octets: 56 },
};

export function lintPoint(key: LintedKey): Fault[] {
  const { kty, crv } = key;
  if ((kty !== 'EC' && kty !== 'OKP') || crv === undefined) return [];
  const curve = Object.hasOwn(lengths, crv) ? lengths[crv] : undefined;
  if (curve === undefined || curve.kty !== kty) {
    return [{ code: 'crv-unknown', member: 'crv', what: `${quote(crv)} is no curve of ${kty}` }];
  }
  const names = kty === 'EC' ? ['x', 'y'] : ['x'];
  const faults = names.flatMap((member): Fault[] => {
    const bytes = key.bytes(member);
    if (bytes === undefined || bytes.length === curve.octets) return [];
    const what = `"${member}" has ${bytes.length} octets, ${crv} has ${curve.octets}`;
    return [{ code: 'coordinate-length', member, what }];
  });
  const padded = names.map((name) => fit(key.bytes(name), kty === 'EC' ? curve.octets : undefined));
  const [x, y] = padded;
  if (x === undefined || padded.includes(undefined)) return faults;
  const isOn = kty === 'EC' ? isOnCurve(crv, x, y) : isOnEdwards(crv, x);
  return isOn ? faults : [...faults, { code: 'point-off-curve', member: 'x', what: `no point of ${crv}` }];
}

/** The coordinate as long as it should be; `undefined` where that would change it. */
function fit(bytes: Buffer | undefined, octets = bytes?.length ?? 0): Buffer | undefined {
  if (bytes === undefined) return undefined;
  const spare = bytes.length - octets;
  if (spare <= 0) return Buffer.concat([Buffer.alloc(-spare), bytes]);
  return bytes.subarray(0, spare).every((octet) => octet === 0) ? bytes.subarray(spare) : undefined;
}

/** By OpenSSL, which checks a point when it reads it. */
function isOnCurve(crv: string, x: Buffer, y: Buffer | undefined): boolean {
  const jwk: JsonWebKey = { kty: 'EC', crv, x: encodeBase64url(x), y: encodeBase64url(y ?? Buffer.alloc(0)) };
  try {
    createPublicKey({ key: jwk, format: 'jwk' });
    return true;
  } catch {
    // A build of OpenSSL without the curve (FIPS) tells nothing about the point.
    return !Object.hasOwn(curves, crv);
  }
}

interface Edwards {
  readonly p: bigint;
  readonly a: bigint;
  readonly d: bigint;
  readonly octets: number;
}

/** RFC 8032 sections 5.1 and 5.2. */
const edwards: Readonly<Record<string, Edwards>> = {
  Ed25519: {
    p: 2n ** 255n - 19n,
    a: -1n,
    d: 37095705934669439343138083508754565189542113879843219016388785533085940283555n,
    octets: 32,
  },
  Ed448: { p: 2n ** 448n - 2n ** 224n - 1n, a: 1n, d: -39081n, octets: 57 },
};

/**
 * Whether the octets decode to a point (RFC 8032 sections 5.1.3 and 5.2.3), and to none of small order, under which a
 * signature can be made without a key: OpenSSL reads any. For X25519 and X448 every value is a point.
 */
function isOnEdwards(crv: string, bytes: Buffer): boolean {
  const curve = edwards[crv];
  if (curve === undefined || bytes.length !== curve.octets) return true;
  const { p, a, d } = curve;
  const bits = BigInt(curve.octets * 8 - 1);
  const y = BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`) & ((1n << bits) - 1n);
  if (y >= p) return false;
  // a x^2 + y^2 = 1 + d x^2 y^2, so x^2 is this over that.
  const above = modulo(1n - y * y, p);
  const below = modulo(a - d * y * y, p);
  // x = 0 has order 1 or 2, y = 0 order 4, y^2 = a x^2 order 8.
  if (above === 0n || y === 0n || modulo(y * y * below - a * above, p) === 0n) return false;
  // Euler's criterion: is there an x? The product is a square where the quotient is.
  return power(modulo(above * below, p), (p - 1n) / 2n, p) === 1n;
}

function modulo(n: bigint, p: bigint): bigint {
  return ((n % p) + p) % p;
}

function power(base: bigint, exponent: bigint, p: bigint): bigint {
  let result = 1n;
  for (let e = exponent; e > 0n; e >>= 1n) {
    if (e & 1n) result = (result * base) % p;
    base = (base * base) % p;
  }
  return result;
}
