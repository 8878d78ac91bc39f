// --private into a descriptor that is a file which others can read: asked first, then written where it stands.
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { type Shell, sh, shellWithKey } from '../support/shell.ts';

async function shellWithOpenFile(): Promise<Shell> {
  const shell = await shellWithKey();
  writeFileSync(`${shell.home}/open.json`, 'first\n');
  chmodSync(`${shell.home}/open.json`, 0o644);
  return shell;
}

test.each([
  ['/dev/fd/3', '3>> open.json'],
  ['/dev/fd/3', '3<> open.json'],
  ['/proc/self/fd/3', '3>> open.json'],
  ['/dev/stderr', '2>> open.json'],
  ['/dev/fd/2', '2>> open.json'],
])('-o %s %s wants --yes', async (path, redirection) => {
  const shell = await shellWithOpenFile();
  const file = () => readFileSync(`${shell.home}/open.json`, 'utf8');
  const refused = await sh(shell, `jwks export auth --private -o ${path} ${redirection}`);
  expect(refused).toMatchObject({ status: 2, stdout: '' });
  expect(refused.stderr + file()).toContain('a file that others can read');
  expect(file()).not.toContain('"d"');
  expect(file()).toMatch(/^first\n/);
});

test.each([
  ['/dev/fd/3', '3'],
  ['/proc/self/fd/3', '3'],
  ['/dev/stderr', '2'],
])('-o %s --yes is written behind what the descriptor has written', async (path, fd) => {
  const shell = await shellWithOpenFile();
  const line = `{ echo second >&${fd}; jwks export auth --private -q --yes -o ${path}; echo last >&${fd}; } ${fd}> open.json`;
  expect(await sh(shell, line)).toMatchObject({ status: 0, stdout: '' });
  const [second, ...rest] = readFileSync(`${shell.home}/open.json`, 'utf8').trimEnd().split('\n');
  expect([second, rest.pop()]).toEqual(['second', 'last']);
  const text = rest.filter((row) => !row.startsWith('jwks:')).join('\n');
  expect(JSON.parse(text).keys[0]).toHaveProperty('d');
});

test('a closed file needs no question', async () => {
  const shell = await shellWithOpenFile();
  const ran = await sh(shell, 'umask 077; jwks export auth --private -q -o /dev/fd/3 3> closed.json');
  expect(ran).toMatchObject({ status: 0, stdout: '', stderr: '' });
  expect(JSON.parse(readFileSync(`${shell.home}/closed.json`, 'utf8')).keys[0]).toHaveProperty('d');
});
