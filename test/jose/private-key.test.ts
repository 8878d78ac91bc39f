// Private JWKs as node:crypto keys, of every kind: the same key, whose public half is ours.
import { expect, test } from 'vitest';
import { curves } from '../../src/jose/algorithms.ts';
import { toPublicJwk } from '../../src/jose/jwk.ts';
import { toKeyObject } from '../../src/jose/private-key.ts';
import { choices, forNode, keyFor, rowsOf } from './keys.ts';

test.each(rowsOf(choices))('%s', async (_, choice) => {
  const key = await keyFor(choice);
  const object = toKeyObject(key);
  if (key.kty === 'oct') {
    expect([object.type, object.symmetricKeySize]).toEqual(['secret', (choice.bits ?? 0) / 8]);
    expect(object.export().toString('base64url')).toBe(key['k']);
    return;
  }
  const type = key.kty === 'RSA' ? 'rsa' : (curves[choice.crv ?? '']?.type ?? choice.alg.toLowerCase());
  expect([object.type, object.asymmetricKeyType]).toEqual(['private', type]);
  const { kid: _kid, alg: _alg, use: _use, ...members } = key;
  const { alg: _same, ...exported } = object.export({ format: 'jwk' }) as Record<string, unknown>;
  expect(exported).toEqual(members);
  const { kid: _k, alg: _a, use: _u, ...half } = toPublicJwk(key);
  expect(forNode(toPublicJwk(key)).export({ format: 'jwk' })).toMatchObject(half);
});
