// Where the secret comes from: standard input, descriptors, files and mounts.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { finish, start } from '../support/command.ts';
import { childrenOf, type Shell, sh, shellWithKey } from '../support/shell.ts';

/** A keystore whose secret is in `$secret` only, so that nothing but what a test names opens it. */
async function lockedShell(): Promise<Shell> {
  const maker = await shellWithKey();
  renameSync(`${maker.home}/.config/jwks/secret`, `${maker.home}/secret`);
  rmSync(`${maker.home}/.config`, { recursive: true });
  const secret = readFileSync(`${maker.home}/secret`, 'utf8').trim();
  return { ...maker, env: { ...maker.env, secret } };
}

test.each([
  ['--secret-file -', 'printf %s "$secret" | jwks create -q --alg ES256 auth k2 --secret-file -'],
  ['--secret-file - with a newline', 'echo "$secret" | jwks create -q --alg ES256 auth k2 --secret-file -'],
  ['--secret-file', 'jwks create -q --alg ES256 auth k2 --secret-file secret'],
  ['--secret-file of a fifo', 'jwks create -q --alg ES256 auth k2 --secret-file <(echo "$secret")'],
  ['--secret-fd', 'jwks create -q --alg ES256 auth k2 --secret-fd 3 3< secret'],
  ['--secret-fd of a pipe', 'jwks create -q --alg ES256 auth k2 --secret-fd 3 3< <(echo "$secret")'],
  ['--secret-fd of a here-string', 'jwks create -q --alg ES256 auth k2 --secret-fd 3 3<<< "$secret"'],
  ['--secret-fd 0', 'echo "$secret" | jwks create -q --alg ES256 auth k2 --secret-fd 0'],
  ['JWKS_SECRET_FILE', 'JWKS_SECRET_FILE=secret jwks create -q --alg ES256 auth k2'],
  [
    'JWKS_SECRET_FILE=/dev/fd/3',
    'JWKS_SECRET_FILE=/dev/fd/3 jwks create -q --alg ES256 auth k2 3< <(echo "$secret")',
  ],
  ['JWKS_SECRET', 'JWKS_SECRET=$secret jwks create -q --alg ES256 auth k2'],
  [
    'a credential of systemd, which is open to read',
    'mkdir run; install -m 444 secret run/jwks-secret; CREDENTIALS_DIRECTORY=$PWD/run jwks create -q --alg ES256 auth k2',
  ],
  [
    'an option before the environment',
    'JWKS_SECRET=wrong-but-long-enough jwks create -q --alg ES256 auth k2 --secret-file secret',
  ],
])('%s', async (_, line) => {
  expect(await sh(await lockedShell(), line)).toEqual({
    status: 0,
    signal: null,
    stdout: 'k2\n',
    stderr: '',
  });
});

test.each([
  [
    'a source that is set but unusable ends the search',
    'JWKS_SECRET=$secret jwks create --alg ES256 auth --secret-file nowhere',
  ],
  ['a descriptor that is not open', 'JWKS_SECRET=$secret jwks create --alg ES256 auth --secret-fd 9'],
  ['empty standard input', 'jwks create --alg ES256 auth --secret-file - < /dev/null'],
  ['more than 4 KiB', 'head -c 5000 /dev/zero | jwks create --alg ES256 auth --secret-file -'],
  ['a file without end', 'jwks create --alg ES256 auth --secret-file /dev/zero'],
  ['nowhere, and no terminal to ask on', 'jwks create --alg ES256 auth'],
])('%s is exit 4', async (_, line) => {
  const shell = await lockedShell();
  const ran = await sh(shell, line);
  expect(ran).toMatchObject({ status: 4, stdout: '' });
  expect(ran.stderr).not.toContain(shell.env['secret']);
  expect((await sh(shell, 'jwks get auth -q')).stdout).toBe('k1\n');
});

test.runIf(process.platform === 'linux')(
  'neither the arguments nor the environment of the children that make RSA keys hold the secret',
  async () => {
    const { home, env } = await lockedShell();
    const { secret = '', ...others } = env;
    const child = start(['create', '--bits', '4096', 'auth'], {
      cwd: home,
      env: { ...others, JWKS_SECRET: secret },
    });
    const finished = finish(child);
    const [racer = 0] = await childrenOf(child.pid ?? 0);
    const read = (name: string) => readFileSync(`/proc/${racer}/${name}`, 'utf8');
    // Until it has begun, a child is a copy of its parent.
    while (!read('cmdline').includes('generateKeyPair')) await setImmediate();
    const seen = read('environ') + read('cmdline');
    child.kill('SIGTERM');
    expect((await finished).status).toBe(143);
    expect(seen).not.toContain(secret);
  },
);

/** A command that waits for somebody to write its secret into a FIFO, which it has opened. */
async function waitingAtFifo({ home, env }: Shell) {
  const fifo = `${home}/fifo`;
  execFileSync('mkfifo', ['-m', '600', fifo]);
  const child = start(['create', '-q', '--alg', 'ES256', 'auth', 'k2', '--secret-file', fifo], {
    cwd: home,
    env,
  });
  const finished = finish(child);
  const descriptors = `/proc/${child.pid}/fd`;
  const isOpen = (name: string) => {
    try {
      return readlinkSync(`${descriptors}/${name}`) === fifo;
    } catch {
      return false;
    }
  };
  const giveUp = performance.now() + 10_000;
  while (!readdirSync(descriptors).some(isOpen)) {
    if (performance.now() > giveUp) {
      child.kill('SIGKILL');
      throw new Error('it waits in open(2)');
    }
    await setImmediate();
  }
  return { fifo, child, finished };
}

describe.runIf(process.platform === 'linux')('a FIFO that nobody writes to yet', () => {
  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('can be left with %s', { timeout: 20_000 }, async (signal, status) => {
    const { child, finished } = await waitingAtFifo(await lockedShell());
    child.kill(signal);
    expect(await finished).toMatchObject({
      status,
      stdout: '',
      stderr: expect.stringContaining('interrupted'),
    });
  });

  test('is waited for', { timeout: 20_000 }, async () => {
    const shell = await lockedShell();
    const { fifo, finished } = await waitingAtFifo(shell);
    writeFileSync(fifo, `${shell.env['secret']}\n`);
    expect(await finished).toEqual({ status: 0, signal: null, stdout: 'k2\n', stderr: '' });
  });
});

test('a process substitution is waited for that has nothing to say yet', async () => {
  const line = 'jwks create -q --alg ES256 auth k2 --secret-file <(sleep 0.3; echo "$secret")';
  expect(await sh(await lockedShell(), line)).toMatchObject({ status: 0, stdout: 'k2\n' });
});
