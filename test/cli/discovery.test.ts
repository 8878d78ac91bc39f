// jwks export --discovery: the document that leads verifiers from an issuer to its published set.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { instant, Machine } from '../support/cli.ts';
import { transcript } from '../support/transcript.ts';
import { machineAfter, ok } from './machines.ts';

function issuer(): Promise<Machine> {
  return machineAfter(
    'create --alg ES256 auth k1',
    'create --alg EdDSA auth k2',
    'create --alg ECDH-ES --use enc auth e1',
    'create --alg HS256 sym s1',
  );
}

const algs = async (machine: Machine, words: string): Promise<string[]> =>
  JSON.parse((await machine.jwks(`export ${words} --discovery --issuer https://auth.example.com`)).stdout)
    .id_token_signing_alg_values_supported;

test('the document', async () => {
  await transcript(
    await issuer(),
    `
    $ jwks export auth --discovery --issuer https://auth.example.com
    {
      "issuer": "https://auth.example.com",
      "jwks_uri": "https://auth.example.com/.well-known/jwks.json",
      "response_types_supported": [
        "id_token"
      ],
      "subject_types_supported": [
        "public"
      ],
      "id_token_signing_alg_values_supported": [
        "EdDSA",
        "ES256"
      ]
    }
    $ jwks export auth --discovery
    ! jwks: --discovery and --issuer go together
    exit 2
    $ jwks export auth --issuer https://auth.example.com
    ! jwks: --discovery and --issuer go together
    exit 2
  `,
  );
});

test('the algorithms are those that are published: not of other uses, symmetric keys, and tombstones', async () => {
  const machine = await issuer();
  expect(await algs(machine, '--all')).toEqual(['EdDSA', 'ES256']);
  await ok(machine, 'revoke auth k2 --no-successor');
  expect(await algs(machine, 'auth')).toEqual(['ES256']);
  machine.now = instant('2026-02-02T12:00:00Z');
  expect(await algs(machine, 'auth --at 2026-02-01T13:00:00Z')).toEqual(['ES256']);
});

test('the issuer stands as it is written, jwks_uri below it', async () => {
  const machine = await issuer();
  const urls = [
    ['https://auth.example.com/', 'https://auth.example.com/.well-known/jwks.json'],
    ['https://auth.example.com/tenant', 'https://auth.example.com/tenant/.well-known/jwks.json'],
    ['https://auth.example.com/tenant/', 'https://auth.example.com/tenant/.well-known/jwks.json'],
    ['https://auth.example.com:8443', 'https://auth.example.com:8443/.well-known/jwks.json'],
    ['http://localhost:4450', 'http://localhost:4450/.well-known/jwks.json'],
    ['http://127.0.0.1:4450', 'http://127.0.0.1:4450/.well-known/jwks.json'],
  ] as const;
  for (const [url, uri] of urls) {
    const { stdout } = await machine.jwks(`export auth --discovery --issuer ${url}`);
    expect(JSON.parse(stdout)).toMatchObject({ issuer: url, jwks_uri: uri });
  }
});

test('what is no issuer is exit 2', async () => {
  const machine = await issuer();
  const wrong = [
    ...['', 'auth.example.com', 'http://auth.example.com', 'http://10.0.0.1', 'ftp://auth.example.com'],
    ...['https://auth.example.com?x=1', 'https://auth.example.com/?', 'https://auth.example.com#a'],
    ...['https://user:password@auth.example.com', 'http://localhost.evil.example'],
  ];
  for (const url of wrong) {
    const ran = await machine.jwks(['export', 'auth', '--discovery', '--issuer', url]);
    expect([url, ran.status, ran.stdout]).toEqual([url, 2, '']);
    expect(ran.stderr).not.toContain('password@');
  }
});

// URL parsers mend these, and a token's `iss` is compared letter by letter.
test.each([
  ' https://auth.example.com',
  'https://auth.example.com\n',
  'https://auth.example.com/a b',
  'https:auth.example.com',
  'https:///auth.example.com',
  'https://auth.example.com\\tenant',
  'https://@auth.example.com',
])('what a URL parser would have to mend is exit 2: %j', async (url) => {
  const machine = new Machine();
  await ok(machine, 'create --alg ES256 auth k1');
  const ran = await machine.jwks(['export', 'auth', '--discovery', '--issuer', url]);
  expect([ran.status, ran.stdout]).toEqual([2, '']);
});

test('what could not be exported is refused alike', async () => {
  const machine = await issuer();
  await ok(machine, 'create --alg ES256 other k1');
  const words = (sets: string) => `export ${sets} --discovery --issuer https://auth.example.com`;
  const codes = { nope: 3, sym: 5, 'auth other': 5, 'auth --private': 2, 'auth --kid k1': 2, '': 2 };
  for (const [sets, code] of Object.entries(codes))
    expect([sets, (await machine.jwks(words(sets))).status]).toEqual([sets, code]);
});

test('it goes into a file as every export does', async () => {
  const machine = await issuer();
  const line = 'export auth --discovery --issuer https://auth.example.com -o openid-configuration';
  expect(await machine.jwks(line)).toEqual({ status: 0, stdout: '', stderr: '' });
  const text = readFileSync(`${machine.home}/work/openid-configuration`, 'utf8');
  expect(JSON.parse(text).jwks_uri).toBe('https://auth.example.com/.well-known/jwks.json');
});
