// What can be wrong with an RSA public key: its size, its exponent, and a modulus that gives its factors away.
import type { Fault } from './finding.ts';
import type { LintedKey } from './linted-key.ts';

/** RFC 7518 section 3.3; OPENSSL_RSA_MAX_MODULUS_BITS of OpenSSL. */
const fewestBits = 2048;
const mostBits = 16_384;
/** OPENSSL_RSA_MAX_PUBEXP_BITS. */
const mostExponentBits = 64;
const usualExponent = 65_537n;

export function lintRsa(key: LintedKey): Fault[] {
  if (key.kty !== 'RSA') return [];
  const [n, e] = [key.integer('n'), key.integer('e')];
  return [...(n === undefined ? [] : lintModulus(n)), ...(e === undefined ? [] : lintExponent(e))];
}

export function bitsOf(number: bigint): number {
  return number.toString(2).length;
}

function lintModulus(n: bigint): Fault[] {
  const bits = bitsOf(n);
  const faults: Fault[] = [];
  if (bits < fewestBits) faults.push({ code: 'rsa-small', member: 'n', what: `${bits} bits` });
  if (bits > mostBits) return [{ code: 'rsa-large', member: 'n', what: `${bits} bits` }];
  const factor = smallPrimes.find((prime) => n % BigInt(prime) === 0n);
  if (factor !== undefined) faults.push({ code: 'rsa-modulus', member: 'n', what: `divisible by ${factor}` });
  else if (isRoca(n))
    faults.push({ code: 'rsa-roca', member: 'n', what: 'a modulus of a weak chip library' });
  return faults;
}

function lintExponent(e: bigint): Fault[] {
  const bits = bitsOf(e);
  if (e < 3n || e % 2n === 0n || bits > mostExponentBits) {
    const shown = bits > mostExponentBits ? `of ${bits} bits` : String(e);
    return [{ code: 'rsa-exponent', member: 'e', what: `exponent ${shown}` }];
  }
  return e === usualExponent ? [] : [{ code: 'rsa-exponent-unusual', member: 'e', what: `exponent ${e}` }];
}

const smallPrimes = primesBelow(1000);

function primesBelow(limit: number): number[] {
  const numbers = Array.from({ length: limit - 2 }, (_, index) => index + 2);
  return numbers.filter((n) => numbers.every((d) => d * d > n || n % d !== 0));
}

/** The primes that the library's own number M is a product of at every key size, without 2. */
const rocaPrimes = smallPrimes.filter((prime) => prime > 2 && prime <= 167);
let rocaResidues: readonly (readonly [prime: bigint, residues: ReadonlySet<number>])[] | undefined;

/**
 * The primes that Infineon's RSALib made are 65537^a mod M + k M, so modulo every prime that divides M their product
 * is a power of 65537 too. Any other modulus passes for all 38 primes once in about 2^28 (Nemec et al., The Return of
 * Coppersmith's Attack, CCS 2017, section 2.3).
 */
export function isRoca(n: bigint): boolean {
  rocaResidues ??= rocaPrimes.map((prime) => [BigInt(prime), powersOf(65_537, prime)]);
  return bitsOf(n) >= 512 && rocaResidues.every(([prime, residues]) => residues.has(Number(n % prime)));
}

function powersOf(base: number, prime: number): Set<number> {
  const powers = new Set<number>();
  for (let power = 1; !powers.has(power); power = (power * base) % prime) powers.add(power);
  return powers;
}
