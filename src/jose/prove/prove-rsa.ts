// Whether an RSA key is strong enough, and whether its members are one key (RFC 8017 section 3, NIST SP 800-56B 6.4).
import { decodeBase64url } from '../base64url.ts';
import { gcd, toNumber } from '../numbers.ts';
import type { FoundKey } from '../read/found-key.ts';

const leastBits = 2048;
const mostBits = 8192;
/** FIPS 186-5, A.1.1: smaller ones are safe only with perfect padding, larger ones nobody takes. */
const leastExponent = 65_537n;
const exponentLimit = 2n ** 256n;

const smallPrimes = [
  3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107,
  109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
];
const smallProduct = smallPrimes.reduce((product, prime) => product * BigInt(prime), 1n);

/** For each small prime the remainders that powers of 65537 have. */
const powers = smallPrimes.map((prime) => {
  const remainders = new Set<number>();
  for (let one = 1; !remainders.has(one); one = (one * 65_537) % prime) remainders.add(one);
  return remainders;
});

/** The first fault as words, or `undefined`. */
export function describeRsaFault({ jwk, isPrivate }: FoundKey): string | undefined {
  const read = (name: string): bigint => toNumber(decodeBase64url(String(jwk[name])) ?? Buffer.alloc(0));
  const [n, e] = [read('n'), read('e')];
  const fault = describePublicFault(n, e);
  if (fault !== undefined || !isPrivate) return fault;
  const [d, p, q, dp, dq, qi] = ['d', 'p', 'q', 'dp', 'dq', 'qi'].map(read);
  const members = { n, e, d, p, q, dp, dq, qi } as Record<string, bigint>;
  return describePrivateFault(members as unknown as PrivateMembers);
}

/** Whether a factor has factors that anybody finds by trial division: what is built of many is no prime at all. */
function hasSmallFactor(factor: bigint): boolean {
  smallNumbers ??= productOfPrimes(65_536);
  return gcd(smallNumbers % factor, factor) !== 1n;
}

let smallNumbers: bigint | undefined;

function productOfPrimes(limit: number): bigint {
  const isComposite = new Uint8Array(limit);
  let factors: bigint[] = [];
  for (let one = 2; one < limit; one++) {
    if (isComposite[one] === 1) continue;
    factors.push(BigInt(one));
    for (let multiple = one * one; multiple < limit; multiple += one) isComposite[multiple] = 1;
  }
  // In pairs: numbers of like length are multiplied fast.
  while (factors.length > 1)
    factors = factors.flatMap((factor, index) =>
      index % 2 === 0 ? [factor * (factors[index + 1] ?? 1n)] : [],
    );
  return factors[0] ?? 1n;
}

/** For a public key that others use: what would let anybody sign with it. An exponent of 3 is old, and still seen. */
export function describePublicRsaFault(jwk: { readonly [member: string]: unknown }): string | undefined {
  const read = (name: string): bigint => toNumber(decodeBase64url(String(jwk[name])) ?? Buffer.alloc(0));
  const [n, e] = [read('n'), read('e')];
  const bits = bitsOf(n);
  if (bits < leastBits) return `it is an RSA key of ${bits} bits, and ${leastBits} are needed`;
  return e < 3n || e % 2n === 0n ? 'its "e" is none that is safe' : undefined;
}

function describePublicFault(n: bigint, e: bigint): string | undefined {
  const bits = bitsOf(n);
  if (bits < leastBits) return `it is an RSA key of ${bits} bits, and ${leastBits} are needed`;
  if (bits > mostBits) return `it is an RSA key of ${bits} bits, and ${mostBits} are taken at most`;
  if (e < leastExponent || e % 2n === 0n || e >= exponentLimit)
    return 'its "e" is none that is safe: it must be odd, 65537 or more, and below 2^256';
  const remainder = n % smallProduct;
  const remainders = smallPrimes.map((prime) => Number(remainder % BigInt(prime)));
  if (n % 2n === 0n || remainders.includes(0)) return 'its "n" has a small factor';
  // CVE-2017-15361: in a modulus of that library every remainder is a power of 65537; by chance, one in 2^27 is.
  const isWeak = remainders.every((one, index) => powers[index]?.has(one));
  return isWeak ? 'its "n" is of the kind that can be factored (ROCA, CVE-2017-15361)' : undefined;
}

type PrivateMembers = Readonly<Record<'n' | 'e' | 'd' | 'p' | 'q' | 'dp' | 'dq' | 'qi', bigint>>;

function describePrivateFault({ n, e, d, p, q, dp, dq, qi }: PrivateMembers): string | undefined {
  if (p < 3n || q < 3n || p * q !== n) return 'its "n" is not its "p" times its "q"';
  if (hasSmallFactor(p) || hasSmallFactor(q)) return 'its "p" or "q" is no prime';
  const half = bitsOf(n) >> 1;
  // Primes that are near each other, or one that is short, are found fast.
  const difference = p > q ? p - q : q - p;
  if (bitsOf(difference) < half - 100) return 'its "p" and "q" are too near each other';
  if (Math.min(bitsOf(p), bitsOf(q)) < half - 32) return 'its "p" and "q" are of too different length';
  const isInverse = (e * d) % (p - 1n) === 1n && (e * d) % (q - 1n) === 1n;
  if (d >= n || !isInverse) return 'its "d" does not belong to its "n" and "e"';
  // Wiener's attack, and FIPS 186-5, A.1.1: d > 2^(bits/2).
  if (bitsOf(d) <= half) return 'its "d" is too small';
  if (dp !== d % (p - 1n)) return 'its "dp" does not belong to its "d" and "p"';
  if (dq !== d % (q - 1n)) return 'its "dq" does not belong to its "d" and "q"';
  if (qi >= p || (q * qi) % p !== 1n) return 'its "qi" does not belong to its "p" and "q"';
  return undefined;
}

function bitsOf(value: bigint): number {
  const hex = value.toString(16);
  return 4 * (hex.length - 1) + (32 - Math.clz32(Number.parseInt(hex.charAt(0), 16)));
}
