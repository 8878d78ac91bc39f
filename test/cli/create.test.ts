import { expect, test } from 'vitest';
import { Machine } from '../support/cli.ts';

test('the first create makes keystore, secret and key, and prints the public half only', async () => {
  const machine = new Machine();
  const created = await machine.jwks('create --alg ES256 auth');
  expect(created.status).toBe(0);
  const { keys } = JSON.parse(created.stdout);
  expect(keys).toHaveLength(1);
  expect(Object.keys(keys[0]).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']);
});
