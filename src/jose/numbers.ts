// Whole numbers of any size, for the arithmetic of keys. Not in constant time: nothing here runs while a key is in use.

export function toNumber(bytes: Uint8Array): bigint {
  return bytes.length === 0 ? 0n : BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
}

/** Big-endian, in as few octets as the number takes (RFC 7518 section 2, Base64urlUInt). */
export function fromNumber(value: bigint): Buffer {
  const hex = value.toString(16);
  return Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
}

export function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n;
  const factor = base % modulus;
  for (const bit of exponent.toString(2)) {
    result = (result * result) % modulus;
    if (bit === '1') result = (result * factor) % modulus;
  }
  return result;
}

export function gcd(a: bigint, b: bigint): bigint {
  while (b !== 0n) [a, b] = [b, a % b];
  return a;
}

/** The inverse of a number, or `undefined` where it has none. */
export function inverse(value: bigint, modulus: bigint): bigint | undefined {
  if (modulus <= 1n) return undefined;
  let [remainder, next] = [((value % modulus) + modulus) % modulus, modulus];
  let [factor, following] = [1n, 0n];
  while (next !== 0n) {
    const quotient = remainder / next;
    [remainder, next] = [next, remainder - quotient * next];
    [factor, following] = [following, factor - quotient * following];
  }
  return remainder === 1n ? ((factor % modulus) + modulus) % modulus : undefined;
}

/** The Jacobi symbol for an odd modulus: of a prime one, 1 says that there is a square root, and 0 that it is 0. */
export function jacobi(value: bigint, modulus: bigint): -1 | 0 | 1 {
  let [a, n] = [((value % modulus) + modulus) % modulus, modulus];
  let sign: -1 | 1 = 1;
  while (a !== 0n) {
    while ((a & 1n) === 0n) {
      a >>= 1n;
      if ((n & 7n) === 3n || (n & 7n) === 5n) sign = sign === 1 ? -1 : 1;
    }
    [a, n] = [n, a];
    if ((a & 3n) === 3n && (n & 3n) === 3n) sign = sign === 1 ? -1 : 1;
    a %= n;
  }
  return n === 1n ? sign : 0;
}
