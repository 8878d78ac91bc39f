// jwks secret change: what it refuses before anything is lost, whose files it leaves alone, and what it says.
import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import {
  chownSync,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Machine, Ran } from '../support/cli.ts';
import { snapshotOf } from '../support/snapshot.ts';
import { machineAfter, ok, secretOf } from './machines.ts';

const passphrase = 'correct horse battery staple';
const isRoot = process.geteuid?.() === 0;

function machineWithKey(): Promise<Machine> {
  return machineAfter('create --alg ES256 auth');
}

const textOf = (path: string): string => readFileSync(path, 'utf8');
const opens = async (machine: Machine, argv = '', settings = {}): Promise<number> =>
  (await machine.jwks(`export auth --private --yes ${argv}`, settings)).status;

async function labels(machine: Machine): Promise<string[]> {
  const { stdout } = await machine.jwks('secret list --format json');
  return JSON.parse(stdout).secrets.map(({ label }: { label: string }) => label);
}

/** Runs it, and shows that nothing was changed by it. */
async function refusal(machine: Machine, argv: string, settings = {}): Promise<Ran> {
  const before = snapshotOf(machine.home);
  const ran = await machine.jwks(argv, settings);
  expect(snapshotOf(machine.home)).toEqual(before);
  return ran;
}

describe('other keystores of this host that the secret unlocks', () => {
  async function machineWithTwo(): Promise<Machine> {
    const machine = await machineWithKey();
    await ok(machine, 'init --keystore other');
    await ok(machine, 'create --alg ES256 auth --keystore other');
    return machine;
  }

  test('are named, and the secret stays', async () => {
    const machine = await machineWithTwo();
    const ran = await refusal(machine, 'secret change');
    expect(ran).toMatchObject({ status: 5, stderr: expect.stringContaining('~/work/other') });
    expect(await opens(machine, '--keystore other')).toBe(0);
  });

  test('with --force it is kept beside the new one, and no later change takes that', async () => {
    const machine = await machineWithTwo();
    const ran = await machine.jwks('secret change --force -q');
    expect(ran).toMatchObject({ status: 0, stderr: expect.stringContaining('secret.old') });
    expect(await opens(machine)).toBe(0);
    expect(await opens(machine, `--keystore other --secret-file ${secretOf(machine)}.old`)).toBe(0);
    expect((await refusal(machine, 'secret change')).status).toBe(5);
  });

  test('are in nobody’s way where the new one goes elsewhere', async () => {
    const machine = await machineWithTwo();
    expect((await machine.jwks('secret change --new-secret-file new')).status).toBe(0);
    expect(await opens(machine, '--keystore other')).toBe(0);
    expect(await opens(machine, `--secret-file ${machine.home}/work/new`)).toBe(0);
  });

  test('do not count where they are gone, or have secrets of their own', async () => {
    const machine = await machineWithTwo();
    await ok(machine, 'secret generate -o third-secret');
    expect((await machine.jwks('init --keystore third --secret-file third-secret')).status).toBe(0);
    rmSync(`${machine.home}/work/other`, { recursive: true });
    expect((await machine.jwks('secret change')).status).toBe(0);
    expect(existsSync(`${secretOf(machine)}.old`)).toBe(false);
  });

  test('where one cannot be looked at, the secret from before is kept', async () => {
    const machine = await machineWithTwo();
    const master = `${machine.home}/work/other/master`;
    const newest = readdirSync(master).sort().at(-1) ?? '';
    writeFileSync(join(master, newest), 'not what it was');
    expect(await machine.jwks('secret change -q')).toMatchObject({
      status: 0,
      stderr: expect.stringContaining('secret.old'),
    });
    expect(existsSync(`${secretOf(machine)}.old`)).toBe(true);
  });
});

describe("a recipient's private key is in use", () => {
  async function machineWithRecipient(): Promise<{ machine: Machine; env: Record<string, string> }> {
    const machine = await machineWithKey();
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const [open, closed] = [`${machine.home}/work/open.pem`, `${machine.home}/work/closed.pem`];
    writeFileSync(open, publicKey.export({ type: 'spki', format: 'pem' }));
    writeFileSync(closed, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
    await ok(machine, `secret add --label recovery --recipient ${open}`);
    return { machine, env: { JWKS_SECRET_FILE: closed } };
  }

  test('its file is not replaced', async () => {
    const { machine, env } = await machineWithRecipient();
    const ran = await refusal(machine, 'secret change', { env });
    expect(ran).toMatchObject({ status: 2, stderr: expect.stringContaining('--new-secret-file') });
  });

  test('a file that is named takes its place, and the key stays where it was', async () => {
    const { machine, env } = await machineWithRecipient();
    const key = textOf(`${machine.home}/work/closed.pem`);
    const ran = await machine.jwks('secret change --new-secret-file new', { env });
    expect([ran.status, ran.stderr.includes('still holds')]).toEqual([0, false]);
    expect(textOf(`${machine.home}/work/closed.pem`)).toBe(key);
    expect(await opens(machine, `--secret-file ${machine.home}/work/new`)).toBe(0);
  });
});

describe('a result is written over no secret', () => {
  test.each([
    'secret change --new-secret-file ./n -o ./n',
    'secret change --new-secret-file ./n -o ./n.old',
    'secret add --new-secret-file ./n -o ./n',
    'rekey --secret-file ./one --secret-file ./two -o ./two',
    'secret list -o ../.config/jwks/secret.old',
  ])('%s', async (argv) => {
    const machine = await machineWithKey();
    expect(await refusal(machine, argv)).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('what jwks relies on itself'),
    });
  });
});

describe('a file .old', () => {
  test('that a person has made is neither replaced nor removed', async () => {
    const machine = await machineWithKey();
    copyFileSync(secretOf(machine), `${secretOf(machine)}.old`);
    const ran = await refusal(machine, 'secret change');
    expect(ran).toMatchObject({ status: 5, stderr: expect.stringContaining('secret.old is there already') });
    expect(await labels(machine)).toEqual(['first']);
  });

  test('that is a directory: nothing is begun', async () => {
    const machine = await machineWithKey();
    mkdirSync(`${secretOf(machine)}.old`);
    expect((await refusal(machine, 'secret change')).status).toBe(5);
    expect(await labels(machine)).toEqual(['first']);
  });

  test('beside a new file is not touched', async () => {
    const machine = await machineWithKey();
    writeFileSync(`${machine.home}/work/news.old`, 'of somebody');
    expect((await machine.jwks('secret change --new-secret-file news')).status).toBe(0);
    expect(textOf(`${machine.home}/work/news.old`)).toBe('of somebody');
  });
});

describe('the file', () => {
  test('is no file for being called as a source of secrets is', async () => {
    const machine = await machineWithKey();
    writeFileSync(`${machine.home}/work/JWKS_SECRET`, 'of somebody');
    const env = { JWKS_SECRET: textOf(secretOf(machine)) };
    const here = process.cwd();
    process.chdir(join(machine.home, 'work'));
    try {
      expect((await refusal(machine, 'secret change', { env })).status).toBe(2);
    } finally {
      process.chdir(here);
    }
  });

  test.skipIf(!isRoot)('keeps its owner, group and mode (skipped without root)', async () => {
    const machine = await machineWithKey();
    chownSync(secretOf(machine), 65_534, 65_533);
    execFileSync('chmod', ['640', secretOf(machine)]);
    expect((await machine.jwks('secret change')).status).toBe(0);
    const { uid, gid, mode } = statSync(secretOf(machine));
    expect([uid, gid, mode & 0o777]).toEqual([65_534, 65_533, 0o640]);
  });

  test('behind a link is replaced, and the link stays', async () => {
    const machine = await machineWithKey();
    const real = join(machine.home, 'work/real');
    renameSync(secretOf(machine), real);
    symlinkSync(real, secretOf(machine));
    const before = textOf(real);
    expect((await machine.jwks('secret change')).status).toBe(0);
    expect([lstatSync(secretOf(machine)).isSymbolicLink(), textOf(real) === before]).toEqual([true, false]);
    expect(await opens(machine)).toBe(0);
    expect(readdirSync(`${machine.home}/.config/jwks`)).toEqual(['secret']);
  });

  test.each(['secret change', 'secret add'])('%s: a new one that is a FIFO is refused', async (command) => {
    const machine = await machineWithKey();
    execFileSync('mkfifo', [join(machine.home, 'work/fifo')]);
    expect(await machine.jwks(`${command} --new-secret-file fifo`)).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('no regular file'),
    });
    expect(lstatSync(join(machine.home, 'work/fifo')).isFIFO()).toBe(true);
  });

  test('may be named twice by the same relative path', async () => {
    const machine = await machineWithKey();
    renameSync(secretOf(machine), join(machine.home, 'work/rel'));
    const ran = await machine.jwks('secret change --secret-file rel --new-secret-file ./rel');
    expect([ran.status, ran.stderr]).toEqual([0, expect.not.stringContaining('still holds')]);
    expect(await opens(machine, '--secret-file rel')).toBe(0);
  });
});

test('with 16 slots it says how to make room', async () => {
  const machine = await machineWithKey();
  for (let count = 2; count <= 16; count++) await ok(machine, `secret add --new-secret-file s${count}`);
  expect((await labels(machine)).length).toBe(16);
  expect(await refusal(machine, 'secret change')).toMatchObject({
    status: 5,
    stderr: expect.stringContaining(
      'hint: let one go that is not needed: jwks secret list, jwks secret remove',
    ),
  });
});

test('to a passphrase: it is said that the file is in the way, also by what fails then', async () => {
  const machine = await machineWithKey();
  const settings = { terminal: 80, answers: [passphrase, passphrase] };
  const ran = await machine.jwks('secret change --passphrase -q', settings);
  expect(ran).toMatchObject({
    status: 0,
    stderr: expect.stringContaining('~/.config/jwks/secret still holds'),
  });
  const failed = await machine.jwks('export auth --private --yes', { terminal: 80, answers: [passphrase] });
  expect(failed).toMatchObject({ status: 4, stderr: expect.stringContaining('is moved away') });
  renameSync(secretOf(machine), `${secretOf(machine)}-former`);
  expect(await opens(machine, '', { terminal: 80, answers: [passphrase] })).toBe(0);
});
