// Command lines that cannot be carried out: exit 2, a message, and a hint of what to do.
import { expect, test } from 'vitest';
import { Machine } from '../support/cli.ts';
import { filesBelow } from '../support/snapshot.ts';
import { transcript } from '../support/transcript.ts';
import { ok } from './machines.ts';

test('unknown words', async () => {
  const machine = new Machine();
  await transcript(
    machine,
    `
    $ jwks creat auth
    ! jwks: unknown command 'creat'
    ! hint: did you mean create?
    exit 2
    $ jwks create --algo ES256 auth
    ! jwks: unknown option '--algo'
    ! hint: did you mean --alg?
    exit 2
    $ jwks create --bits many auth
    ! jwks: --bits many is no whole number
    ! hint: jwks create --help
    exit 2
    $ jwks create --use both auth
    ! jwks: --use both is not one of sig, enc
    ! hint: jwks create --help
    exit 2
    $ jwks create
    ! jwks: missing argument 'set-id'
    ! hint: jwks create --help
    exit 2
    $ jwks create a b c
    ! jwks: too many arguments: create takes at most 2
    ! hint: jwks create --help
    exit 2
    $ jwks completion tcsh
    ! jwks: unknown shell "tcsh"
    ! hint: bash, zsh, fish
    exit 2
    $ jwks list --secret-file a --secret-fd 3
    ! jwks: option '--secret-fd <n>' cannot be used with option '--secret-file <path>'
    ! hint: jwks list --help
    exit 2
    $ jwks list --identity short
    ! jwks: the identity (option --identity) is no fingerprint of 43 base64url characters
    exit 2
    $ jwks list --keystore mysql://me:hidden@db/jwks
    ! jwks: keystores are in directories and at postgres:// URLs, not at mysql:// URLs
    ! hint: such as postgres://jwks@db.example.com/auth?schema=jwks, with the password in PGPASSWORD or PGPASSFILE
    exit 2
  `,
  );
  expect(filesBelow(machine.home)).toEqual(['work']);
});

test('no password of a word that was typed wrongly is shown', async () => {
  const machine = new Machine();
  const place = 'ann:hid/d@en@db.example/auth';
  for (const [words, message] of [
    [[`--keystoer=${place}`, 'list'], "unknown option '--keystoer'"],
    [['list', `--keystoer=postgres://${place}`], "unknown option '--keystoer'"],
    [['list', '--keystoer=a secret of words'], "unknown option '--keystoer'"],
    [['list', '--keystoer', place], "unknown option '--keystoer'"],
    [[`-K${place}`, 'list'], "unknown option '-Kann@db.example/auth'"],
    [[place], "unknown command 'ann@db.example/auth'"],
    [['help', place], "unknown command 'ann@db.example/auth'"],
    [['list', '--secret-fd', place], '--secret-fd ann@db.example/auth is no whole number'],
    [['list', '--at', `postgres://${place}`], '--at postgres://ann@db.example/auth is no time'],
  ] as const) {
    for (const format of [[], ['--format', 'json']]) {
      const { status, stderr } = await machine.jwks([...words, ...format]);
      expect([status, stderr]).toEqual([2, expect.stringContaining(message)]);
      expect(stderr).not.toMatch(/hid|secret of/);
    }
  }
});

test('an option with an empty value is a usage error, as a script with an unset variable makes it', async () => {
  const machine = new Machine();
  await ok(machine, 'init');
  const statuses: Record<string, number> = {};
  for (const option of ['--keystore', '--identity', '--config', '--format', '--output', '--secret-file']) {
    statuses[option] = (await machine.jwks(['create', '--alg', 'ES256', 'auth', option, ''])).status;
  }
  expect(statuses).toEqual({
    '--keystore': 2,
    '--identity': 2,
    '--config': 2,
    '--format': 2,
    '--output': 2,
    '--secret-file': 2,
  });
  for (const command of ['get', 'export']) {
    expect((await machine.jwks([command, 'auth', '--kid', ''])).status).toBe(2);
  }
});

test('the remote options of ory are refused with the reason', async () => {
  const machine = new Machine();
  for (const words of [
    ['-e', 'http://localhost:4445'],
    ['--endpoint', 'http://localhost:4445'],
    ['--endpoint=http://localhost:4445'],
    ['--project', 'p'],
    ['--workspace', 'w'],
    ['-H', 'X: y'],
    ['--http-header', 'X: y'],
    ['--skip-tls-verify'],
  ]) {
    for (const line of [
      ['create', 'jwks', 'auth', ...words],
      [...words, 'create', 'jwks', 'auth'],
      ['get', 'auth', ...words],
    ]) {
      const { status, stderr } = await machine.jwks(line);
      expect(status).toBe(2);
      expect(stderr).toBe(
        `jwks: ${words[0]?.split('=')[0]} names a server, and these keys live in a local keystore\nhint: say where with --keystore; ory itself is the client for a server\n`,
      );
    }
  }
  expect(filesBelow(machine.home)).toEqual(['work']);
});

test('what works with ory works here', async () => {
  const machine = new Machine();
  await ok(machine, 'init');
  await transcript(
    machine,
    `
    $ jwks create jwks hydra.openid.id-token k1 --alg ES256 --use sig --public --format json -q
    k1
    $ jwks create jwk hydra.openid.id-token --alg ES256 -q
    <kid>
    $ jwks get jwks hydra.openid.id-token --public --format jsonpath=keys.#.kid
    ["<kid>","k1"]
    $ jwks create jwks jwks
    ! jwks: "jwks" cannot be a set id
    ! hint: the word is skipped in front of one, as in: jwks create jwks SET
    exit 2
  `,
  );
});

test('global options stand before or after the command', async () => {
  const machine = new Machine();
  await ok(machine, 'init --keystore keys');
  await transcript(
    machine,
    `
    $ jwks --keystore keys -q create --alg ES256 auth
    <kid>
    $ jwks create --alg ES256 auth -q --keystore keys
    <kid2>
    $ jwks --format jsonpath=sets.#.set list --keystore=keys
    ["auth"]
    $ jwks --keystore nowhere list --keystore keys -q
    auth
  `,
  );
});

test('every command takes every global option', async () => {
  const machine = new Machine();
  await ok(machine, 'init');
  const words =
    '-y --yes --force --no-input --no-color --debug --accept-rollback --public --output-mode 0644';
  for (const command of [
    'create --alg ES256 auth',
    'list',
    'get auth',
    'export auth',
    'init --keystore other',
    'secret generate',
    'algs',
    'config',
    'completion bash',
  ]) {
    expect([command, (await machine.jwks(`${command} ${words}`)).status]).toEqual([command, 0]);
    expect([command, (await machine.jwks(`${words} list`)).status]).toEqual([command, 0]);
  }
});

test('with a json format errors are JSON, also of a command line that cannot be read', async () => {
  await transcript(
    new Machine(),
    `
    $ jwks --format json list --colour
    ! {"error":{"code":"usage","message":"unknown option '--colour'","hint":"<...>"}}
    exit 2
    $ jwks list --format=json-pretty
    ! {"error":{"code":"not-found","message":"there is no keystore at ~/.local/share/jwks","hint":"jwks create SET makes it"}}
    exit 3
    $ JWKS_FORMAT=json jwks export
    ! {"error":{"code":"usage","message":"missing argument 'set-id'","hint":"name sets, or use --all"}}
    exit 2
  `,
  );
});

test('--debug shows where in our code, beside the same message', async () => {
  const machine = new Machine();
  const usual = await machine.jwks('list');
  const debugged = await machine.jwks('list --debug');
  expect(debugged.status).toBe(usual.status);
  expect(debugged.stderr.startsWith(usual.stderr)).toBe(true);
  expect(debugged.stderr).toMatch(/\nJwksError\n\s+at .*src\//);
  expect(usual.stderr).not.toContain('    at ');
});

test('control characters of what was typed never reach the terminal', async () => {
  const machine = new Machine();
  await ok(machine, 'init');
  const raw: string[] = [];
  for (const words of [
    ['\u001b[2J'],
    ['list', '--\u001b[2J'],
    ['list', '--at', '\u001b[2J'],
    ['list', '--format', '\u001b[2J'],
    ['list', 'a\u202eb'],
    ['completion', '\u001b[2J'],
    ['thumbprint', '\u001b[2J'],
    ['list', '--keystore', '\u001b[2J'],
    ['get', 'a\u202eb', '--kid', 'x'],
  ]) {
    const { status, stderr } = await machine.jwks(words);
    expect(status).toBeGreaterThan(0);
    if (/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/.test(stderr))
      raw.push(JSON.stringify(stderr));
  }
  expect(raw).toEqual([]);
});
