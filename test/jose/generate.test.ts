// New keys of every algorithm: exactly their members, of the right size, with a kid that a command line takes.
import { describe, expect, test } from 'vitest';
import { type Kty, ktyOf, selectKeyShape } from '../../src/jose/algorithms.ts';
import { decodeBase64url } from '../../src/jose/base64url.ts';
import { generateKey, type KidScheme } from '../../src/jose/generate.ts';
import { isSymmetric, toPublicJwk } from '../../src/jose/jwk.ts';
import { toKeyObject } from '../../src/jose/private-key.ts';
import { spkiSha256Of, thumbprintOf } from '../../src/jose/thumbprint.ts';
import { type Choice, canMakeMldsa, choices, rowsOf } from './keys.ts';

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const names = ['kty', 'use', 'alg', 'kid'];
const members: Readonly<Record<Kty, readonly string[]>> = {
  RSA: ['n', 'e', 'd', 'p', 'q', 'dp', 'dq', 'qi'],
  EC: ['crv', 'x', 'y', 'd'],
  OKP: ['crv', 'x', 'd'],
  AKP: ['pub', 'priv'],
  oct: ['k'],
};
/** Bytes of a coordinate, or of the private value, of each curve (RFC 7518 6.2.1.2, RFC 8032, RFC 7748). */
const lengths: Readonly<Record<string, number>> = {
  'P-256': 32,
  'P-384': 48,
  'P-521': 66,
  Ed25519: 32,
  Ed448: 57,
  X25519: 32,
  X448: 56,
};

function bytesOf(text: unknown): Buffer {
  const bytes = decodeBase64url(String(text));
  if (bytes === undefined) throw new Error('not canonical base64url');
  return bytes;
}

function make(choice: Choice, scheme: KidScheme = 'thumbprint') {
  return generateKey(selectKeyShape(choice), { scheme });
}

describe.each(rowsOf(choices))('%s', (_, choice) => {
  test('has its members and no others, all of full length', async () => {
    const shape = selectKeyShape(choice);
    const kty = ktyOf(shape);
    const key = await make(choice);
    expect(Object.keys(key).sort()).toEqual([...names, ...members[kty]].sort());
    expect(key).toMatchObject({ kty, alg: choice.alg, use: choice.use });
    const values = members[kty].filter((name) => name !== 'crv').map((name) => bytesOf(key[name]));
    if (kty === 'oct') expect(values.map(({ length }) => length * 8)).toEqual([choice.bits]);
    if (kty === 'RSA') {
      expect(toKeyObject(key).asymmetricKeyDetails).toMatchObject({
        modulusLength: 2048,
        publicExponent: 65_537n,
      });
      expect(key['e']).toBe('AQAB');
    }
    if (choice.crv !== undefined) {
      expect(key['crv']).toBe(choice.crv);
      for (const { length } of values) expect(length).toBe(lengths[choice.crv]);
    }
    if (isSymmetric(key)) expect(key.kid).toMatch(uuid);
    else expect(key.kid).toBe(thumbprintOf(toPublicJwk(key)));
  });
});

describe('a kid', () => {
  const ed25519: Choice = { alg: 'EdDSA', use: 'sig' };

  test('is a UUID on request, and for a symmetric key whatever is asked', async () => {
    expect((await make(ed25519, 'uuid')).kid).toMatch(uuid);
    const symmetric: Choice = { alg: 'HS256', use: 'sig' };
    for (const scheme of ['thumbprint', 'uuid', 'spki-sha256'] as const)
      expect((await make(symmetric, scheme)).kid).toMatch(uuid);
  });

  test('is the hash of the SubjectPublicKeyInfo on request', async () => {
    for (const choice of [ed25519, { alg: 'ES384', use: 'sig' }] as const) {
      const key = await make(choice, 'spki-sha256');
      expect(key.kid).toBe(spkiSha256Of(toPublicJwk(key)));
      expect(key.kid).not.toBe(thumbprintOf(key));
    }
  });

  // One hash in 64 begins so: of 400 keys, none by chance once in 500 runs.
  test.each(['thumbprint', 'spki-sha256'] as const)('from %s never begins with "-"', async (scheme) => {
    const keys = await Promise.all(Array.from({ length: 400 }, () => make(ed25519, scheme)));
    const kids = keys.map(({ kid }) => String(kid));
    expect(kids.filter((kid) => kid.startsWith('-'))).toEqual([]);
    expect(new Set(kids).size).toBe(400);
  });

  test('that is given is taken as it is', async () => {
    const kid = '-ключ 1';
    expect((await generateKey(selectKeyShape(ed25519), { kid })).kid).toBe(kid);
  });
});

test('no two symmetric keys are the same', async () => {
  const keys = await Promise.all(Array.from({ length: 50 }, () => make({ alg: 'A128KW', use: 'enc' })));
  expect(new Set(keys.map((key) => key['k'])).size).toBe(50);
});

test.skipIf(canMakeMldsa)(
  `ML-DSA says which Node it takes${canMakeMldsa ? ' (skipped: this Node can make it)' : ''}`,
  async () => {
    const made = make({ alg: 'ML-DSA-65', use: 'sig' });
    await expect(made).rejects.toMatchObject({
      code: 'unsupported',
      hint: expect.stringMatching(/Node 24\.8 or newer/),
    });
  },
);
