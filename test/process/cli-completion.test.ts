// Completion scripts: shells can read them, and bash completes commands, options and set ids with them.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { newShell, quote, type Shell, sh } from '../support/shell.ts';

const isThere = (shell: string): boolean => {
  try {
    execFileSync(shell, ['-c', 'exit 0']);
    return true;
  } catch {
    return false;
  }
};

test.each(['bash', 'zsh', 'fish'])('%s reads its script', async (name) => {
  const shell = newShell();
  const { status, stdout } = await sh(shell, `jwks completion ${name} > script; cat script`);
  expect(status).toBe(0);
  for (const word of ['create', 'list', 'export', 'get', 'init', 'secret', 'thumbprint', 'algs', 'config']) {
    expect(stdout).toContain(word);
  }
  expect(stdout).toContain('kid-from');
  if (isThere(name)) expect(await sh(shell, `${name} -n script`)).toMatchObject({ status: 0, stderr: '' });
});

test.skipIf(isThere('zsh') && isThere('fish'))(
  'zsh or fish is not here: its script is only looked at',
  () => {},
);

/** What bash offers for a line whose last word is being completed. */
async function complete(shell: Shell, ...words: string[]): Promise<string[]> {
  const script = `
    source <(jwks completion bash)
    COMP_WORDS=(${words.map(quote).join(' ')}) COMP_CWORD=${words.length - 1}
    _jwks
    printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { status, stdout, stderr } = await sh(shell, script);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return stdout.split('\n').filter((line) => line !== '');
}

test('bash completes commands, options and their values', async () => {
  const shell = newShell();
  expect(await complete(shell, 'jwks', 'cr')).toEqual(['create']);
  expect(await complete(shell, 'jwks', '')).toContain('thumbprint');
  expect(await complete(shell, 'jwks', 'create', '--kid')).toEqual(['--kid-from']);
  expect(await complete(shell, 'jwks', 'create', '--kid-from', 's')).toEqual(['spki-sha256']);
  expect(await complete(shell, 'jwks', 'create', '--use', '')).toEqual(['sig', 'enc']);
  expect(await complete(shell, 'jwks', 'list', '--keys')).toEqual(['--keystore']);
  expect(await complete(shell, 'jwks', 'completion', '')).toEqual(['bash', 'zsh', 'fish']);
  expect(await complete(shell, 'jwks', 'secret', '')).toEqual([
    'generate',
    'list',
    'add',
    'change',
    'remove',
  ]);
});

test('bash completes the ids of sets, quoted, and never runs one', async () => {
  const shell = newShell();
  const names = [
    'auth',
    'author',
    'hydra.openid.id-token',
    'two words',
    '$(touch pwned)',
    '`touch pwned`',
    '*',
  ];
  for (const name of names) await sh(shell, `jwks create -q --alg ES256 -- ${quote(name)}`);
  expect(await complete(shell, 'jwks', 'export', 'au')).toEqual(['auth', 'author']);
  expect(await complete(shell, 'jwks', 'get', 'hydra')).toEqual(['hydra.openid.id-token']);
  expect(await complete(shell, 'jwks', 'list', 'tw')).toEqual(['two\\ words']);
  expect(await complete(shell, 'jwks', 'create', 'auth')).toEqual(['auth', 'author']);
  expect(await complete(shell, 'jwks', 'algs', 'au')).toEqual([]);
  const offered = await complete(shell, 'jwks', 'export', '');
  const all = offered.filter((word) => !word.startsWith('--'));
  expect(all).toHaveLength(names.length);
  writeFileSync(`${shell.home}/offered`, all.join(' '));
  const back = await sh(shell, `eval "set -- $(cat offered)"; printf '%s\\n' "$@"; ls`);
  expect(back.stdout).toBe(`${[...names].sort().join('\n')}\noffered\n`);
});

test('bash completes without a keystore, and with one that wants a secret', async () => {
  expect(await complete(newShell(), 'jwks', 'export', 'au')).toEqual([]);
  const shell = newShell();
  await sh(shell, 'jwks create -q --alg ES256 auth; rm .config/jwks/secret');
  expect(await complete(shell, 'jwks', 'export', 'au')).toEqual(['auth']);
});
