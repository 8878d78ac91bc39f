// The built command and its streams: what goes where, and what happens when they are cut, full or closed.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { cleanEnv, jwks } from '../support/command.ts';
import { createMany } from '../support/many-keys.ts';
import { newShell, sh, shellWithKey } from '../support/shell.ts';

test('the result goes to stdout, what is said to a person to stderr', async () => {
  const shell = newShell();
  const ran = await jwks(['create', '--alg', 'ES256', 'auth'], {
    cwd: shell.home,
    env: cleanEnv(shell.home),
  });
  expect(ran.status).toBe(0);
  expect(Object.keys(JSON.parse(ran.stdout))).toEqual(['keys']);
  expect(ran.stderr.split('\n').map((line) => line.split(' ')[0])).toEqual([
    'jwks:',
    'jwks:',
    'jwks:',
    'next:',
    '',
    '',
  ]);
  expect(ran.stdout + ran.stderr).not.toContain('\u001b');
});

test('exit codes', async () => {
  const shell = await shellWithKey();
  const status = async (line: string) => (await sh(shell, line)).status;
  expect(await status('jwks list')).toBe(0);
  expect(await status('jwks')).toBe(2);
  expect(await status('jwks list --nothing')).toBe(2);
  expect(await status('jwks list nowhere')).toBe(3);
  expect(await status('JWKS_SECRET=jwks_secret_x jwks create --alg ES256 auth')).toBe(4);
  expect(await status('jwks create --alg ES256 auth k1')).toBe(5);
  expect(await status('echo x | jwks thumbprint')).toBe(6);
  expect(await status('jwks --version')).toBe(0);
  expect(await status('jwks --help')).toBe(0);
});

test('a reader that goes away is no error', async () => {
  const shell = await shellWithKey();
  for (const line of [
    'jwks export auth',
    'jwks list',
    'jwks --help',
    'jwks --version',
    'jwks completion bash',
    'jwks algs',
  ]) {
    expect(await sh(shell, `${line} | head -c1 > first; wc -c < first`)).toMatchObject({
      status: 0,
      stdout: '1\n',
      stderr: '',
    });
    expect(await sh(shell, `${line} | true`)).toMatchObject({ status: 0, stderr: '' });
  }
});

test('a stdout that is full is an error that is told on stderr', async () => {
  const shell = await shellWithKey();
  for (const line of ['jwks export auth', 'jwks list', 'jwks --version', 'jwks --help']) {
    const ran = await sh(shell, `${line} > /dev/full`);
    expect([line, ran.status, ran.stderr]).toEqual([
      line,
      1,
      'jwks: stdout cannot be written: no space left on the disk\n',
    ]);
  }
  const created = await sh(shell, 'jwks create --alg ES256 auth k2 > /dev/full');
  expect(created.status).toBe(1);
  expect((await sh(shell, 'jwks list auth --format jsonpath=sets.0.revision')).stdout).toBe('2\n');
});

test('a key that was made is told of also where stdout is full', async () => {
  const shell = await shellWithKey();
  const created = await sh(shell, 'jwks create --alg ES256 auth k2 > /dev/full');
  expect(created.stderr).toContain('k2');
});

test('a stderr that is full or closed changes no result', async () => {
  const shell = await shellWithKey();
  for (const target of ['2> /dev/full', '2>&-', '2> >(true)']) {
    const ran = await sh(shell, `jwks create --if-missing --alg ES256 auth ${target}`);
    expect([target, ran.status]).toEqual([target, 0]);
    expect(JSON.parse(ran.stdout).keys).toHaveLength(1);
    expect((await sh(shell, `jwks list nowhere ${target}`)).status).toBe(3);
  }
});

test('a stdout or stdin that is closed ends quietly', async () => {
  const shell = await shellWithKey();
  expect([0, 1]).toContain((await sh(shell, 'jwks list >&-')).status);
  expect((await sh(shell, 'jwks list <&-')).status).toBe(0);
  expect((await sh(shell, 'jwks thumbprint <&-')).status).toBe(6);
});

test('a big export through a pipe is whole', async () => {
  const shell = await shellWithKey();
  const keys = Array.from({ length: 100 }, (_, n) => `big-${n}-${'k'.repeat(240)}`);
  const secret = readFileSync(`${shell.home}/.config/jwks/secret`, 'utf8');
  await createMany(`${shell.home}/.local/share/jwks`, secret, keys);
  const whole = await sh(shell, 'jwks export big | cat');
  expect(whole.status).toBe(0);
  expect(whole.stdout.length).toBeGreaterThan(40_000);
  expect(
    JSON.parse(whole.stdout)
      .keys.map(({ kid }: { kid: string }) => kid)
      .sort(),
  ).toEqual(keys.sort());
  // A reader that is slow to begin: more than a pipe holds has to wait.
  const slow = await sh(
    shell,
    'jwks list big --format json-pretty --all | { read -r first; printf "%s\\n" "$first"; cat; }',
  );
  expect(JSON.parse(slow.stdout).sets[0].keys).toHaveLength(keys.length);
  expect((await sh(shell, 'jwks export big | head -c1')).stdout).toBe('{');
});

test('-o /dev/stdout writes into what stdout is, and never replaces it', async () => {
  const shell = await shellWithKey();
  const usual = (await sh(shell, 'jwks export auth')).stdout;
  expect((await sh(shell, 'jwks export auth -o /dev/stdout | cat')).stdout).toBe(usual);
  const both = await sh(
    shell,
    '{ echo first; jwks export auth -o /dev/stdout; echo last; } > file; cat file',
  );
  expect(both.stdout).toBe(`first\n${usual}last\n`);
});

test('-o to a fifo and to /dev/null writes into it', async () => {
  const shell = await shellWithKey();
  const usual = (await sh(shell, 'jwks export auth')).stdout;
  const fifo = await sh(
    shell,
    'mkfifo pipe; timeout 10 cat pipe & jwks export auth -o pipe && wait; test -p pipe',
  );
  expect(fifo).toMatchObject({ status: 0, stdout: usual, stderr: '' });
  expect(await sh(shell, 'jwks export auth -o /dev/null; test -c /dev/null')).toMatchObject({ status: 0 });
});

test('private keys want --yes where stdout is a file that others can read', async () => {
  const shell = await shellWithKey();
  const refused = await sh(
    shell,
    'umask 022; jwks export auth --private > open.json; echo $?; wc -c < open.json',
  );
  expect(refused.stdout).toBe('2\n0\n');
  expect(refused.stderr).toContain('a file that others can read');
  expect((await sh(shell, 'jwks export auth --private --yes > open.json')).status).toBe(0);
  expect((await sh(shell, 'umask 077; jwks export auth --private > closed.json')).status).toBe(0);
});

test('/dev/stdout is no way around that', async () => {
  const shell = await shellWithKey();
  const ran = await sh(shell, 'umask 022; jwks export auth --private -o /dev/stdout > open.json');
  expect([2, 5]).toContain(ran.status);
  expect(readFileSync(`${shell.home}/open.json`, 'utf8')).toBe('');
});
