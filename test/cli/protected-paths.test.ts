// No result replaces the keystore or a secret.
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { Machine } from '../support/cli.ts';
import { snapshotOf } from '../support/snapshot.ts';
import { ok } from './machines.ts';

test.each([
  '.config/jwks/secret',
  '.local/share/jwks/sets/auth/1.json',
  '.local/share/jwks/new.json',
  'work/named-secret',
])('-o %s is refused, with and without --force, also through a link', async (path) => {
  const machine = new Machine();
  await ok(machine, 'create --alg ES256 auth');
  await ok(machine, 'secret generate -o named-secret');
  symlinkSync(`${machine.home}/${path}`, `${machine.home}/work/link`);
  const secret = readFileSync(`${machine.home}/.config/jwks/secret`, 'utf8');
  const env = path.endsWith('named-secret') ? { JWKS_SECRET_FILE: 'named-secret' } : {};
  for (const place of [`${machine.home}/${path}`, 'link']) {
    for (const words of ['export auth', 'export auth --force']) {
      const ran = await machine.jwks([...words.split(' '), '-o', place], { env });
      expect([ran.status, ran.stderr]).toEqual([2, expect.stringContaining('what jwks relies on itself')]);
    }
  }
  expect(readFileSync(`${machine.home}/.config/jwks/secret`, 'utf8')).toBe(secret);
  expect((await machine.jwks('get auth --private --yes')).status).toBe(0);
});

test.each([
  ['the audit file', 'trail/audit.jsonl'],
  ['what this host has seen', '.local/state/jwks/*'],
  ['the configuration that is read', '.config/jwks/config.yaml'],
  ['the place of one that is not there', '.config/jwks/config.json'],
  ["the project's configuration", 'work/.jwksrc.json'],
])('no result goes to %s', async (_, place) => {
  const machine = new Machine();
  const { home } = machine;
  await ok(machine, 'create --alg ES256 auth');
  mkdirSync(`${home}/trail`);
  writeFileSync(`${home}/trail/audit.jsonl`, '{}\n', { mode: 0o600 });
  writeFileSync(`${home}/.config/jwks/config.yaml`, `audit: ${home}/trail/audit.jsonl\n`);
  writeFileSync(`${home}/work/.jwksrc.json`, '{}');
  const [seen = ''] = readdirSync(`${home}/.local/state/jwks`);
  const path = `${home}/${place.replace('*', seen)}`;
  // Also by another way there: a home whose path has a link in it.
  symlinkSync(home, `${home}/../linked`);
  const before = snapshotOf(home);
  for (const at of [path, path.replace(home, `${home}/../linked`)]) {
    for (const words of ['export auth -o', 'get auth --private --yes --force -o', 'backup --force']) {
      const ran = await machine.jwks([...words.split(' '), at]);
      expect([words, ran.status, ran.stderr]).toEqual([words, 2, expect.stringContaining('relies on')]);
    }
  }
  expect(snapshotOf(home)).toEqual(before);
});

test('nor through a link to where a secret or a configuration would be', async () => {
  const machine = new Machine();
  await ok(machine, 'create --alg ES256 auth');
  const target = `${machine.home}/dotfiles.json`;
  symlinkSync(target, `${machine.home}/.config/jwks/config.json`);
  expect((await machine.jwks(`export auth -o ${target}`)).status).toBe(2);
  expect(existsSync(target)).toBe(false);
});

test('-o - is stdout', async () => {
  const machine = new Machine();
  await ok(machine, 'create --alg ES256 auth');
  const plain = await machine.jwks('export auth');
  expect(await machine.jwks('export auth -o -')).toEqual(plain);
});
