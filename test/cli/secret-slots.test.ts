// jwks secret list, add, change, remove, and init --recipient: who may unlock a keystore.
import { generateKeyPairSync } from 'node:crypto';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Machine, type Ran } from '../support/cli.ts';
import { snapshotOf } from '../support/snapshot.ts';
import { keystoreOf, machineAfter, secretOf } from './machines.ts';

const passphrase = 'correct horse battery staple';

function machineWithKey(): Promise<Machine> {
  return machineAfter('create --alg ES256 auth');
}

/** A command that needs the private halves. */
const exported = (machine: Machine, argv: string, settings = {}): Promise<Ran> =>
  machine.jwks(`export auth --private --yes ${argv}`, settings);

async function labels(machine: Machine): Promise<string[]> {
  const { stdout } = await machine.jwks('secret list --format json');
  return JSON.parse(stdout).secrets.map(({ label }: { label: string }) => label);
}

test('one more secret, in a file that is made, opens it, and can be taken away again', async () => {
  const machine = await machineWithKey();
  const path = join(machine.home, 'work/other');
  const added = await machine.jwks(`secret add --label ci --new-secret-file ${path}`);
  expect(added).toMatchObject({ status: 0, stderr: expect.stringContaining('made the secret') });
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(await labels(machine)).toEqual(['first', 'ci']);
  expect((await exported(machine, `--secret-file ${path}`)).stdout).toContain('"d"');
  expect((await machine.jwks('secret remove ci')).status).toBe(2);
  const removed = await machine.jwks('secret remove ci --yes');
  expect(removed).toMatchObject({ status: 0, stderr: expect.stringMatching(/jwks rekey .* jwks revoke/) });
  expect((await exported(machine, `--secret-file ${path}`)).status).toBe(4);
  expect((await exported(machine, '')).status).toBe(0);
});

test('the last one cannot be removed, nor one that is not there', async () => {
  const machine = await machineWithKey();
  expect(await machine.jwks('secret remove first --yes')).toMatchObject({
    status: 5,
    stderr: expect.stringContaining('the last secret'),
  });
  expect(await machine.jwks('secret remove other --yes')).toMatchObject({
    status: 3,
    stderr: expect.stringContaining('there are: first'),
  });
});

test('a passphrase is asked for twice', async () => {
  const machine = await machineWithKey();
  const settings = { terminal: 80, answers: [passphrase, passphrase] };
  expect((await machine.jwks('secret add --passphrase', settings)).status).toBe(0);
  const env = { JWKS_SECRET: passphrase };
  expect((await exported(machine, '', { env })).status).toBe(0);
  const other = { terminal: 80, answers: [passphrase, `${passphrase}!`] };
  expect((await machine.jwks('secret add --passphrase --label x', other)).status).toBe(4);
});

test.each([
  ['two at once', 'secret add --passphrase --recipient f', 2],
  ['none', 'secret add', 2],
  ['a file that is not there', 'secret add --recipient nothing.pem', 3],
  ['a label that is taken', 'secret add --label first --new-secret-file new', 5],
])('%s: refused', async (_, argv, status) => {
  const machine = await machineWithKey();
  const before = snapshotOf(machine.home);
  expect((await machine.jwks(argv)).status).toBe(status);
  expect(snapshotOf(machine.home)).toEqual(before);
});

test('a label that is taken is refused before a file is made for it, or a file is touched', async () => {
  const machine = await machineWithKey();
  const path = join(machine.home, 'work/new');
  const add = `secret add --label first --new-secret-file ${path}`;
  expect((await machine.jwks(add)).status).toBe(5);
  expect(existsSync(path)).toBe(false);
  writeFileSync(path, 'correct horse battery staple', { mode: 0o600 });
  expect((await machine.jwks(add)).status).toBe(5);
  expect(readFileSync(path, 'utf8')).toBe('correct horse battery staple');
  // Nor is a person asked first.
  const asked = await machine.jwks('secret add --label first --passphrase', { terminal: 80, answers: [] });
  expect(asked.status).toBe(5);
});

describe('a recipient', () => {
  const pairs = {
    'P-256': generateKeyPairSync('ec', { namedCurve: 'P-256' }),
    X25519: generateKeyPairSync('x25519'),
    RSA: generateKeyPairSync('rsa', { modulusLength: 2048 }),
  };
  const pem = { type: 'spki', format: 'pem' } as const;

  test.each(Object.keys(pairs) as (keyof typeof pairs)[])(
    '%s: opens it with the private half',
    async (name) => {
      const { publicKey, privateKey } = pairs[name];
      const machine = await machineWithKey();
      const [open, secret] = ['open.pem', 'secret.pem'].map((file) => join(machine.home, 'work', file));
      writeFileSync(open ?? '', publicKey.export(pem));
      writeFileSync(secret ?? '', privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
      const added = await machine.jwks(`secret add --label recovery --recipient ${open}`);
      const fingerprint = /[\w-]{43}/.exec(added.stderr)?.[0] ?? '';
      expect(added.status).toBe(0);
      expect((await exported(machine, `--secret-file ${secret}`)).stdout).toContain('"d"');
      // Elsewhere nothing vouches for the keystore but its fingerprint.
      const env = { XDG_STATE_HOME: join(machine.home, 'elsewhere') };
      expect((await exported(machine, `--secret-file ${secret}`, { env })).status).toBe(4);
      const known = `--secret-file ${secret} --identity ${fingerprint}`;
      expect((await exported(machine, known, { env })).status).toBe(0);
      writeFileSync(secret ?? '', JSON.stringify(privateKey.export({ format: 'jwk' })), { mode: 0o600 });
      expect((await exported(machine, known, { env })).status).toBe(0);
      expect((await machine.jwks(`secret add --label again --recipient ${open}`)).status).toBe(5);
      expect((await machine.jwks(`secret add --label wrong --recipient ${secret}`)).status).toBe(6);
    },
  );

  test('from the first moment, with init', async () => {
    const machine = new Machine();
    const open = join(machine.home, 'work/open.pem');
    writeFileSync(open, pairs['P-256'].publicKey.export(pem));
    expect(
      (await machine.jwks(`init --keystore ${join(machine.home, 'k')} --recipient ${open}`)).status,
    ).toBe(0);
    const { stdout } = await machine.jwks(`secret list --format json --keystore ${join(machine.home, 'k')}`);
    expect(JSON.parse(stdout).secrets).toMatchObject([
      { label: 'first', kind: 'generated' },
      { label: 'recipient', kind: 'recipient' },
    ]);
  });

  test.each([
    ['a curve for signing', () => generateKeyPairSync('ed25519').publicKey.export(pem)],
    ['a short modulus', () => generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export(pem)],
    ['rubbish', () => 'rubbish'],
  ])('%s is refused', async (_, make) => {
    const machine = await machineWithKey();
    writeFileSync(join(machine.home, 'work/open'), make());
    const before = snapshotOf(keystoreOf(machine));
    expect((await machine.jwks('secret add --recipient open')).status).toBe(6);
    expect(snapshotOf(keystoreOf(machine))).toEqual(before);
  });
});

describe('change', () => {
  test('the new one is where the old one was, and the old one opens nothing', async () => {
    const machine = await machineWithKey();
    const before = readFileSync(secretOf(machine), 'utf8');
    const ran = await machine.jwks('secret change');
    expect(ran).toMatchObject({ status: 0, stderr: expect.stringContaining('rekey') });
    expect(readFileSync(secretOf(machine), 'utf8')).not.toBe(before);
    expect(statSync(secretOf(machine)).mode & 0o777).toBe(0o600);
    expect(existsSync(`${secretOf(machine)}.old`)).toBe(false);
    expect(await labels(machine)).toEqual(['first']);
    expect((await exported(machine, '')).status).toBe(0);
    expect((await exported(machine, '', { env: { JWKS_SECRET: before } })).status).toBe(4);
  });

  test('to a passphrase', async () => {
    const machine = await machineWithKey();
    const settings = { terminal: 80, answers: [passphrase, passphrase] };
    expect((await machine.jwks('secret change --passphrase', settings)).status).toBe(0);
    expect((await exported(machine, '', { env: { JWKS_SECRET: passphrase } })).status).toBe(0);
    expect((await exported(machine, '')).status).toBe(4);
  });

  test('a secret from a variable has no file: one is to be named', async () => {
    const machine = await machineWithKey();
    const env = { JWKS_SECRET: readFileSync(secretOf(machine), 'utf8') };
    expect((await machine.jwks('secret change', { env })).status).toBe(2);
    const path = join(machine.home, 'work/new');
    writeFileSync(`${path}-other`, 'something else\n', { mode: 0o600 });
    expect((await machine.jwks(`secret change --new-secret-file ${path}-other`, { env })).status).toBe(5);
    expect(readFileSync(`${path}-other`, 'utf8')).toBe('something else\n');
    expect((await machine.jwks(`secret change --new-secret-file ${path}`, { env })).status).toBe(0);
    expect((await exported(machine, `--secret-file ${path}`)).status).toBe(0);
  });
});
