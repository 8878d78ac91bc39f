// What a hint or suggestion says to run can be pasted into a shell, whatever the names are.
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { Machine } from '../support/cli.ts';
import { ok } from './machines.ts';

/** The words that a shell makes of a line. */
function words(line: string | undefined): string[] {
  return execFileSync('sh', ['-c', `printf '%s\\0' ${line}`])
    .toString()
    .split('\0')
    .slice(0, -1);
}

const hintIn = (stderr: string) => /^hint: (.*)$/m.exec(stderr)?.[1];
const nextIn = (stderr: string) => /^next: (.*?) {2,}\S/m.exec(stderr)?.[1];

test.each(['my set', "it's", 'a;b $HOME', '-x', '--help'])('a key that set %j has not', async (set) => {
  const machine = new Machine();
  await ok(machine, ['create', '--alg', 'ES256', '--', set, 'k1']);
  const { status, stderr } = await machine.jwks(['get', '--kid', 'nobody', '--', set]);
  expect(status).toBe(3);
  const [program, ...argv] = words(hintIn(stderr)?.replace(/ shows its keys$/, ''));
  expect(program).toBe('jwks');
  // In front, since what follows `--` is no option.
  expect(await machine.jwks(['--format', 'jsonpath=kid', ...argv])).toMatchObject({
    status: 0,
    stdout: '"k1"\n',
  });
});

test.each(['a b;c', "it's", '$HOME'])('a keystore at %j that is not there', async (name) => {
  const machine = new Machine();
  const { status, stderr } = await machine.jwks(['list', '--keystore', name]);
  expect(status).toBe(3);
  expect(words(hintIn(stderr))).toEqual(['jwks', 'init', '--keystore', `${machine.home}/work/${name}`]);
  expect((await machine.jwks(words(hintIn(stderr)).slice(1))).status).toBe(0);
  expect((await machine.jwks(['list', '--keystore', name])).status).toBe(0);
});

test('the chmod of a file whose path has a space', async () => {
  const machine = new Machine();
  const file = `${machine.home}/my secret; x`;
  writeFileSync(file, 'correct horse battery staple');
  chmodSync(file, 0o644);
  const open = await machine.jwks(['create', '--alg', 'ES256', 'auth', '--secret-file', file]);
  expect(open.status).toBe(4);
  expect(words(hintIn(open.stderr))).toEqual(['chmod', '600', file]);
  const directory = `${machine.home}/my keys`;
  mkdirSync(directory);
  chmodSync(directory, 0o777);
  const foreign = await machine.jwks(['list', '--keystore', directory]);
  expect(foreign.status).toBe(6);
  expect(words(hintIn(foreign.stderr))).toEqual(['chmod', 'o-w', directory]);
});

test.each(['-x', '--all', 'my set', 'a;b'])('what to run after a key of set %j was made', async (set) => {
  const machine = new Machine();
  await ok(machine, ['init', '--keystore', 'my keys']);
  for (const place of [[], ['--keystore', 'my keys']]) {
    const { status, stderr } = await machine.jwks(['create', '--alg', 'ES256', ...place, '--', set, 'k1']);
    expect(status).toBe(0);
    const [program, ...argv] = words(nextIn(stderr));
    expect(program).toBe('jwks');
    expect(argv.at(0)).toBe('export');
    expect(await machine.jwks(argv)).toMatchObject({ status: 0, stdout: '', stderr: '' });
  }
});
