// The table of algorithms: what is in it, and which requests contradict themselves.
import { describe, expect, test } from 'vitest';
import { JwksError } from '../../src/errors.ts';
import {
  type AlgorithmRequest,
  algorithms,
  findAlgorithm,
  ktyOf,
  missingSupport,
  selectKeyShape,
} from '../../src/jose/algorithms.ts';
import { canMakeMldsa } from './keys.ts';

const promised = {
  sig: {
    RSA: ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
    EC: ['ES256', 'ES384', 'ES512'],
    OKP: ['EdDSA', 'Ed25519', 'Ed448'],
    AKP: ['ML-DSA-44', 'ML-DSA-65', 'ML-DSA-87'],
    oct: ['HS256', 'HS384', 'HS512'],
  },
  enc: {
    RSA: ['RSA-OAEP', 'RSA-OAEP-256', 'RSA-OAEP-384', 'RSA-OAEP-512'],
    'EC or OKP': ['ECDH-ES', 'ECDH-ES+A128KW', 'ECDH-ES+A192KW', 'ECDH-ES+A256KW'],
    oct: ['A128KW', 'A192KW', 'A256KW', 'A128GCMKW', 'A192GCMKW', 'A256GCMKW', 'dir'],
  },
} as const;
const rows = Object.entries(promised).flatMap(([use, types]) =>
  Object.entries<readonly string[]>(types).flatMap(([kty, names]) =>
    names.map((alg) => [alg, use, kty] as const),
  ),
);

function refusal(request: AlgorithmRequest): JwksError {
  try {
    selectKeyShape(request);
  } catch (error) {
    if (error instanceof JwksError) return error;
    throw error;
  }
  throw new Error('it was not refused');
}

describe('the table', () => {
  test.each(rows)('%s is for %s and takes %s', (alg, use, kty) => {
    expect(findAlgorithm(alg)).toMatchObject({ alg, use, kty });
    expect(findAlgorithm(alg)?.source).toMatch(/^RFC \d{4}/);
  });

  test('there is nothing else in it, and nothing twice: no "none", no RSA1_5, no PBES2', () => {
    const names = algorithms.map(({ alg }) => alg);
    expect(names.sort()).toEqual(rows.map(([alg]) => alg).sort());
  });

  test.each([
    ['RS256', { bits: 4096 }, 'RSA'],
    ['RSA-OAEP', { bits: 4096 }, 'RSA'],
    ['ES256', { crv: 'P-256' }, 'EC'],
    ['ES384', { crv: 'P-384' }, 'EC'],
    ['ES512', { crv: 'P-521' }, 'EC'],
    ['EdDSA', { crv: 'Ed25519' }, 'OKP'],
    ['Ed25519', { crv: 'Ed25519' }, 'OKP'],
    ['Ed448', { crv: 'Ed448' }, 'OKP'],
    ['ML-DSA-65', {}, 'AKP'],
    ['HS256', { bits: 256 }, 'oct'],
    ['HS384', { bits: 384 }, 'oct'],
    ['HS512', { bits: 512 }, 'oct'],
    ['ECDH-ES', { crv: 'P-256' }, 'EC'],
    ['A128KW', { bits: 128 }, 'oct'],
    ['A192GCMKW', { bits: 192 }, 'oct'],
    ['A256KW', { bits: 256 }, 'oct'],
    ['dir', { bits: 256 }, 'oct'],
  ])('%s by itself means %j, a key of type %s', (alg, chosen, kty) => {
    const shape = selectKeyShape({ alg });
    expect(shape).toEqual({ algorithm: findAlgorithm(alg), bits: undefined, crv: undefined, ...chosen });
    expect(ktyOf(shape)).toBe(kty);
  });

  test.each([
    [{ alg: 'EdDSA', crv: 'Ed448' }, 'OKP'],
    [{ alg: 'ECDH-ES', crv: 'X25519', use: 'enc' }, 'OKP'],
    [{ alg: 'ECDH-ES+A256KW', crv: 'X448' }, 'OKP'],
    [{ alg: 'ECDH-ES', crv: 'P-521' }, 'EC'],
    [{ alg: 'RS512', bits: 2048, use: 'sig' }, 'RSA'],
    [{ alg: 'HS256', bits: 512 }, 'oct'],
    [{ alg: 'dir', bits: 384 }, 'oct'],
  ] as const)('%j is a key of type %s', (request, kty) => {
    const shape = selectKeyShape(request);
    expect(ktyOf(shape)).toBe(kty);
    expect(shape).toMatchObject({
      ...('crv' in request && { crv: request.crv }),
      ...('bits' in request && { bits: request.bits }),
    });
  });
});

describe('a request that contradicts itself is a usage error, and the hint says what fits', () => {
  test.each<[AlgorithmRequest, string]>([
    [{ alg: 'RS256', use: 'enc' }, 'for --use enc: RSA-OAEP-256,'],
    [{ alg: 'ECDH-ES', use: 'sig' }, 'for --use sig: RS256,'],
    [{ alg: 'RS256', bits: 1024 }, 'for RS256: --bits 2048, 3072, 4096'],
    [{ alg: 'PS384', bits: 8192 }, '2048, 3072, 4096'],
    [{ alg: 'RS256', bits: Number.NaN }, '2048, 3072, 4096'],
    [{ alg: 'HS512', bits: 256 }, 'for HS512: --bits 512'],
    [{ alg: 'HS384', bits: 256 }, '384, 512'],
    [{ alg: 'A128KW', bits: 256 }, '128'],
    [{ alg: 'dir', bits: 64 }, '128, 192, 256, 384, 512'],
    [{ alg: 'ES256', crv: 'P-384' }, 'for ES256: --crv P-256'],
    [{ alg: 'ES256', crv: 'p-256' }, 'P-256'],
    [{ alg: 'ES256', crv: 'secp256k1' }, 'P-256'],
    [{ alg: 'ES256', bits: 256 }, 'ES256 takes no --bits'],
    [{ alg: 'EdDSA', crv: 'X25519' }, 'Ed25519, Ed448'],
    [{ alg: 'Ed25519', crv: 'Ed448' }, 'Ed25519'],
    [{ alg: 'RS256', crv: 'P-256' }, 'RS256 takes no --crv'],
    [{ alg: 'HS256', crv: 'P-256' }, 'HS256 takes no --crv'],
    [{ alg: 'ECDH-ES', crv: 'Ed25519' }, 'P-256, P-384, P-521, X25519, X448'],
    [{ alg: 'ML-DSA-44', bits: 44 }, 'ML-DSA-44 takes no --bits'],
    [{ alg: 'rs256' }, 'did you mean RS256?'],
    [{ alg: 'eddsa' }, 'did you mean EdDSA?'],
    [{ alg: 'none' }, 'jwks algs'],
    [{ alg: 'RSA1_5' }, 'jwks algs'],
    [{ alg: 'ES256K' }, 'jwks algs'],
    [{ alg: '__proto__' }, 'jwks algs'],
    [{ alg: '' }, 'jwks algs'],
  ])('%j: %s', (request, hint) => {
    const error = refusal(request);
    expect(error.code).toBe('usage');
    expect(error.hint).toContain(hint);
  });

  test('the algorithms that a hint names fit what was asked for', () => {
    for (const use of ['sig', 'enc'] as const) {
      const { hint } = refusal({ alg: use === 'sig' ? 'dir' : 'RS256', use });
      const named = hint?.split(': ')[1]?.split(', ') ?? [];
      expect(named.map((alg) => selectKeyShape({ alg, use }).algorithm.use)).toEqual(named.map(() => use));
      expect(named).toHaveLength(algorithms.filter((entry) => entry.use === use).length);
    }
  });
});

test('what this machine lacks is what node:crypto cannot make', () => {
  for (const algorithm of algorithms) {
    const missing = missingSupport(algorithm);
    if (algorithm.kty === 'AKP') expect(missing.all).toBe(!canMakeMldsa);
    else expect(missing).toEqual({ all: false, curves: [] });
  }
});
