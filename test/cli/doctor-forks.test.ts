// jwks doctor on revisions that disagree: what holds the only copy of a key is never emptied.
import { execFileSync } from 'node:child_process';
import { copyFileSync, readFileSync, rmSync, statSync } from 'node:fs';
import { expect, test } from 'vitest';
import { Machine } from '../support/cli.ts';
import { keystoreOf, ok, stateOf } from './machines.ts';

const sizeOf = (machine: Machine, name: string) => statSync(`${keystoreOf(machine)}/${name}.json`).size;

async function findings(machine: Machine, words = ''): Promise<{ codes: string[]; repairs: string[] }> {
  const ran = await machine.jwks(`doctor ${words} --format json`);
  const { ok, findings: told, repairs = [] } = JSON.parse(ran.stdout);
  expect([ran.status, ok]).toEqual(
    told.some(({ severity }: { severity: string }) => severity === 'error') ? [1, false] : [0, true],
  );
  const codes = told.map(({ severity, code }: { severity: string; code: string }) => `${severity} ${code}`);
  return { codes: codes.filter((code: string) => code !== 'warning single-slot'), repairs };
}

/** With modes, which cpSync of Node 22 makes anew for directories. */
const copyTree = (from: string, to: string) => execFileSync('cp', ['-Rp', from, to]);

const create = (machine: Machine, kid: string, words = '--alg ES256') =>
  machine.jwks(`create ${words} auth ${kid}`);

/** Revision 2 holds kA; revision 3 is of another history that goes on from revision 1. */
async function forked(): Promise<Machine> {
  const machine = new Machine();
  const [keystore, copy] = [keystoreOf(machine), `${machine.home}/copy`];
  await create(machine, 'first');
  copyTree(keystore, copy);
  await create(machine, 'kA');
  rmSync(stateOf(machine), { recursive: true });
  for (const kid of ['kB', 'kC']) await create(machine, kid, `--keystore ${copy} --alg ES256`);
  rmSync(stateOf(machine), { recursive: true });
  copyFileSync(`${copy}/sets/auth/3.json`, `${keystore}/sets/auth/3.json`);
  return machine;
}

test('a revision that the next one does not follow from is an error, and is never emptied', async () => {
  const machine = await forked();
  for (const words of ['', '--repair', '--repair'])
    expect(await findings(machine, words)).toEqual({ codes: ['error forked'], repairs: [] });
  // What it advises: the key is there, in a copy without the revisions above.
  const copy = `${machine.home}/other`;
  copyTree(keystoreOf(machine), copy);
  rmSync(`${copy}/sets/auth/3.json`);
  const saved = await machine.jwks(
    `export auth --private --yes --accept-rollback --keystore ${copy} -o saved.json`,
  );
  expect(saved.status).toBe(0);
  expect(readFileSync(`${machine.home}/work/saved.json`, 'utf8')).toMatch(/"kid": ?"kA"/);
});

test('a change does not empty it either', async () => {
  const machine = await forked();
  expect((await create(machine, 'later')).status).toBe(0);
  expect(sizeOf(machine, 'sets/auth/3')).toBe(0);
  expect(sizeOf(machine, 'sets/auth/2')).toBeGreaterThan(0);
  // No chain leads to the newest any more: its key decides.
  expect(await findings(machine, '--repair')).toEqual({ codes: ['error forked'], repairs: [] });
});

/** Puts a copy of a revision back once others have superseded it. */
async function putBack(name: string, steps: readonly string[]): Promise<Machine> {
  const machine = new Machine();
  const path = `${keystoreOf(machine)}/${name}.json`;
  for (const step of steps) {
    if (step === 'keep') copyFileSync(path, `${machine.home}/kept`);
    else expect([step, (await machine.jwks(step)).status]).toEqual([step, 0]);
  }
  copyFileSync(`${machine.home}/kept`, path);
  return machine;
}

test.each([
  ['its keys are in the newest', 'ES256', 'create --alg ES256 auth b'],
  ['its symmetric keys are', 'HS256', 'create --alg HS256 auth b'],
  ['its keys have left their names', 'ES256', 'delete auth --kid a --yes'],
  ['its symmetric keys have', 'HS256', 'delete auth --kid a --yes'],
])('one that no chain joins to the newest is superseded where %s', async (_, alg, step) => {
  const machine = await putBack('sets/auth/1', [
    `create --alg ${alg} auth a`,
    'keep',
    step,
    `create --alg ${alg} auth c`,
  ]);
  expect((await findings(machine)).codes).toEqual(['warning superseded']);
  expect(await findings(machine, '--repair')).toEqual({
    codes: [],
    repairs: ['emptied the superseded sets/auth/1.json'],
  });
});

test('one whose key has the name of another key is not', async () => {
  for (const alg of ['HS256', 'ES256']) {
    const machine = new Machine();
    const copy = `${machine.home}/copy`;
    await ok(machine, 'init');
    copyTree(keystoreOf(machine), copy);
    await ok(machine, `create --alg ${alg} auth a --keystore ${copy}`);
    rmSync(stateOf(machine), { recursive: true });
    for (const kid of ['a', 'b', 'c']) await create(machine, kid, `--alg ${alg}`);
    copyFileSync(`${copy}/sets/auth/1.json`, `${keystoreOf(machine)}/sets/auth/1.json`);
    expect(await findings(machine, '--repair')).toEqual({ codes: ['error forked'], repairs: [] });
  }
});

test('one that does not open is not', async () => {
  const machine = await putBack('sets/auth/1', [
    'create --alg ES256 auth a',
    'keep',
    'create --alg ES256 auth b',
    'rekey',
  ]);
  expect(await findings(machine, '--repair')).toEqual({ codes: ['error forked'], repairs: [] });
});

test('the master document: what opens no more than the newest may go', async () => {
  const steps = [
    'create --alg ES256 auth a',
    'keep',
    'secret add --new-secret-file one --label one',
    'secret add --new-secret-file two --label two',
  ];
  const machine = await putBack('master/1', steps);
  expect(await findings(machine, '--repair')).toEqual({
    codes: [],
    repairs: ['emptied the superseded master/1.json'],
  });
  const rekeyed = await putBack('master/1', ['create --alg ES256 auth a', 'keep', 'rekey']);
  expect(await findings(rekeyed, '--repair')).toEqual({ codes: ['error forked'], repairs: [] });
});
