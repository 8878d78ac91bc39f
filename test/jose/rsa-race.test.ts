// RSA keys made by racing children: the key works, and nobody is left running.
import { sign, verify } from 'node:crypto';
import { afterEach, expect, test, vi } from 'vitest';
import { type PrivateJwk, toPrivateJwk, toPublicJwk } from '../../src/jose/jwk.ts';
import { toKeyObject } from '../../src/jose/private-key.ts';
import { raceRsa } from '../../src/jose/rsa-race.ts';
import { forNode } from './keys.ts';

function children(): string[] {
  return process.getActiveResourcesInfo().filter((name) => name === 'ProcessWrap');
}

async function race(bits: number): Promise<PrivateJwk> {
  return toPrivateJwk((await raceRsa(bits)) ?? {});
}

afterEach(() => vi.unstubAllEnvs());

test('the key has its size and signs, and every child is gone', async () => {
  const before = process.listenerCount('exit');
  const key = await race(2048);
  await expect.poll(children).toEqual([]);
  expect(process.listenerCount('exit')).toBe(before);

  const object = toKeyObject(key);
  expect(object.asymmetricKeyDetails).toMatchObject({ modulusLength: 2048, publicExponent: 65_537n });
  const signature = sign('sha256', Buffer.from('text'), object);
  expect(verify('sha256', Buffer.from('text'), forNode(toPublicJwk(key)), signature)).toBe(true);
});

test('children get nothing of our environment', async () => {
  // Node would not start with this.
  vi.stubEnv('NODE_OPTIONS', '--no-such-option');
  expect((await race(2048)).kty).toBe('RSA');
});

test('where no child can make one there is none, and no child is left', async () => {
  expect(await raceRsa(-1)).toBeUndefined();
  await expect.poll(children).toEqual([]);
});
