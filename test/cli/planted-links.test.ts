// Links that somebody planted in a keystore: commands write nothing through them.
import { cpSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { Machine } from '../support/cli.ts';
import { snapshotOf } from '../support/snapshot.ts';
import { ok } from './machines.ts';

async function machineWithTwoKeys(): Promise<{ machine: Machine; keystore: string }> {
  const machine = new Machine();
  for (const kid of ['k1', 'k2']) await ok(machine, `create --alg ES256 auth ${kid}`);
  return { machine, keystore: `${machine.home}/.local/share/jwks` };
}

test('create does not empty what a link in place of a superseded document points to', async () => {
  const { machine, keystore } = await machineWithTwoKeys();
  const precious = `${machine.home}/precious`;
  writeFileSync(precious, 'precious');
  rmSync(`${keystore}/sets/auth/1.json`);
  symlinkSync(precious, `${keystore}/sets/auth/1.json`);
  expect((await machine.jwks('create --alg ES256 auth k3 -q')).stdout).toBe('k3\n');
  expect(readFileSync(precious, 'utf8')).toBe('precious');
});

test.each(['sets/auth', 'sets', 'master'])('%s as a link is exit 6 for what writes there', async (path) => {
  const { machine, keystore } = await machineWithTwoKeys();
  const elsewhere = `${machine.home}/elsewhere`;
  renameSync(`${keystore}/${path}`, elsewhere);
  symlinkSync(elsewhere, `${keystore}/${path}`);
  // A master document is written only where a keystore is made.
  if (path === 'master') {
    for (const name of ['master/1.json', 'sets']) rmSync(`${keystore}/${name}`, { recursive: true });
  }
  const before = snapshotOf(elsewhere);
  const words = path === 'master' ? ['--accept-rollback'] : [];
  const ran = await machine.jwks(['create', '--alg', 'ES256', 'auth', 'k3', ...words]);
  expect(ran).toMatchObject({ status: 6, stdout: '' });
  expect(ran.stderr).toContain('is not a directory of its own');
  expect(snapshotOf(elsewhere)).toEqual(before);
});

test('sets as a link is exit 6 for a new set too', async () => {
  const { machine, keystore } = await machineWithTwoKeys();
  const elsewhere = `${machine.home}/elsewhere`;
  cpSync(`${keystore}/sets`, elsewhere, { recursive: true });
  rmSync(`${keystore}/sets`, { recursive: true });
  symlinkSync(elsewhere, `${keystore}/sets`);
  const before = snapshotOf(elsewhere);
  expect(await machine.jwks('create --alg ES256 other')).toMatchObject({ status: 6, stdout: '' });
  expect(snapshotOf(elsewhere)).toEqual(before);
});
