// Signals: the command ends at once, leaves no child behind, and says what was done.
import { expect, test } from 'vitest';
import { finish, start } from '../support/command.ts';
import { childrenOf, ended, newShell, type Shell, sh, shellWithKey } from '../support/shell.ts';
import { filesBelow, snapshotOf } from '../support/snapshot.ts';

const isLinux = process.platform === 'linux';
const makeRsa = ['create', '--bits', '4096', 'auth'];

/** Sends a signal while the children look for primes. */
async function interrupt({ home, env }: Shell, signal: 'SIGINT' | 'SIGTERM') {
  const child = start(makeRsa, { cwd: home, env });
  const finished = finish(child);
  const children = await childrenOf(child.pid ?? 0);
  child.kill(signal);
  const ran = await finished;
  await ended(children);
  return ran;
}

test.runIf(isLinux).each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)(
  '%s while an RSA key is made: exit %i, nothing changed, no child left',
  async (signal, status) => {
    const shell = await shellWithKey();
    const before = snapshotOf(shell.home);
    expect(await interrupt(shell, signal)).toEqual({
      status,
      signal: null,
      stdout: '',
      stderr: 'jwks: interrupted; what was not reported as done was not done\n',
    });
    expect(snapshotOf(shell.home)).toEqual(before);
    expect((await sh(shell, 'jwks get auth -q')).stdout).toBe('k1\n');
  },
);

test.runIf(isLinux)(
  'on the first run the key is not made either; what was made before it was told',
  async () => {
    const shell = newShell();
    const { status, stdout, stderr } = await interrupt(shell, 'SIGINT');
    expect({ status, stdout }).toEqual({ status: 130, stdout: '' });
    expect(stderr).toContain('made a keystore');
    expect(filesBelow(shell.home).some((path) => path.includes('sets/auth/'))).toBe(false);
    expect((await sh(shell, 'jwks create -q --alg ES256 auth k1')).stdout).toBe('k1\n');
  },
);

test('a reader that goes away does not kill the command before its work is done', async () => {
  const shell = newShell();
  const ran = await sh(shell, 'jwks create --alg ES256 auth k1 2>&1 | true');
  expect(ran.status).toBe(0);
  expect((await sh(shell, 'jwks get auth -q')).stdout).toBe('k1\n');
});
