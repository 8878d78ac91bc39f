// A first run whose secret can be read once only, and six first runs at the same moment.
import { existsSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { expect, test } from 'vitest';
import { Home } from '../support/keystore-processes.ts';
import { beforehand, newShell, type Shell, sh } from '../support/shell.ts';

async function shellWithSecret(): Promise<Shell> {
  const shell = newShell();
  await beforehand(shell, 'secret generate -q -o secret');
  return shell;
}

const once: readonly (readonly [string, (command: string) => string])[] = [
  ['standard input', (command) => `${command} --secret-file - < secret`],
  ['standard input that is a pipe', (command) => `cat secret | ${command} --secret-file -`],
  ['a descriptor', (command) => `${command} --secret-fd 3 3< secret`],
  ['a descriptor of a pipe', (command) => `${command} --secret-fd 3 3< <(cat secret)`],
  ['a process substitution', (command) => `${command} --secret-file <(cat secret)`],
  ['a fifo', (command) => `mkfifo pipe; cat secret > pipe & ${command} --secret-file pipe; wait; rm pipe`],
  ['a fifo in JWKS_SECRET_FILE', (command) => `JWKS_SECRET_FILE=<(cat secret) ${command}`],
];

test.each(once)('the secret on %s makes the keystore, and opens it', async (_, line) => {
  const shell = await shellWithSecret();
  const first = await sh(shell, line('timeout 20 jwks create -q --alg ES256 auth k1'));
  expect(first).toMatchObject({ status: 0, stdout: 'k1\n' });
  expect(existsSync(`${shell.home}/.config/jwks/secret`)).toBe(false);
  const next = await sh(shell, 'jwks create -q --alg ES256 auth k2 --secret-file secret');
  expect(next).toMatchObject({ status: 0, stdout: 'k2\n', stderr: '' });
});

test.each(once)('the secret on %s opens another keystore than was there', async (_, line) => {
  const shell = await shellWithSecret();
  await beforehand(shell, 'create -q --alg ES256 auth old', 'init -q --keystore new --secret-file secret');
  renameSync(`${shell.home}/.local/share/jwks`, `${shell.home}/old`);
  renameSync(`${shell.home}/new`, `${shell.home}/.local/share/jwks`);
  const ran = await sh(shell, line('timeout 20 jwks create -q --alg ES256 auth new'));
  expect(ran).toMatchObject({ status: 0, stdout: 'new\n' });
  expect(ran.stderr).toContain('another keystore is at');
});

test('the secret on standard input makes a keystore where one has vanished, once that is accepted', async () => {
  const shell = await shellWithSecret();
  await beforehand(shell, 'create -q --alg ES256 auth old');
  rmSync(`${shell.home}/.local/share/jwks`, { recursive: true });
  const create = 'jwks create -q --alg ES256 auth new --secret-file - < secret';
  expect(await sh(shell, create)).toMatchObject({ status: 6, stdout: '' });
  const accepted = await sh(shell, create.replace('create', 'create --accept-rollback'));
  expect(accepted).toMatchObject({ status: 0, stdout: 'new\n' });
  expect((await sh(shell, 'jwks get auth -q')).stdout).toBe('new\n');
});

test('of six first runs at once one tells where the secret is, in every round', async () => {
  for (let round = 1; round <= 2; round++) {
    const home = new Home();
    const finished = await Promise.all(Array.from({ length: 6 }, (_, index) => home.create(`set-${index}`)));
    expect(finished.map(({ status }) => status)).toEqual([0, 0, 0, 0, 0, 0]);
    const told = finished.filter(({ stderr }) => /made its secret|its secret is/.test(stderr));
    expect(told.length).toBeGreaterThanOrEqual(1);
    expect(told.every(({ stderr }) => stderr.includes('~/.config/jwks/secret'))).toBe(true);
    expect(readFileSync(home.secretFile, 'utf8')).toMatch(/^jwks_secret_/);
  }
});
