// --format: one value in many spellings.
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { Machine } from '../support/cli.ts';
import { filesBelow } from '../support/snapshot.ts';
import { transcript } from '../support/transcript.ts';
import { machineAfter, ok } from './machines.ts';

function machineWithKeys(): Promise<Machine> {
  return machineAfter('create --alg ES256 auth first', 'create --alg ES256 auth second');
}

test('json-pretty and yaml hold what json holds', async () => {
  const machine = await machineWithKeys();
  for (const command of ['list', 'get auth', 'algs', 'config']) {
    const printed = async (format: string) => (await machine.jwks(`${command} --format ${format}`)).stdout;
    const json = await printed('json');
    // `config` shows the format itself.
    const as = (format: string) => JSON.parse(json.replace('"value":"json"', `"value":"${format}"`));
    const pretty = await printed('json-pretty');
    expect(JSON.parse(pretty)).toEqual(as('json-pretty'));
    expect(parse(await printed('yaml'))).toEqual(as('yaml'));
    expect(json).toMatch(/^.+\n$/);
    expect(pretty.split('\n').length).toBeGreaterThan(3);
  }
});

test('yaml', async () => {
  const machine = new Machine();
  await ok(machine, 'create --alg ES256 auth first');
  await transcript(
    machine,
    `
    $ jwks list --format yaml
    sets:
      - set: auth
        revision: 1
        policy: null
        keys:
          - kid: first
            alg: ES256
            use: sig
            state: active
            created: 2026-02-01T12:00:00Z
            activates: 2026-02-01T12:00:00Z
  `,
  );
});

test('jsonpath: RFC 9535 gives a list, a dotted path as Ory has it one value', async () => {
  await transcript(
    await machineWithKeys(),
    `
    $ jwks get auth --format jsonpath=keys.0.kid
    "second"
    $ jwks get auth --format jsonpath=keys.#
    2
    $ jwks get auth --format jsonpath=keys.#.kid
    ["second","first"]
    $ jwks get auth --format 'jsonpath=$.keys[*].kid'
    ["second","first"]
    $ jwks get auth --format 'jsonpath=$.keys[?@.kid == "first"].alg'
    ["ES256"]
    $ jwks get auth --format 'jsonpath=$.nothing'
    []
    $ jwks get auth --format jsonpath=keys.7.kid
    ! {"error":{"code":"not-found","message":"there is nothing at \\"keys.7.kid\\""}}
    exit 3
    $ jwks get auth --format 'jsonpath=$.keys['
    ! {"error":{"code":"usage","message":"\\"$.keys[\\" is no JSONPath (RFC 9535)"}}
    exit 2
  `,
  );
});

test('jsonpointer: RFC 6901', async () => {
  await transcript(
    await machineWithKeys(),
    `
    $ jwks get auth --format jsonpointer=/keys/1/kid
    "first"
    $ jwks get auth --format jsonpointer=/set
    "auth"
    $ jwks get auth --format jsonpointer=keys
    ! {"error":{"code":"usage","message":"\\"keys\\" is no JSON Pointer (RFC 6901): it begins with \\"/\\""}}
    exit 2
    $ jwks get auth --format jsonpointer=/keys/9
    ! {"error":{"code":"not-found","message":"there is nothing at \\"/keys/9\\""}}
    exit 3
  `,
  );
});

test('a pointer or path sees the members of the value only, never what JavaScript adds', async () => {
  const machine = await machineWithKeys();
  for (const format of [
    'jsonpointer=/constructor',
    'jsonpointer=/__proto__',
    'jsonpointer=/keys/length',
    'jsonpointer=/set/length',
    'jsonpath=constructor',
    'jsonpath=keys.length',
    'jsonpath=set.length',
  ]) {
    expect(await machine.jwks(['get', 'auth', '--format', format])).toMatchObject({ status: 3, stdout: '' });
  }
  // A set without a policy has null there.
  for (const format of ['jsonpath=sets.0.policy.skew', 'jsonpointer=/sets/0/policy/skew'])
    expect(await machine.jwks(['list', '--format', format])).toMatchObject({ status: 3, stdout: '' });
});

test('an expression that cannot be read is refused before a key is made', async () => {
  const machine = await machineWithKeys();
  for (const format of ['jsonpath=$.keys[', 'jsonpointer=keys', 'xml', 'jsonpath', 'jwks=1', '']) {
    const refused = await machine.jwks(['create', '--alg', 'ES256', 'auth', '--format', format]);
    expect(refused).toMatchObject({ status: 2, stdout: '' });
    expect((await machine.jwks('list auth --format jsonpath=sets.0.revision')).stdout).toBe('2\n');
  }
});

test('jwks is a pure RFC 7517 set', async () => {
  const machine = await machineWithKeys();
  const { stdout } = await machine.jwks('get auth --kid first --format jwks');
  const { keys, ...others } = JSON.parse(stdout);
  expect(others).toEqual({});
  expect(Object.keys(keys[0])).toEqual(['kty', 'use', 'alg', 'kid', 'crv', 'x', 'y']);
  expect(JSON.parse((await machine.jwks('export auth --kid first')).stdout)).toEqual({ keys });
});

test('an unknown format, or one that a command has not, is a usage error', async () => {
  await transcript(
    await machineWithKeys(),
    `
    $ jwks list --format xml
    ! jwks: unknown format "xml"
    ! hint: table, json, json-pretty, yaml, jwks, jsonpath=EXPRESSION or jsonpointer=POINTER
    exit 2
    $ jwks algs --format jwks
    ! jwks: this has no form "jwks"
    ! hint: json has all of it
    exit 2
    $ JWKS_FORMAT=xml jwks list
    ! jwks: unknown format "xml"
    ! hint: table, json, json-pretty, yaml, jwks, jsonpath=EXPRESSION or jsonpointer=POINTER
    exit 2
  `,
  );
});

test('an unknown format is one also where it would change nothing', async () => {
  const machine = await machineWithKeys();
  for (const command of [
    'export auth',
    'export auth --for envoy',
    'timeline',
    'sign auth',
    'encrypt auth',
    'decrypt auth message',
    'convert key',
    'serve auth',
    'backup copy.json',
    'secret generate',
    'completion bash',
  ]) {
    for (const format of ['xml', 'jsonpointer', 'prometheus']) {
      const ran = await machine.jwks(`${command} --format ${format}`);
      expect({ command, ...ran }).toMatchObject({ command, status: 2, stdout: '' });
      expect(ran.stderr).toContain('unknown format');
    }
  }
  // A variable is for all commands, and some know others.
  const env = { JWKS_FORMAT: 'prometheus' };
  expect((await machine.jwks('export auth', { env })).status).toBe(0);
  expect((await machine.jwks('completion bash', { env })).status).toBe(0);
  const first = await new Machine().jwks('create auth --dry-run --format xml');
  expect(first).toMatchObject({ status: 2, stdout: '', stderr: expect.stringContaining('unknown format') });
});

test('a form that the result does not have is refused before anything is made', async () => {
  const machine = new Machine();
  expect((await machine.jwks('init --format jwks')).status).toBe(2);
  expect(filesBelow(machine.home)).toEqual(['work']);
});

test('the format comes from the option, then from JWKS_FORMAT', async () => {
  await transcript(
    await machineWithKeys(),
    `
    $ JWKS_FORMAT=jsonpath=keys.0.kid jwks get auth
    "second"
    $ JWKS_FORMAT=json jwks --format jsonpath=keys.1.kid get auth
    "first"
    $ JWKS_FORMAT=json jwks get nowhere
    ! {"error":{"code":"not-found","message":"set \\"nowhere\\" does not exist","hint":"jwks list shows the sets there are"}}
    exit 3
    $ JWKS_FORMAT= jwks get auth -q
    second
    first
  `,
  );
});

test('export accepts a format and ignores it, except for errors', async () => {
  const machine = await machineWithKeys();
  const usual = await machine.jwks('export auth');
  expect(usual.status).toBe(0);
  for (const format of ['table', 'json', 'yaml', 'jwks', 'jsonpath=keys.0', 'jsonpointer=/keys']) {
    expect(await machine.jwks(`export auth --format ${format}`)).toEqual(usual);
  }
  await transcript(
    machine,
    `
    $ jwks export nowhere --format json
    ! {"error":{"code":"not-found","message":"set \\"nowhere\\" does not exist","hint":"jwks list shows the sets there are"}}
    exit 3
  `,
  );
});
