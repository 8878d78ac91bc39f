// What this host has seen and is gone: refused until it is said that this is wanted.
import { existsSync, rmSync } from 'node:fs';
import { expect, test } from 'vitest';
import { Machine } from '../support/cli.ts';
import { filesBelow, snapshotOf } from '../support/snapshot.ts';
import { ok } from './machines.ts';

const json = ['--format', 'json'];

async function machineWithTwoSets(): Promise<{ machine: Machine; keystore: string }> {
  const machine = new Machine();
  await ok(machine, 'create --alg ES256 auth k1');
  await ok(machine, 'create --alg ES256 other o1');
  return { machine, keystore: `${machine.home}/.local/share/jwks` };
}

const commands = ['create --alg ES256 --if-missing auth', 'list', 'list auth', 'export --all', 'export auth'];

test.each(commands)('a set that vanished: %s is exit 6, and the keystore stays as it is', async (command) => {
  const { machine, keystore } = await machineWithTwoSets();
  rmSync(`${keystore}/sets/auth`, { recursive: true });
  const before = snapshotOf(keystore);
  const ran = await machine.jwks([...command.split(' '), ...json]);
  expect(ran).toMatchObject({ status: 6, stdout: '' });
  const { error } = JSON.parse(ran.stderr);
  expect(error).toMatchObject({ code: 'rolled-back' });
  expect(error.hint).toContain('--accept-rollback');
  expect(snapshotOf(keystore)).toEqual(before);
  // Refused once is refused again: nothing was forgotten.
  expect((await machine.jwks(command)).status).toBe(6);
});

test.each([
  ['list', 0],
  ['export --all', 0],
  ['export auth', 3],
  ['create --alg ES256 --if-missing auth', 0],
] as const)('a set that vanished: %s --accept-rollback takes it', async (command, status) => {
  const { machine, keystore } = await machineWithTwoSets();
  rmSync(`${keystore}/sets/auth`, { recursive: true });
  const accepted = await machine.jwks(`${command} --accept-rollback`);
  expect(accepted.status).toBe(status);
  const sets = command.startsWith('create') ? 'auth\nother\n' : 'other\n';
  // What ended with exit 3 was not done, so that it accepted nothing either.
  const again = status === 0 ? 'list -q' : 'list -q --accept-rollback';
  expect(await machine.jwks(again)).toMatchObject({ status: 0, stdout: sets });
  expect((await machine.jwks('export --all')).status).toBe(0);
  expect((await machine.jwks('create --alg ES256 --if-missing auth')).status).toBe(0);
  expect((await machine.jwks('export auth')).status).toBe(0);
});

test('the default keystore that vanished: create is exit 6 and makes nothing, no secret either', async () => {
  const { machine, keystore } = await machineWithTwoSets();
  rmSync(keystore, { recursive: true });
  rmSync(`${machine.home}/.config`, { recursive: true });
  const before = filesBelow(machine.home);
  const ran = await machine.jwks('create --alg ES256 auth --format json');
  expect(ran).toMatchObject({ status: 6, stdout: '' });
  expect(JSON.parse(ran.stderr).error).toMatchObject({ code: 'rolled-back' });
  expect(filesBelow(machine.home)).toEqual(before);
});

test('the default keystore that vanished: --accept-rollback makes a new one', async () => {
  const { machine, keystore } = await machineWithTwoSets();
  const old = JSON.parse((await machine.jwks('config --format json')).stdout);
  rmSync(keystore, { recursive: true });
  const made = await machine.jwks('create --alg ES256 auth new --accept-rollback');
  expect(made.status).toBe(0);
  expect(made.stderr).toContain('made a keystore');
  expect(existsSync(`${keystore}/master/1.json`)).toBe(true);
  expect((await machine.jwks('list -q')).stdout).toBe('auth\n');
  expect((await machine.jwks('create --alg ES256 auth newer')).status).toBe(0);
  expect((await machine.jwks('get auth -q')).stdout).toBe('newer\nnew\n');
  expect(JSON.parse((await machine.jwks('config --format json')).stdout)).toEqual(old);
});
