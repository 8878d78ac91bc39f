// jwks rekey: a new master key and a new identity, for everybody who may unlock, and for what is made meanwhile.
import { generateKeyPairSync } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Machine } from '../support/cli.ts';
import { machineAfter, ok } from './machines.ts';

function machineWithSets(...sets: string[]): Promise<Machine> {
  return machineAfter(...sets.map((set) => `create --alg ES256 ${set}`));
}

const exported = (machine: Machine, argv: string, settings = {}) =>
  machine.jwks(`export --all --private --yes ${argv}`, settings);

/** The master key that each set is sealed under. */
function masterKeys(machine: Machine): Set<string> {
  const sets = join(machine.home, '.local/share/jwks/sets');
  const kids = readdirSync(sets).map((name) => {
    const [newest = 0] = readdirSync(join(sets, name))
      .map((file) => Number.parseInt(file, 10))
      .sort((a, b) => b - a);
    const { protected: header } = JSON.parse(readFileSync(join(sets, name, `${newest}.json`), 'utf8'));
    return JSON.parse(Buffer.from(header, 'base64url').toString()).kid as string;
  });
  return new Set(kids);
}

test('every set is sealed under one new key, and holds what it held', async () => {
  const machine = await machineWithSets('auth', 'other', 'gone');
  await ok(machine, 'delete gone --yes');
  const before = { keys: masterKeys(machine), text: (await exported(machine, '')).stdout };
  const ran = await machine.jwks('rekey --format json');
  expect(ran.status).toBe(0);
  expect(JSON.parse(ran.stdout)).toMatchObject({ sealed: 3, secrets: ['first'], dropped: [], before: null });
  const after = masterKeys(machine);
  expect([before.keys.size, after.size]).toEqual([1, 1]);
  expect([...after]).not.toEqual([...before.keys]);
  expect((await exported(machine, '')).stdout).toBe(before.text);
  expect((await machine.jwks('check')).status).toBe(0);
  expect((await machine.jwks('create --alg ES256 auth')).status).toBe(0);
});

test('a secret that is not at hand stops it, until it is given or dropped', async () => {
  const machine = await machineWithSets('auth');
  const path = join(machine.home, 'work/other');
  await ok(machine, `secret add --label ci --new-secret-file ${path}`);
  const before = masterKeys(machine);
  const stopped = await machine.jwks('rekey');
  expect(stopped).toMatchObject({ status: 5, stderr: expect.stringContaining('--drop ci') });
  expect(masterKeys(machine)).toEqual(before);
  const own = join(machine.home, '.config/jwks/secret');
  expect((await machine.jwks(`rekey --secret-file ${own} --secret-file ${path}`)).status).toBe(0);
  expect((await exported(machine, `--secret-file ${path}`)).status).toBe(0);
  expect((await machine.jwks('rekey --drop other')).status).toBe(3);
  expect((await machine.jwks('rekey --drop first')).status).toBe(5);
  expect((await machine.jwks('rekey --drop ci')).status).toBe(0);
  expect((await exported(machine, `--secret-file ${path}`)).status).toBe(4);
  expect((await machine.jwks(`list --secret-file ${own} --secret-file ${path}`)).status).toBe(2);
});

test('recipients are sealed to again by their public keys', async () => {
  const machine = await machineWithSets('auth');
  const { publicKey, privateKey } = generateKeyPairSync('x25519');
  writeFileSync(join(machine.home, 'work/open'), publicKey.export({ type: 'spki', format: 'pem' }));
  const secret = join(machine.home, 'work/secret');
  writeFileSync(secret, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  await ok(machine, 'secret add --recipient open');
  expect((await machine.jwks('rekey')).status).toBe(0);
  expect((await exported(machine, `--secret-file ${secret}`)).status).toBe(0);
});

test('a new identity: who is pinned to the old one is told the new one', async () => {
  const machine = await machineWithSets('auth', 'other');
  const env = {
    XDG_STATE_HOME: join(machine.home, 'elsewhere'),
    XDG_CONFIG_HOME: join(machine.home, 'none'),
  };
  const ran = await machine.jwks('rekey --new-identity --format json');
  const { identity, before } = JSON.parse(ran.stdout);
  expect([ran.status, identity === before]).toEqual([0, false]);
  expect(await machine.jwks('list -q')).toMatchObject({ status: 0, stderr: '' });
  expect(await machine.jwks(`export auth --identity ${before}`, { env })).toMatchObject({
    status: 4,
    stderr: expect.stringContaining(identity),
  });
  expect((await machine.jwks(`export auth --identity ${identity}`, { env })).status).toBe(0);
  expect((await exported(machine, '')).status).toBe(0);
  expect((await machine.jwks('list')).status).toBe(0);
  expect((await machine.jwks('create --alg ES256 third')).status).toBe(0);
  expect((await machine.jwks('rekey --new-identity')).status).toBe(0);
});

test('with a new identity a host goes on to know what it has seen', async () => {
  for (const gone of ['before', 'after']) {
    const machine = await machineWithSets('auth', 'pay');
    const remove = () => rmSync(join(machine.home, '.local/share/jwks/sets/pay'), { recursive: true });
    if (gone === 'before') remove();
    expect((await machine.jwks('rekey --new-identity -q')).status).toBe(0);
    if (gone === 'after') remove();
    expect(await machine.jwks('list')).toMatchObject({ status: 6, stderr: expect.stringContaining('pay') });
    expect((await machine.jwks('doctor')).status).toBe(1);
    expect((await machine.jwks('list --accept-rollback -q')).stdout).toBe('auth\n');
    expect((await machine.jwks('list -q')).stdout).toBe('auth\n');
  }
});

test('what cannot be opened is named, and nothing is changed', async () => {
  const machine = await machineWithSets('auth', 'other');
  const set = join(machine.home, '.local/share/jwks/sets/other');
  const file = join(set, '1.json');
  const document = JSON.parse(readFileSync(file, 'utf8'));
  const { ciphertext } = document;
  document.ciphertext = (ciphertext[0] === 'A' ? 'B' : 'A') + ciphertext.slice(1);
  writeFileSync(file, JSON.stringify(document));
  const ran = await machine.jwks('rekey --accept-rollback');
  expect(ran).toMatchObject({ status: 6, stderr: expect.stringContaining('other') });
  expect(readdirSync(join(machine.home, '.local/share/jwks/master'))).toEqual(['1.json']);
});

test('a new identity where the old one is named: this host has the new one, and it is said', async () => {
  const machine = await machineWithSets('auth');
  const { identity: before } = JSON.parse((await machine.jwks('rekey --format json')).stdout);
  const named = { env: { JWKS_IDENTITY: before } };
  const ran = await machine.jwks('rekey --new-identity', named);
  expect(ran).toMatchObject({ status: 0, stderr: expect.stringContaining('environment JWKS_IDENTITY') });
  expect((await machine.jwks('list')).status).toBe(0);
  expect((await machine.jwks('list', named)).status).toBe(4);
});

test('a new identity by the key of a recipient: this host has the new one', async () => {
  const machine = await machineWithSets('auth');
  const { publicKey, privateKey } = generateKeyPairSync('x25519');
  writeFileSync(join(machine.home, 'work/open'), publicKey.export({ type: 'spki', format: 'pem' }));
  const path = join(machine.home, 'work/secret');
  writeFileSync(path, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  await ok(machine, 'secret add --recipient open');
  const own = join(machine.home, '.config/jwks/secret');
  const ran = await machine.jwks(`rekey --new-identity --secret-file ${path} --secret-file ${own}`);
  expect(ran).toMatchObject({ status: 0, stderr: expect.stringContaining('its fingerprint is') });
  expect((await machine.jwks('list')).status).toBe(0);
  expect((await exported(machine, `--secret-file ${path}`)).status).toBe(0);
});

test('one of several secrets may come on standard input', async () => {
  const machine = await machineWithSets('auth');
  const path = join(machine.home, 'work/other');
  await ok(machine, `secret add --label ci --new-secret-file ${path}`);
  const own = join(machine.home, '.config/jwks/secret');
  const stdin = readFileSync(path, 'utf8');
  for (const files of [
    [own, '-'],
    ['-', own],
  ]) {
    const argv = files.map((file) => `--secret-file ${file}`).join(' ');
    expect(await machine.jwks(`rekey ${argv}`, { stdin })).toMatchObject({ status: 0 });
  }
  const twice = await machine.jwks('rekey --secret-file - --secret-file -', { stdin });
  expect(twice).toMatchObject({ status: 2, stderr: expect.stringContaining('standard input') });
});

test('a set id that would be the file name of a long one is refused', async () => {
  const machine = new Machine();
  expect((await machine.jwks(`create --alg ES256 ~${'0a'.repeat(32)}`)).status).toBe(2);
});
