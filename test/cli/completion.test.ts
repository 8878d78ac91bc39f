// What can stand at the cursor of a command line that is half typed.
import { expect, test } from 'vitest';
import { contentEncryptions } from '../../src/jose/token-encryption.ts';
import { Machine } from '../support/cli.ts';
import { ok } from './machines.ts';

const isEveryEnc = (words: readonly string[]) =>
  words.toSorted().join() === contentEncryptions.toSorted().join();

async function offered(machine: Machine, shell: string, words: readonly string[]): Promise<string[]> {
  const { status, stdout, stderr } = await machine.jwks(['__complete', shell, ...words]);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  const lines = stdout.split('\n').slice(0, -1);
  return lines[0] === 'words' ? lines.slice(1).map((line) => line.split('\t')[0] ?? '') : lines;
}

test.each([
  [
    ['secret', ''],
    ['generate', 'list', 'add', 'change', 'remove'],
  ],
  [['secret', 'add', '--l'], ['--label']],
  [['help', 'secret', 'a'], ['add']],
  [['--format', 'json', 'cr'], ['create']],
  [['--format=json', '-q', 'cr'], ['create']],
  [['-ofile', 'cr'], ['create']],
  [
    ['create', '--use', ''],
    ['sig', 'enc'],
  ],
  [
    ['create', '--use='],
    ['--use=sig', '--use=enc'],
  ],
  [['create', '--private='], []],
  [['create', '--kid-from', 's'], ['spki-sha256']],
  [
    ['convert', '--to', 'pk'],
    ['pkcs8', 'pkcs1'],
  ],
  [['policy', '--alg', 'a'], ['any']],
  [
    ['list', '--format', 'jsonp'],
    ['jsonpath=', 'jsonpointer='],
  ],
  [['lint', '--format', 'sa'], ['sarif']],
  [['check', '--format', 'pr'], ['prometheus']],
  [['check', '--format', 'na'], ['nagios']],
  [['encrypt', '--enc', ''], expect.toSatisfy(isEveryEnc)],
  [
    ['completion', ''],
    ['bash', 'zsh', 'fish'],
  ],
  [['completion', 'bash', ''], []],
  [['backup', ''], ['files']],
  [['backup', 'file', ''], []],
  [['import', 'auth', 'one.pem', ''], ['files']],
  [['list', '-o', ''], ['files']],
  [['list', '--keystore', ''], ['directories']],
  [['copy', '--to', ''], ['directories']],
  [['verify', '--jwks', ''], ['files']],
  [['sign', '--sub', ''], []],
  [['nothing', ''], []],
  [[''], expect.arrayContaining(['create', 'help'])],
  [['-'], expect.arrayContaining(['--keystore', '--output', '--help', '--version'])],
])('%j', async (words, expected) => {
  expect(await offered(new Machine(), 'zsh', words)).toEqual(expected);
});

test('sets and kids, where they belong', async () => {
  const machine = new Machine();
  for (const line of ['auth k1', 'auth2 k2', '-- -x k3']) await ok(machine, `create --alg ES256 ${line}`);
  const ask = (...words: string[]) => offered(machine, 'zsh', words);
  expect(await ask('export', 'a')).toEqual(['auth', 'auth2']);
  expect(await ask('export', '')).toEqual(['auth', 'auth2', '--']);
  expect(await ask('export', '--', '')).toEqual(['-x', 'auth', 'auth2']);
  expect(
    await ask('check', '--url', 'https://a.example', 'https://b.example', '--at', '2026-01-01', 'a'),
  ).toEqual(['auth', 'auth2']);
  expect(await ask('verify', '--set', '-')).toEqual(['-x']);
  expect(await ask('get', 'auth', 'auth2', '--kid', '')).toEqual(['k1', 'k2']);
  expect(await ask('retire', 'auth2', '')).toEqual(['k2']);
  expect(await ask('revoke', 'auth', 'k1', '')).toEqual(['k1']);
  expect(await ask('create', 'auth', '')).toEqual([]);
  expect(await ask('get', '--kid', '')).toEqual([]);
  expect(await ask('secret', 'remove', '')).toEqual(['first']);
});

test('bash gets words that it can put into the line', async () => {
  const machine = new Machine();
  for (const set of ['two words', 'a"$b`', "it's"]) await ok(machine, ['create', '--alg', 'ES256', set]);
  const ask = (word: string) => offered(machine, 'bash', ['export', word]);
  expect(await ask('tw')).toEqual(['two\\ words']);
  expect(await ask('two\\ w')).toEqual(['two\\ words']);
  expect(await ask('"two w')).toEqual(['two words']);
  expect(await ask("'two w")).toEqual(['two words']);
  expect(await ask('a')).toEqual(['a\\"\\$b\\`']);
  expect(await ask('"a\\"')).toEqual(['a\\"\\$b\\`']);
  expect(await ask("it\\'")).toEqual(["it\\'s"]);
});
