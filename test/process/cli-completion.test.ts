// Completion in the shells themselves: typed on a terminal in bash and zsh, asked of fish.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, onTestFinished, test } from 'vitest';
import { openKeystore } from '../../src/index.ts';
import { hasTerminals, newShell, onTerminal, quote, type Shell, sh } from '../support/shell.ts';

const isThere = (shell: string): boolean => spawnSync(shell, ['-c', 'exit 0']).status === 0;
const names = [
  'auth',
  'author',
  'two words',
  'urn:example:a',
  'ключ',
  'a"b',
  "it's",
  '$(touch pwned)',
  '`touch pwned`',
  '*',
  '-dash',
];

const template = mkdtempSync(join(tmpdir(), 'jwks-completion-'));
let isFilled = false;
afterAll(() => rmSync(template, { recursive: true }));

async function shellWithSets(): Promise<Shell> {
  // Without it zsh takes no letter but those of ASCII from a terminal.
  const shell = newShell({ LC_ALL: 'C.UTF-8' });
  if (!isFilled) await fill({ ...shell, home: template, env: { ...shell.env, HOME: template } });
  isFilled = true;
  cpSync(template, shell.home, { recursive: true });
  return shell;
}

async function fill(shell: Shell): Promise<void> {
  const script = `set -e
    jwks create -q --alg ES256 auth k-2025
    jwks init -q --keystore 'other place'
    jwks create -q --keystore 'other place' --alg ES256 elsewhere`;
  expect(await sh(shell, script)).toMatchObject({ status: 0 });
  const secret = readFileSync(`${shell.home}/.config/jwks/secret`, 'utf8');
  const keystore = await openKeystore({ keystore: `${shell.home}/.local/share/jwks`, secret });
  for (const name of names.filter((one) => one !== 'auth')) await keystore.create(name, { alg: 'ES256' });
  mkdirSync(`${shell.home}/some directory`);
}

/** What is typed up to the key, and the words that the command then gets. */
const typed: readonly (readonly [keys: string, words: readonly string[]])[] = [
  ['cr\t', ['create']],
  ['sec\tad\t--rec\t', ['secret', 'add', '--recipient']],
  ['help sec\tch\t', ['help', 'secret', 'change']],
  ['create --alg ES2\t', ['create', '--alg', 'ES256']],
  ['create --alg=ES2\t', ['create', '--alg=ES256']],
  ['check --format na\t', ['check', '--format', 'nagios']],
  ['export --for hy\t', ['export', '--for', 'hydra']],
  ['export tw\t', ['export', 'two words']],
  ['export "tw\t', ['export', 'two words']],
  ["export 'tw\t", ['export', 'two words']],
  ['export urn:\t', ['export', 'urn:example:a']],
  ['export urn:exa\t', ['export', 'urn:example:a']],
  ['export клю\t', ['export', 'ключ']],
  ['export a\\"\t', ['export', 'a"b']],
  ['export it\t', ['export', "it's"]],
  ['export \\$\t', ['export', '$(touch pwned)']],
  ['export \\`\t', ['export', '`touch pwned`']],
  ['export -- -d\t', ['export', '--', '-dash']],
  ['create jwks two\t', ['create', 'jwks', 'two words']],
  ['retire auth k\t', ['retire', 'auth', 'k-2025']],
  ['get auth --kid k\t', ['get', 'auth', '--kid', 'k-2025']],
  ['--keystore other\\ place list el\t', ['--keystore', 'other place', 'list', 'elsewhere']],
  ['list --keystore="$HOME/other place" el\t', ['list', '--keystore=~/other place', 'elsewhere']],
  ['list --keystore ~/other\\ place el\t', ['list', '--keystore', '~/other place', 'elsewhere']],
  ['secret remove fi\t', ['secret', 'remove', 'first']],
];
const files: typeof typed = [
  ['list -o some\t', ['list', '-o', 'some directory/']],
  ['list --output=some\t', ['list', '--output=some directory/']],
];

/** Types each line in one shell, where `show` is completed as `jwks` is and prints its words. */
async function typeIn(shell: Shell, start: string, lines: typeof typed): Promise<string[][]> {
  const setUp = `show() { { printf '%s\\0' "$@"; printf '\\n'; } >> shown; }`;
  const keys = lines.map(([line], index) => ({ after: `ready${index}>`, keys: `show ${line}\r` }));
  const last = { after: `ready${lines.length}>`, keys: 'exit\r' };
  const { output } = await onTerminal(shell, start.replace('SET_UP', setUp), [...keys, last]);
  expect(output).not.toMatch(/jwks: |hint: |not found|error/i);
  const shown = readFileSync(`${shell.home}/shown`, 'utf8').trimEnd().split('\0\n');
  const home = (word: string) => word.replace(shell.home, '~').replace(/\0$/, '');
  return shown.map((line) => line.replace(/\0$/, '').split('\0').map(home));
}

const start = {
  bash: `cat > rc <<'END'
PS1='ready$((n++))>'; n=0; bind 'set enable-bracketed-paste off'
eval "$(jwks completion bash)"
SET_UP
complete -F _jwks show
END
bash --noprofile --rcfile rc -i`,
  zsh: `mkdir -p zdot; cat > zdot/.zshrc <<'END'
setopt prompt_subst; unsetopt beep; n=-1; precmd() { ((++n)) }; PS1='ready$n>'
eval "$(jwks completion zsh)"
SET_UP
compdef _jwks show
END
ZDOTDIR=$PWD/zdot zsh -i`,
};

test.skipIf(!hasTerminals)(
  'bash completes what is typed (skipped without script)',
  async () => {
    const shell = await shellWithSets();
    const lines = [...typed, ...files];
    expect(await typeIn(shell, start.bash, lines)).toEqual(lines.map(([, words]) => words));
    expect((await sh(shell, 'ls')).stdout).not.toContain('pwned');
  },
  120_000,
);

test.skipIf(!hasTerminals || !isThere('zsh'))(
  'zsh completes what is typed (skipped without zsh)',
  async () => {
    const shell = await shellWithSets();
    // It takes the slash behind a directory away again.
    const lines = [
      ...typed,
      ...files.map(([keys, words]) => [keys, words.map((word) => word.replace(/\/$/, ''))] as const),
    ];
    expect(await typeIn(shell, start.zsh, lines)).toEqual(lines.map(([, words]) => words));
    expect((await sh(shell, 'ls')).stdout).not.toContain('pwned');
  },
  120_000,
);

const installed =
  'mkdir -p ~/.config/fish/completions; jwks completion fish > ~/.config/fish/completions/jwks.fish';

test.skipIf(!isThere('fish'))(
  'fish completes what is typed (skipped without fish)',
  async () => {
    const shell = await shellWithSets();
    expect(await sh(shell, installed)).toMatchObject({ status: 0, stderr: '' });
    const asked = [...typed, ...files].filter(([line]) => line.split('\t').length === 2);
    const lines = asked.map(([keys]) => `jwks ${keys.replace('\t', '')}`);
    const each = `fish -c 'for line in $argv; complete -C $line; echo; end' ${lines.map(quote).join(' ')}`;
    const { status, stdout, stderr } = await sh(shell, each);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const offered = stdout.split('\n\n').map((one) => one.split('\n').map((word) => word.split('\t')[0]));
    expect(offered.map((words, index) => [lines[index], words])).toEqual([
      ...asked.map(([, words], index) => [lines[index], [words.at(-1)]]),
      [undefined, ['']],
    ]);
    expect((await sh(shell, 'ls')).stdout).not.toContain('pwned');
  },
  120_000,
);

test('docs/install.md says what is typed here', () => {
  const document = readFileSync(fileURLToPath(new URL('../../docs/install.md', import.meta.url)), 'utf8');
  for (const line of [
    'eval "$(jwks completion bash)"',
    'eval "$(jwks completion zsh)"',
    ...installed.split('; '),
  ])
    expect(document).toContain(`\n${line}\n`);
});

test.each(['bash', 'zsh', 'fish'])('%s finds no fault in its script', async (name) => {
  const shell = newShell();
  expect(await sh(shell, `jwks completion ${name} > script`)).toMatchObject({ status: 0, stderr: '' });
  if (isThere(name)) expect(await sh(shell, `${name} -n script`)).toMatchObject({ status: 0, stderr: '' });
});

const ask = (shell: Shell, words: string) => sh(shell, `jwks __complete zsh ${words}`);

test('without a keystore, a secret or a home nothing is offered, and nothing said', async () => {
  const shell = newShell();
  const nothing = { status: 0, stdout: '', stderr: '' };
  expect(await ask(shell, "export ''")).toEqual({ ...nothing, signal: null });
  expect(await ask(shell, "--keystore nowhere export ''")).toMatchObject(nothing);
  expect(await sh(shell, "unset HOME; jwks __complete zsh export ''")).toMatchObject(nothing);
  expect(
    await sh(shell, "mkdir .config; echo '}' > jwks.config.yaml; jwks __complete zsh list ''"),
  ).toMatchObject(nothing);
  expect((await ask(shell, 'cre')).stdout).toBe('words\ncreate\tmake a key; its public half on stdout\n');
  expect((await sh(shell, 'ls -A')).stdout).toBe('.config\njwks.config.yaml\n');
});

test('a set is offered without the secret, and no trace is left', async () => {
  const shell = newShell();
  await sh(
    shell,
    'jwks create -q --alg ES256 auth; jwks create -q --alg ES256 gone; jwks delete -q gone --yes',
  );
  await sh(shell, 'rm -r .config/jwks/secret .local/state');
  expect(await ask(shell, "export ''")).toMatchObject({ stdout: 'words\nauth\tset\n', stderr: '' });
  expect((await sh(shell, 'ls .local')).stdout).toBe('share\n');
});

test.each([
  ['one that is silent', false],
  ['one that is away', true],
])('a database does not hold the line up: %s', async (_, isAway) => {
  const server = createServer(() => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  if (isAway) server.close();
  else onTestFinished(() => void server.close());
  const began = performance.now();
  const ran = await ask(newShell(), `--keystore postgres://u@127.0.0.1:${port}/d export ''`);
  expect(ran).toMatchObject({ status: 0, stderr: '' });
  expect(ran.stdout.replace('words\n', '')).toBe('');
  expect(performance.now() - began).toBeLessThan(8_000);
});
