// jwks doctor and the secret: whether it opens what it should, and what is told where nothing private is proved.
import {
  chmodSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { toCanonicalJson } from '../../src/keystore/schema.ts';
import { Machine, type Settings } from '../support/cli.ts';
import { machineAfter, ok, secretOf, stateOf } from './machines.ts';

function machineWithSets(): Promise<Machine> {
  return machineAfter('create --alg ES256 auth k1', 'create --alg EdDSA auth k2');
}

async function told(machine: Machine, words = '', settings: Settings = {}) {
  const ran = await machine.jwks(`doctor ${words} --format json`, settings);
  const { findings } = JSON.parse(ran.stdout) as {
    findings: { severity: string; code: string; message: string }[];
  };
  const own = findings.filter(({ code }) => code !== 'single-slot');
  return { status: ran.status, codes: own.map(({ severity, code }) => `${severity} ${code}`), own };
}

function leadNowhere(path: string): void {
  rmSync(path);
  symlinkSync('/nowhere/secret', path);
}

const broken: readonly (readonly [string, (path: string) => void, string])[] = [
  ['another generated secret', (path) => writeFileSync(path, `jwks_secret_${'A'.repeat(43)}\n`), 'secret'],
  ['an empty file', (path) => writeFileSync(path, ''), 'secret'],
  ['a link that leads nowhere', leadNowhere, 'secret-file'],
];

test.each(broken)(
  '%s in place of the secret of the default keystore is an error',
  async (_, breakIt, code) => {
    const machine = await machineWithSets();
    rmSync(stateOf(machine), { recursive: true });
    breakIt(secretOf(machine));
    const { status, codes } = await told(machine);
    expect(status).toBe(1);
    expect(codes).toContain(`error ${code}`);
  },
);

test.each(broken)('%s: another keystore, unless this host has opened it before', async (_, breakIt, code) => {
  const machine = new Machine();
  await ok(machine, 'init --keystore keys');
  breakIt(secretOf(machine));
  expect(await told(machine, '--keystore keys')).toMatchObject({ status: 1 });
  rmSync(stateOf(machine), { recursive: true });
  const { status, codes } = await told(machine, '--keystore keys');
  expect([status, codes.includes(`warning ${code}`)]).toEqual([0, true]);
});

test('a secret that is named and empty is an error', async () => {
  const machine = await machineWithSets();
  const { status, codes } = await told(machine, '', { env: { JWKS_SECRET: '' } });
  expect([status, codes]).toEqual([1, ['error secret', 'warning not-opened']]);
});

test('without a secret it is no error, and said that nothing private was proved', async () => {
  const machine = await machineWithSets();
  rmSync(secretOf(machine));
  const ran = await machine.jwks('doctor');
  expect(ran.status).toBe(0);
  expect(ran.stderr).toBe(
    'jwks: no errors: 1 set; without the secret nothing private was opened or proved\n',
  );
});

test('a link that leads nowhere is no first run: it is told', async () => {
  const machine = await machineWithSets();
  leadNowhere(secretOf(machine));
  expect(await machine.jwks('create --alg ES256 auth')).toMatchObject({
    status: 4,
    stderr: expect.stringContaining(`${secretOf(machine)} cannot be read`),
  });
});

test('an open secret behind a link: what to run is told, and a repair does not try', async () => {
  const machine = await machineWithSets();
  const real = `${machine.home}/real secret`;
  renameSync(secretOf(machine), real);
  symlinkSync(real, secretOf(machine));
  chmodSync(real, 0o644);
  for (const words of ['', '--repair']) {
    const { own } = await told(machine, words);
    expect(own[0]).toMatchObject({
      code: 'secret-file',
      message: expect.stringContaining(`chmod 600 '${real}'`),
    });
    expect(JSON.stringify(own)).not.toContain('--repair');
  }
  expect((await machine.jwks('doctor --repair')).stderr).not.toContain('could not be repaired');
});

test('a sealed half that was changed is damaged and did not go back', async () => {
  const machine = await machineWithSets();
  const path = `${machine.home}/.local/share/jwks/sets/auth/2.json`;
  const document = JSON.parse(readFileSync(path, 'utf8'));
  const ciphertext = Buffer.from(document.ciphertext, 'base64url');
  ciphertext[0] = (ciphertext[0] ?? 0) ^ 1;
  writeFileSync(path, toCanonicalJson({ ...document, ciphertext: ciphertext.toString('base64url') }));
  const { own } = await told(machine);
  expect(own).toMatchObject([{ code: 'damaged', severity: 'error' }]);
  expect(own[0]?.message).not.toContain('--accept-rollback');
  rmSync(secretOf(machine));
  expect((await told(machine)).codes).toEqual(['error rolled-back', 'warning not-opened']);
});

test('a memory of what was seen that is damaged is told before it begins anew', async () => {
  const machine = await machineWithSets();
  const [name = ''] = readdirSync(stateOf(machine));
  writeFileSync(join(stateOf(machine), name), '{bad');
  const { codes, own } = await told(machine);
  expect(codes).toEqual(['warning state']);
  expect(own[0]?.message).toContain(join(stateOf(machine), name));
  expect((await told(machine)).codes).toEqual([]);
});
