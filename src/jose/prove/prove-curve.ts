// Whether an elliptic curve key lies on its curve, and whether its private half belongs to its public one.
import { createECDH, createPrivateKey, createPublicKey, type JsonWebKey } from 'node:crypto';
import { decodeBase64url } from '../base64url.ts';
import { jacobi, toNumber } from '../numbers.ts';
import type { FoundKey } from '../read/found-key.ts';

const opensslNames: Readonly<Record<string, string>> = {
  'P-256': 'prime256v1',
  'P-384': 'secp384r1',
  'P-521': 'secp521r1',
};

/** The first fault as words, or `undefined`. */
export function describeCurveFault(found: FoundKey): string | undefined {
  const crv = String(found.jwk['crv']);
  return found.jwk.kty === 'EC' ? describeEcFault(found, crv) : describeOkpFault(found, crv);
}

function describeEcFault({ jwk, isPrivate }: FoundKey, crv: string): string | undefined {
  const [x, y, d] = ['x', 'y', 'd'].map((name) => bytesOf(jwk[name]));
  if (!isPrivate) return isReadable(jwk) ? undefined : `its "x" and "y" are no point of ${crv}`;
  try {
    // node:crypto takes a foreign d: the point is computed anew.
    const exchange = createECDH(opensslNames[crv] ?? '');
    exchange.setPrivateKey(d ?? Buffer.alloc(0));
    const point = exchange.getPublicKey();
    const isOurs = point.equals(
      Buffer.concat([Buffer.from([4]), x ?? Buffer.alloc(0), y ?? Buffer.alloc(0)]),
    );
    if (isOurs) return undefined;
  } catch {
    return 'its "d" is no number that its curve has keys for';
  }
  return isReadable(jwk)
    ? 'its "d" does not belong to its "x" and "y"'
    : `its "x" and "y" are no point of ${crv}`;
}

function isReadable(jwk: FoundKey['jwk']): boolean {
  try {
    const { kty, crv, x, y } = jwk as unknown as JsonWebKey;
    createPublicKey({ key: { kty, crv, x, y } as JsonWebKey, format: 'jwk' });
    return true;
  } catch {
    return false;
  }
}

function describeOkpFault({ jwk, isPrivate }: FoundKey, crv: string): string | undefined {
  if (isPrivate && publicOf(jwk) !== jwk['x']) return 'its "d" does not belong to its "x"';
  const field = montgomery[crv];
  const value = toNumber((bytesOf(jwk['x']) ?? Buffer.alloc(0)).reverse());
  if (field !== undefined && value >= field) return `its "x" is not in the one form that ${crv} has for it`;
  const curve = edwards[crv];
  const isPlausible = isPrivate || curve === undefined || isPoint(curve, bytesOf(jwk['x']));
  return isPlausible ? undefined : `its "x" is no point of ${crv}, or one of small order`;
}

/** What x belongs to d: older Nodes compute it whatever x is, newer ones refuse another. */
function publicOf(jwk: FoundKey['jwk']): string | undefined {
  try {
    const key = createPrivateKey({ key: jwk as unknown as JsonWebKey, format: 'jwk' });
    return createPublicKey(key).export({ format: 'jwk' }).x;
  } catch {
    return undefined;
  }
}

function bytesOf(text: unknown): Buffer {
  return typeof text === 'string' ? (decodeBase64url(text) ?? Buffer.alloc(0)) : Buffer.alloc(0);
}

/** RFC 7748 section 5: more than that is taken modulo it, so that one key would have two names. */
const montgomery: Readonly<Record<string, bigint>> = {
  X25519: 2n ** 255n - 19n,
  X448: 2n ** 448n - 2n ** 224n - 1n,
};

interface Edwards {
  readonly p: bigint;
  readonly a: bigint;
  readonly d: bigint;
  /** y of the points whose order divides 8, beside 0, 1 and -1; and their negatives. */
  readonly smallOrder: readonly bigint[];
}

/** RFC 8032 sections 5.1 and 5.2. */
const edwards: Readonly<Record<string, Edwards>> = {
  Ed25519: {
    p: 2n ** 255n - 19n,
    a: -1n,
    d: 37095705934669439343138083508754565189542113879843219016388785533085940283555n,
    smallOrder: [2707385501144840649318225287225658788936804267575313519463743609750303402022n],
  },
  Ed448: { p: 2n ** 448n - 2n ** 224n - 1n, a: 1n, d: -39081n, smallOrder: [] },
};

/** RFC 8032 sections 5.1.3 and 5.2.3: y in little-endian order, with the lowest bit of x in the highest one. */
function readY(bytes: Buffer): bigint {
  const number = BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`);
  return number % (1n << BigInt(8 * bytes.length - 1));
}

/** a x² + y² = 1 + d x² y²: whether there is such an x. Points whose order divides 8 are left out. */
function isPoint({ p, a, d, smallOrder }: Edwards, bytes: Buffer): boolean {
  const y = readY(bytes);
  if (y >= p || [0n, 1n, ...smallOrder].some((one) => y === one || y === p - one)) return false;
  const square = (y * y) % p;
  const [above, below] = [1n - square, a - d * square];
  // above / below is a square exactly where their product is one; with y as above, it is not 0.
  return jacobi(above * below, p) === 1;
}
