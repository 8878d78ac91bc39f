// The members of an RSA private key that may be left out (RFC 7518 section 6.3.2), computed from those that are there.
import { fromNumber, gcd, inverse, power, toNumber } from '../numbers.ts';

export type RsaMembers = Readonly<Record<'n' | 'e' | 'd', Buffer>> &
  Readonly<Partial<Record<'p' | 'q' | 'dp' | 'dq' | 'qi', Buffer>>>;

/** 8192 bits: beyond, signing takes a second. */
export const mostRsaOctets = 1024;
/** Taking a modulus apart costs time that grows with the cube of its length. */
const mostBitsToFactor = 4096;
const tries = 64;

const optional = ['p', 'q', 'dp', 'dq', 'qi'] as const;

/** The five members that are absent, or the fault as words. What is there is not compared here: that is the proof's. */
export function computeRsaMembers(members: RsaMembers): Readonly<Record<string, Buffer>> | string {
  if (optional.every((name) => members[name] !== undefined)) return {};
  const [n, d] = [toNumber(members.n), toNumber(members.d)];
  const primes = primesOf(members);
  if (typeof primes === 'string') return primes;
  const [p, q] = primes;
  const qi = inverse(q, p);
  if (p * q !== n || p < 3n || q < 3n || qi === undefined) return 'its "n" is not its "p" times its "q"';
  const all = { p, q, dp: d % (p - 1n), dq: d % (q - 1n), qi };
  const absent = Object.entries(all).filter(([name]) => members[name as keyof RsaMembers] === undefined);
  return Object.fromEntries(absent.map(([name, value]) => [name, fromNumber(value)]));
}

function primesOf(members: RsaMembers): readonly [bigint, bigint] | string {
  const n = toNumber(members.n);
  const [p, q] = [members.p, members.q].map((bytes) => (bytes === undefined ? 0n : toNumber(bytes)));
  if (p && q) return [p, q];
  const one = p || q;
  if (one) return p ? [p, n / p] : [n / one, one];
  return factor(n, toNumber(members.e), toNumber(members.d));
}

/** NIST SP 800-56B, appendix C.1, with the bases 2, 3, 4, ... in place of random ones. */
function factor(n: bigint, e: bigint, d: bigint): readonly [bigint, bigint] | string {
  const bits = n.toString(2).length;
  if (bits > mostBitsToFactor) {
    return `it has no "p" and "q", and is longer than the ${mostBitsToFactor} bits that they are searched for in`;
  }
  const wrong = 'its "d" does not belong to its "n" and "e"';
  const product = e * d - 1n;
  // A prime, or a power of one, would be searched in vain.
  const isHopeless =
    n % 2n === 0n || d >= n || product <= 0n || product % 2n !== 0n || gcd(product, n) !== 1n;
  if (
    bits < 512 ||
    e >= 2n ** 256n ||
    isHopeless ||
    power(2n, product, n) !== 1n ||
    power(2n, n - 1n, n) === 1n
  )
    return wrong;
  let odd = product;
  let halvings = 0;
  for (; odd % 2n === 0n; odd /= 2n) halvings++;
  for (let base = 2n; base < tries; base++) {
    let root = power(base, odd, n);
    for (let step = 0; step < halvings && root !== 1n && root !== n - 1n; step++) {
      const square = (root * root) % n;
      if (square === 1n) {
        const p = gcd(root - 1n, n);
        // The larger one first, as is the custom.
        return p > n / p ? [p, n / p] : [n / p, p];
      }
      root = square;
    }
  }
  return wrong;
}
