// Where things are without a home directory, and with the XDG variables.
import { mkdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { generateSecretText } from '../../src/keystore/secret.ts';
import { Machine } from '../support/cli.ts';
import { filesBelow } from '../support/snapshot.ts';
import { transcript } from '../support/transcript.ts';

test('without HOME only what needs a default place is refused', async () => {
  const machine = new Machine();
  await transcript(
    machine,
    `
    $ jwks create --alg ES256 auth
    ! jwks: there is no place for a keystore: neither HOME nor XDG_DATA_HOME is an absolute path
    ! hint: name it with --keystore or JWKS_KEYSTORE
    exit 2
    $ jwks list
    ! jwks: there is no place for a keystore: neither HOME nor XDG_DATA_HOME is an absolute path
    ! hint: name it with --keystore or JWKS_KEYSTORE
    exit 2
    $ jwks init --keystore keys
    ! jwks: there is no place for a secret: neither HOME nor XDG_CONFIG_HOME is an absolute path
    ! hint: name the secret with --secret-file, JWKS_SECRET_FILE or JWKS_SECRET
    exit 2
    $ jwks config --format jsonpath=settings.0
    {"name":"keystore","value":null,"from":"default"}
    $ jwks secret generate -q
    <secret>
  `,
    { env: { HOME: undefined } },
  );
  expect((await machine.jwks('algs', { env: { HOME: undefined } })).status).toBe(0);
  expect((await machine.jwks('completion bash', { env: { HOME: undefined } })).status).toBe(0);
  expect(filesBelow(machine.home)).toEqual(['work']);
});

test.each([undefined, '', 'relative/home'])('with HOME %j everything works that is named', async (HOME) => {
  const machine = new Machine();
  const env = { HOME, JWKS_SECRET: generateSecretText() };
  const jwks = (words: string) => machine.jwks(`${words} --keystore keys`, { env });
  expect((await jwks('init')).status).toBe(0);
  expect((await jwks('create --alg ES256 auth')).status).toBe(0);
  expect((await jwks('export auth')).status).toBe(0);
  expect(filesBelow(machine.home).filter((path) => !path.startsWith('work/keys'))).toEqual(['work']);
});

test('the XDG variables say where things are', async () => {
  const machine = new Machine();
  const at = (name: string) => `${machine.home}/${name}`;
  const env = {
    HOME: undefined,
    XDG_DATA_HOME: at('data'),
    XDG_CONFIG_HOME: at('config'),
    XDG_STATE_HOME: at('state'),
  };
  expect((await machine.jwks('create --alg ES256 auth', { env })).status).toBe(0);
  const files = filesBelow(machine.home);
  expect(files).toContain('data/jwks/master/1.json');
  expect(files).toContain('config/jwks/secret');
  expect(files.some((path) => /^state\/jwks\/[\w-]{43}\.json$/.test(path))).toBe(true);
});

test('an XDG variable that is not an absolute path does not count', async () => {
  const machine = new Machine();
  const env = { XDG_DATA_HOME: 'data', XDG_CONFIG_HOME: './config', XDG_STATE_HOME: '' };
  expect((await machine.jwks('create --alg ES256 auth', { env })).status).toBe(0);
  const files = filesBelow(machine.home);
  expect(files).toContain('.local/share/jwks/master/1.json');
  expect(files).toContain('.config/jwks/secret');
  expect(files.some((path) => path.startsWith('.local/state/jwks/'))).toBe(true);
  expect(filesBelow(`${machine.home}/work`)).toEqual([]);
});

test('a place for what was seen that cannot be made is no error', async () => {
  const machine = new Machine();
  mkdirSync(`${machine.home}/.local/state/jwks`, { recursive: true });
  const env = { XDG_STATE_HOME: '/dev/null/state' };
  expect((await machine.jwks('create --alg ES256 auth', { env })).status).toBe(0);
  expect((await machine.jwks('list', { env })).status).toBe(0);
});
