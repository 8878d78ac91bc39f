// secretCommand with the built command: configuration, terminal, signals.
import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { finish, start } from '../support/command.ts';
import {
  childrenOf,
  ended,
  hasTerminals,
  newShell,
  onTerminal,
  type Shell,
  sh,
  shellWithKey,
} from '../support/shell.ts';

/** A keystore whose secret is printed by `sh -c script` only. The secret is in the file `kept` of the home. */
async function commandShell(script = 'cat kept'): Promise<Shell> {
  const shell = await shellWithKey();
  renameSync(`${shell.home}/.config/jwks/secret`, `${shell.home}/kept`);
  rmSync(`${shell.home}/.local/state`, { recursive: true });
  configure(shell, script);
  return shell;
}

function configure({ home }: Shell, script: string): void {
  mkdirSync(`${home}/.config/jwks`, { recursive: true });
  const path = `${home}/.config/jwks/config.yaml`;
  writeFileSync(path, JSON.stringify({ secretCommand: ['sh', '-c', script, 'sh', 'secret-argument'] }));
}

test('the keystore opens with what the command prints, from any directory', async () => {
  const shell = await commandShell('echo opening >&2; cat kept');
  const ran = await sh(shell, 'mkdir far; cd far; jwks create -q --alg ES256 auth k2');
  expect(ran).toEqual({ status: 0, signal: null, stdout: 'k2\n', stderr: 'opening\n' });
});

test('a new keystore is made for it', async () => {
  const shell = newShell();
  await sh(shell, 'jwks secret generate > kept');
  configure(shell, 'cat kept');
  expect(await sh(shell, 'jwks create -q --alg ES256 auth k1')).toMatchObject({ status: 0, stdout: 'k1\n' });
  expect((await sh(shell, 'ls .config/jwks')).stdout).toBe('config.yaml\n');
});

test('config shows where the secret is from, and completion lists sets, without running it', async () => {
  const shell = await commandShell('touch ran; cat kept');
  const shown = await sh(shell, 'jwks config');
  expect(shown.stdout).toContain(`secret\tsecretCommand sh\t${shell.home}/.config/jwks/config.yaml\n`);
  const script =
    'source <(jwks completion bash); COMP_WORDS=(jwks export a) COMP_CWORD=2; _jwks; echo $COMPREPLY';
  expect((await sh(shell, script)).stdout).toBe('auth\n');
  expect((await sh(shell, 'ls ran')).status).not.toBe(0);
  expect((await sh(shell, 'jwks list -q; ls ran')).stdout).toBe('auth\nran\n');
});

test('what it says is escaped; no error has its output or its arguments, with --debug neither', async () => {
  const shell = await commandShell(`printf 'a\\033[2Jb' >&2; echo printed-by-it; exit 9`);
  const ran = await sh(shell, 'jwks create --debug --alg ES256 auth');
  expect(ran).toMatchObject({ status: 4, stdout: '' });
  expect(ran.stderr).toMatch(
    /^a\\u\{1b\}\[2Jb\njwks: secretCommand sh failed with exit status 9\nhint: .*\nJwksError\n/,
  );
  expect(ran.stderr).not.toMatch(/printed-by-it|secret-argument/);
});

test('a file that others can write runs nothing', async () => {
  const shell = await commandShell('touch ran; cat kept');
  chmodSync(`${shell.home}/.config/jwks/config.yaml`, 0o666);
  expect((await sh(shell, 'jwks create --alg ES256 auth')).status).toBe(6);
  expect((await sh(shell, 'ls ran')).status).not.toBe(0);
});

test('a command that runs jwks does not run itself', async () => {
  const shell = await commandShell('echo once >> runs; jwks create -q --alg ES256 auth');
  const ran = await sh(shell, 'jwks create --alg ES256 auth');
  expect(ran.status).toBe(4);
  expect(ran.stderr).toContain('secretCommand sh runs jwks, which would run it again\n');
  expect(readFileSync(`${shell.home}/runs`, 'utf8')).toBe('once\n');
});

test.runIf(process.platform === 'linux')('a signal ends the command and all that it started', async () => {
  const { home, env } = await commandShell('sleep 60; cat kept');
  const child = start(['create', '--alg', 'ES256', 'auth'], { cwd: home, env });
  const finished = finish(child);
  const [shell = 0] = await childrenOf(child.pid ?? 0);
  const pids = [shell, ...(await childrenOf(shell))];
  child.kill('SIGTERM');
  expect((await finished).status).toBe(143);
  await ended(pids);
});

test.runIf(hasTerminals)('on a terminal the command can ask there, and its answer is not shown', async () => {
  const shell = await commandShell();
  configure(
    shell,
    'printf "PIN: " >&2; stty -echo; read -r pin; stty echo; [ "$pin" = 1234 ] && : < /dev/tty && cat kept',
  );
  const ran = await onTerminal(shell, 'jwks create -q --alg ES256 auth k2; echo status $?', [
    { after: 'PIN: ', keys: '1234\n' },
  ]);
  expect(ran.output).toContain('status 0');
  expect(ran.output).not.toContain('jwks_secret_');
  const quiet = await onTerminal(shell, 'jwks create -q --no-input --alg ES256 auth k3; echo status $?');
  expect(quiet.output).toContain('status 4');
});

test('no descriptor of Node itself is taken for the secret', async () => {
  const shell = await commandShell();
  const script =
    'for n in 3 4 5 8; do (timeout -k 1 20 jwks create -q --alg ES256 auth --secret-fd $n; echo $?) & done; wait';
  const { stdout, stderr } = await sh(shell, script);
  expect(stdout).toBe('4\n'.repeat(4));
  expect(stderr).toContain('descriptor 4 was not handed over');
});

test('a signal ends the wait for a secret on a pipe', async () => {
  const shell = await commandShell();
  const script =
    'mkfifo pipe; exec 3<> pipe; timeout -k 20 1 jwks create --alg ES256 auth --secret-fd 4 4< pipe';
  expect((await sh(shell, script)).status).toBe(124);
});
