// The one table of algorithms: what there is, which keys fit, and what this machine can do.
import { generateKeyPairSync } from 'node:crypto';
import { JwksError } from '../errors.ts';
import type { Use } from '../lifecycle/key.ts';

export type Kty = 'RSA' | 'EC' | 'OKP' | 'AKP' | 'oct';

export interface Algorithm {
  /** `alg` of RFC 7517 section 4.4, as registered by IANA. */
  readonly alg: string;
  readonly use: Use;
  readonly kty: Kty | 'EC or OKP';
  /** Curves that fit, the default first. Empty: the algorithm has none. */
  readonly curves: readonly string[];
  /** Sizes in bits that fit, the default first. Empty: the size is not a choice. */
  readonly bits: readonly number[];
  /** Where it is defined. */
  readonly source: string;
}

/** An algorithm with its choices made. */
export interface KeyShape {
  readonly algorithm: Algorithm;
  readonly crv?: string | undefined;
  readonly bits?: number | undefined;
}

interface Curve {
  readonly kty: 'EC' | 'OKP';
  /** Names that node:crypto uses. */
  readonly type: 'ec' | 'ed25519' | 'ed448' | 'x25519' | 'x448';
}

export const curves: Readonly<Record<string, Curve>> = {
  'P-256': { kty: 'EC', type: 'ec' },
  'P-384': { kty: 'EC', type: 'ec' },
  'P-521': { kty: 'EC', type: 'ec' },
  Ed25519: { kty: 'OKP', type: 'ed25519' },
  Ed448: { kty: 'OKP', type: 'ed448' },
  X25519: { kty: 'OKP', type: 'x25519' },
  X448: { kty: 'OKP', type: 'x448' },
};

/** The first Node version whose crypto makes ML-DSA keys as JWK. */
export const mldsaNode = '24.8';

const rsaBits = [4096, 2048, 3072];
const agreement = ['P-256', 'P-384', 'P-521', 'X25519', 'X448'];

const rsa = (use: Use, alg: string, source: string): Algorithm => ({
  alg,
  use,
  kty: 'RSA',
  curves: [],
  bits: rsaBits,
  source,
});
const curve = (alg: string, names: string[], source: string): Algorithm => ({
  alg,
  use: 'sig',
  kty: curves[names[0] ?? '']?.kty ?? 'EC',
  curves: names,
  bits: [],
  source,
});
const oct = (use: Use, alg: string, bits: number[], source: string): Algorithm => ({
  alg,
  use,
  kty: 'oct',
  curves: [],
  bits,
  source,
});
const ecdh = (alg: string): Algorithm => ({
  alg,
  use: 'enc',
  kty: 'EC or OKP',
  curves: agreement,
  bits: [],
  source: 'RFC 7518 4.6, RFC 8037 3.2',
});
const mldsa = (alg: string): Algorithm => ({
  alg,
  use: 'sig',
  kty: 'AKP',
  curves: [],
  bits: [],
  source: 'RFC 9964',
});

export const algorithms: readonly Algorithm[] = [
  ...['RS256', 'RS384', 'RS512'].map((alg) => rsa('sig', alg, 'RFC 7518 3.3')),
  ...['PS256', 'PS384', 'PS512'].map((alg) => rsa('sig', alg, 'RFC 7518 3.5')),
  curve('ES256', ['P-256'], 'RFC 7518 3.4'),
  curve('ES384', ['P-384'], 'RFC 7518 3.4'),
  curve('ES512', ['P-521'], 'RFC 7518 3.4'),
  curve('EdDSA', ['Ed25519', 'Ed448'], 'RFC 8037 3.1'),
  curve('Ed25519', ['Ed25519'], 'RFC 9864 2.2'),
  curve('Ed448', ['Ed448'], 'RFC 9864 2.2'),
  mldsa('ML-DSA-44'),
  mldsa('ML-DSA-65'),
  mldsa('ML-DSA-87'),
  oct('sig', 'HS256', [256, 384, 512], 'RFC 7518 3.2'),
  oct('sig', 'HS384', [384, 512], 'RFC 7518 3.2'),
  oct('sig', 'HS512', [512], 'RFC 7518 3.2'),
  ...['RSA-OAEP-256', 'RSA-OAEP-384', 'RSA-OAEP-512', 'RSA-OAEP'].map((alg) =>
    rsa('enc', alg, 'RFC 7518 4.3'),
  ),
  ...['ECDH-ES', 'ECDH-ES+A128KW', 'ECDH-ES+A192KW', 'ECDH-ES+A256KW'].map(ecdh),
  oct('enc', 'A128KW', [128], 'RFC 7518 4.4'),
  oct('enc', 'A192KW', [192], 'RFC 7518 4.4'),
  oct('enc', 'A256KW', [256], 'RFC 7518 4.4'),
  oct('enc', 'A128GCMKW', [128], 'RFC 7518 4.7'),
  oct('enc', 'A192GCMKW', [192], 'RFC 7518 4.7'),
  oct('enc', 'A256GCMKW', [256], 'RFC 7518 4.7'),
  oct('enc', 'dir', [256, 128, 192, 384, 512], 'RFC 7518 4.5'),
];

export function findAlgorithm(alg: string): Algorithm | undefined {
  return algorithms.find((entry) => entry.alg === alg);
}

export interface AlgorithmRequest {
  readonly alg: string;
  /** Absent: what the algorithm is for. */
  readonly use?: Use | undefined;
  readonly bits?: number | undefined;
  readonly crv?: string | undefined;
}

/** The shape of the key to make. What contradicts itself is a usage error that says what would fit. */
export function selectKeyShape(request: AlgorithmRequest): KeyShape {
  const algorithm = findAlgorithm(request.alg) ?? refuseUnknown(request.alg);
  if (request.use !== undefined && request.use !== algorithm.use) {
    const fitting = algorithms.filter(({ use }) => use === request.use).map(({ alg }) => alg);
    throw new JwksError(
      'usage',
      `algorithm ${algorithm.alg} is for use ${algorithm.use}, not ${request.use}`,
      {
        hint: `for --use ${request.use}: ${fitting.join(', ')}`,
      },
    );
  }
  return {
    algorithm,
    bits: choose(algorithm, 'bits', algorithm.bits, request.bits),
    crv: choose(algorithm, 'crv', algorithm.curves, request.crv),
  };
}

function choose<T extends string | number>(
  { alg }: Algorithm,
  option: string,
  fitting: readonly T[],
  asked: T | undefined,
): T | undefined {
  if (asked === undefined) return fitting[0];
  if (fitting.includes(asked)) return asked;
  const choices = [...fitting].sort((a, b) => (typeof a === 'number' && typeof b === 'number' ? a - b : 0));
  throw new JwksError('usage', `--${option} ${asked} does not fit algorithm ${alg}`, {
    hint:
      choices.length === 0 ? `${alg} takes no --${option}` : `for ${alg}: --${option} ${choices.join(', ')}`,
  });
}

function refuseUnknown(alg: string): never {
  const alike = algorithms.find((entry) => entry.alg.toLowerCase() === alg.toLowerCase());
  throw new JwksError('usage', `unknown algorithm "${alg}"`, {
    hint:
      alike === undefined ? 'jwks algs lists them' : `did you mean ${alike.alg}? (names are case-sensitive)`,
  });
}

/** The key type that a shape leads to. */
export function ktyOf(shape: KeyShape): Kty {
  if (shape.algorithm.kty !== 'EC or OKP') return shape.algorithm.kty;
  return curves[shape.crv ?? '']?.kty ?? 'EC';
}

/**
 * What this machine can make of an algorithm: the curves it lacks, or all of it (ML-DSA before Node 24.8).
 * Asks node:crypto by making a key, which is cheap for all that it asks about.
 */
export function missingSupport(algorithm: Algorithm): { readonly all: boolean; readonly curves: string[] } {
  if (algorithm.kty === 'AKP') return { all: !canMake(algorithm.alg.toLowerCase()), curves: [] };
  const missing = algorithm.curves.filter((name) => {
    const type = curves[name]?.type;
    return type !== undefined && type !== 'ec' && !canMake(type);
  });
  return { all: missing.length > 0 && missing.length === algorithm.curves.length, curves: missing };
}

function canMake(type: string): boolean {
  try {
    // The typings of Node 20 know neither ML-DSA nor the JWK encoding; an unknown type throws.
    const make = generateKeyPairSync as unknown as (type: string, options: object) => void;
    make(type, { publicKeyEncoding: { format: 'jwk' }, privateKeyEncoding: { format: 'jwk' } });
    return true;
  } catch {
    return false;
  }
}
