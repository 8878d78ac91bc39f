// No result replaces the keystore or a secret.
import { readFileSync, symlinkSync } from 'node:fs';
import { expect, test } from 'vitest';
import { Machine } from '../support/cli.ts';

test.each([
  '.config/jwks/secret',
  '.local/share/jwks/sets/auth/1.json',
  '.local/share/jwks/new.json',
  'work/named-secret',
])('-o %s is refused, with and without --force, also through a link', async (path) => {
  const machine = new Machine();
  await machine.jwks('create --alg ES256 auth');
  await machine.jwks('secret generate -o named-secret');
  symlinkSync(`${machine.home}/${path}`, `${machine.home}/work/link`);
  const secret = readFileSync(`${machine.home}/.config/jwks/secret`, 'utf8');
  const env = path.endsWith('named-secret') ? { JWKS_SECRET_FILE: 'named-secret' } : {};
  for (const place of [`${machine.home}/${path}`, 'link']) {
    for (const words of ['export auth', 'export auth --force']) {
      const ran = await machine.jwks([...words.split(' '), '-o', place], { env });
      expect([ran.status, ran.stderr]).toEqual([
        2,
        expect.stringContaining('part of the keystore or its secret'),
      ]);
    }
  }
  expect(readFileSync(`${machine.home}/.config/jwks/secret`, 'utf8')).toBe(secret);
  expect((await machine.jwks('get auth --private --yes')).status).toBe(0);
});

test('-o - is stdout', async () => {
  const machine = new Machine();
  await machine.jwks('create --alg ES256 auth');
  const plain = await machine.jwks('export auth');
  expect(await machine.jwks('export auth -o -')).toEqual(plain);
});
