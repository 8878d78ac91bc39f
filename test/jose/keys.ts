// Keys for tests: one of each shape, made once in a file, RSA as small as it may be.
import { createPublicKey, generateKeyPairSync, type JsonWebKey, type KeyObject } from 'node:crypto';
import { importJWK, type JWK } from 'jose';
import { algorithms, selectKeyShape } from '../../src/jose/algorithms.ts';
import { generateKey } from '../../src/jose/generate.ts';
import { nameJwk, type PrivateJwk, type PublicJwk, toPublicJwk } from '../../src/jose/jwk.ts';
import type { Use } from '../../src/lifecycle/key.ts';

/** Asked of node:crypto itself, in the form that a key is needed in. */
export const canMakeMldsa = canMake();

function canMake(): boolean {
  try {
    const encoding = { publicKeyEncoding: { format: 'jwk' }, privateKeyEncoding: { format: 'jwk' } };
    generateKeyPairSync('ml-dsa-44' as 'ed25519', encoding as object);
    return true;
  } catch {
    return false;
  }
}

export interface Choice {
  readonly alg: string;
  readonly use: Use;
  readonly crv?: string;
  readonly bits?: number;
}

/** Every algorithm with every curve and size of symmetric key, of which this Node can make keys. */
export const choices: readonly Choice[] = algorithms
  .filter(({ kty }) => kty !== 'AKP' || canMakeMldsa)
  .flatMap(({ alg, use, kty, curves, bits }): Choice[] => {
    if (kty === 'RSA') return [{ alg, use, bits: 2048 }];
    if (curves.length > 0) return curves.map((crv) => ({ alg, use, crv }));
    return bits.length > 0 ? bits.map((size) => ({ alg, use, bits: size })) : [{ alg, use }];
  });

export function titleOf({ alg, crv, bits }: Choice): string {
  return [alg, crv ?? bits ?? ''].join(' ').trim();
}

/** Choices as rows of a table of tests. */
export function rowsOf(chosen: readonly Choice[]): [string, Choice][] {
  return chosen.map((choice) => [titleOf(choice), choice]);
}

const made = new Map<string, Promise<PrivateJwk>>();

/** A key that fits, the same one at each call; all RSA keys are one key under several names. */
export async function keyFor(choice: Choice): Promise<PrivateJwk> {
  const { alg, use, bits } = choice;
  const isRsa = /^(RS|PS)/.test(alg);
  const slot = isRsa ? `RSA ${bits}` : titleOf(choice);
  const key = made.get(slot) ?? generateKey(selectKeyShape(choice), { kid: 'test' });
  made.set(slot, key);
  return nameJwk(await key, { kid: 'test', alg, use });
}

/** The half that a verifier or sender is given; of a symmetric key, the key itself. */
export function otherHalf(key: PrivateJwk): PublicJwk | PrivateJwk {
  return key.kty === 'oct' ? key : toPublicJwk(key);
}

export function forJose(key: PublicJwk | PrivateJwk, alg = key.alg ?? '') {
  return importJWK({ ...key } as JWK, alg);
}

export function forNode(key: PublicJwk): KeyObject {
  return createPublicKey({ key: key as unknown as JsonWebKey, format: 'jwk' });
}
