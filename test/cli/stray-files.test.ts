// What lies in a keystore and is none of its documents is in nobody's way.
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { Machine } from '../support/cli.ts';
import { ok } from './machines.ts';

test('stray files, links and empty directories beside the sets', async () => {
  const machine = new Machine();
  await ok(machine, 'create --alg ES256 auth k1');
  const usual = await machine.jwks('export --all');
  expect(usual.status).toBe(0);
  const sets = `${machine.home}/.local/share/jwks/sets`;
  for (const name of ['README', '.DS_Store', 'Thumbs.db', '1.json'])
    writeFileSync(`${sets}/${name}`, 'stray');
  for (const name of ['notes.txt', '.swp', '01.json', '2.json~'])
    writeFileSync(`${sets}/auth/${name}`, 'stray');
  symlinkSync('README', `${sets}/link`);
  symlinkSync('/nowhere', `${sets}/dangling`);
  mkdirSync(`${sets}/empty`);
  mkdirSync(`${sets}/.hidden`);
  expect(await machine.jwks('list -q')).toEqual({ status: 0, stdout: 'auth\n', stderr: '' });
  expect(await machine.jwks('export --all')).toEqual(usual);
  expect((await machine.jwks('create -q --alg ES256 auth k2')).stdout).toBe('k2\n');
});

test('a copy of a set under a name that none is written as', async () => {
  const machine = new Machine();
  await ok(machine, 'create --alg ES256 pay k1');
  const sets = `${machine.home}/.local/share/jwks/sets`;
  cpSync(`${sets}/pay`, `${sets}/PAY`, { recursive: true });
  expect(await machine.jwks('list -q')).toEqual({ status: 0, stdout: 'pay\n', stderr: '' });
  expect((await machine.jwks('backup backup.json')).status).toBe(0);
  const { findings } = JSON.parse((await machine.jwks('doctor --format json')).stdout);
  expect(findings).toMatchObject([{ code: 'single-slot' }, { code: 'stray-file', severity: 'warning' }]);
});
