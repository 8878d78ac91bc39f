// --private: where private keys may go, and where somebody must say so first.
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { Machine } from '../support/cli.ts';
import { modeOf, snapshotOf } from '../support/snapshot.ts';
import { transcript } from '../support/transcript.ts';
import { ok } from './machines.ts';

async function machineWithKey(): Promise<{ machine: Machine; work: string }> {
  const machine = new Machine();
  await ok(machine, 'create --alg ES256 auth first');
  return { machine, work: `${machine.home}/work` };
}

test('a pipe gets it, and it is said that it must be kept secret', async () => {
  const { machine } = await machineWithKey();
  const { status, stdout, stderr } = await machine.jwks('export auth --private');
  expect(status).toBe(0);
  expect(JSON.parse(stdout).keys[0]).toHaveProperty('d');
  expect(stderr).toBe('jwks: this holds private keys: keep it secret\n');
});

test('a new file is for its user only, whatever mode is asked for', async () => {
  const { machine, work } = await machineWithKey();
  await ok(machine, 'export auth --private -o signer.json');
  await ok(machine, 'get auth --private -o get.json --output-mode 0644');
  await ok(machine, 'create auth --alg ES256 --private -o create.json --output-mode 0640');
  expect(modeOf(`${work}/signer.json`)).toBe('0600');
  expect(modeOf(`${work}/get.json`)).toBe('0640');
  expect(modeOf(`${work}/create.json`)).toBe('0640');
  expect(JSON.parse(readFileSync(`${work}/create.json`, 'utf8')).keys[0]).toHaveProperty('d');
});

test('a file that stands there is not replaced without --force, and never wider than 0640', async () => {
  const { machine, work } = await machineWithKey();
  writeFileSync(`${work}/signer.json`, 'old');
  chmodSync(`${work}/signer.json`, 0o666);
  const before = snapshotOf(machine.home);
  await transcript(
    machine,
    `
    $ jwks export auth --private -o signer.json
    ! jwks: ~/work/signer.json exists, and what is private does not replace a file
    ! hint: name another file, or replace this one with --force
    exit 5
    $ jwks create --alg ES256 auth --private -o signer.json
    ! jwks: ~/work/signer.json exists, and what is private does not replace a file
    ! hint: name another file, or replace this one with --force
    exit 5
  `,
  );
  expect(snapshotOf(machine.home)).toEqual(before);
  expect((await machine.jwks('export auth --private -o signer.json --force')).status).toBe(0);
  expect(modeOf(`${work}/signer.json`)).toBe('0640');
});

test('nobody is asked where nobody reads', async () => {
  const { machine } = await machineWithKey();
  const ran = await machine.jwks('export auth --private -q -o /dev/null');
  expect(ran).toEqual({ status: 0, stdout: '', stderr: '' });
});

test('a terminal asks first', async () => {
  const { machine } = await machineWithKey();
  const yes = await machine.jwks('export auth --private', { terminal: 80, answers: [true] });
  expect(yes.status).toBe(0);
  expect(JSON.parse(yes.stdout).keys[0]).toHaveProperty('d');
  const no = await machine.jwks('export auth --private', { terminal: 80, answers: [false] });
  expect(no).toMatchObject({ status: 130, stdout: '' });
  expect(no.stderr).toContain('nothing was done');
  const asked = await machine.jwks('export auth --private --yes', { terminal: 80 });
  expect(asked.status).toBe(0);
  const cannotAsk = await machine.jwks('export auth --private --no-input', { terminal: 80 });
  expect(cannotAsk).toMatchObject({ status: 2, stdout: '' });
});

test('a declined create makes no key', async () => {
  const { machine } = await machineWithKey();
  const before = snapshotOf(machine.home);
  const settings = { terminal: 80, answers: [false] };
  expect((await machine.jwks('create --alg ES256 --private auth', settings)).status).toBe(130);
  expect(snapshotOf(machine.home)).toEqual(before);
});

test('in a CI job stdout and files want --yes', async () => {
  const { machine, work } = await machineWithKey();
  await transcript(
    machine,
    `
    $ CI=true jwks export auth --private
    ! jwks: write private keys to a CI job's output? There is no terminal to ask on
    ! hint: add --yes if you mean it
    exit 2
    $ CI=true jwks get auth --private --format json
    ! {"error":{"code":"usage","message":"write private keys to a CI job's output? There is no terminal to ask on","hint":"add --yes if you mean it"}}
    exit 2
    $ CI=true jwks get auth --private --format jsonpath=kid --yes
    "first"
    ! jwks: this holds private keys: keep it secret
    $ CI=true jwks export auth --private -o signer.json
    ! jwks: write private keys to a CI job's output? There is no terminal to ask on
    ! hint: add --yes if you mean it
    exit 2
  `,
  );
  expect(existsSync(`${work}/signer.json`)).toBe(false);
  await transcript(
    machine,
    `
    $ CI=true jwks export auth --private -o signer.json --yes
    ! jwks: this holds private keys: keep it secret
    $ CI=false jwks export auth --private -o other.json
    ! jwks: this holds private keys: keep it secret
    $ CI=0 jwks export auth --private -o another.json
    ! jwks: this holds private keys: keep it secret
    $ CI= jwks export auth --private -o last.json
    ! jwks: this holds private keys: keep it secret
  `,
  );
  expect(modeOf(`${work}/signer.json`)).toBe('0600');
});

test('a secret is written like a private key, but nobody is asked', async () => {
  const { machine, work } = await machineWithKey();
  await transcript(
    machine,
    `
    $ jwks secret generate
    <secret>
    ! jwks: keep it secret, and a copy of it somewhere else
    $ CI=true jwks secret generate -q
    <secret2>
    $ jwks secret generate -q -o new-secret
    $ jwks secret generate -q -o new-secret
    ! jwks: ~/work/new-secret exists, and what is private does not replace a file
    ! hint: name another file, or replace this one with --force
    exit 5
  `,
  );
  expect(modeOf(`${work}/new-secret`)).toBe('0600');
  expect(readFileSync(`${work}/new-secret`, 'utf8')).toMatch(/^jwks_secret_[\w-]{43}\n$/);
});
