// jwks sign: tokens by a set's signer, one or many.
import { readFileSync, writeFileSync } from 'node:fs';
import { importJWK, jwtVerify } from 'jose';
import { expect, test } from 'vitest';
import { instant, type Machine } from '../support/cli.ts';
import { transcript } from '../support/transcript.ts';
import { machineAfter, ok } from './machines.ts';

const start = '2026-02-01T12:00:00Z';

function machineWith(...creates: readonly string[]): Promise<Machine> {
  return machineAfter('init', ...creates.map((words) => `create ${words}`));
}

function partOf(token: string, index: number): Record<string, unknown> {
  return JSON.parse(Buffer.from(token.split('.')[index] ?? '', 'base64url').toString());
}
const headerOf = (token: string) => partOf(token, 0);
const claimsOf = (token: string) => partOf(token, 1);
const textOf = (token: string) => Buffer.from(token.split('.')[1] ?? '', 'base64url').toString();

async function claimsBy(machine: Machine, words: string | readonly string[], stdin?: string) {
  const ran = await machine.jwks(words, stdin === undefined ? {} : { stdin });
  expect(ran).toMatchObject({ status: 0, stderr: '' });
  return ran.stdout.trimEnd().split('\n').map(claimsOf);
}

test.each(['ES256', 'Ed25519', 'PS256 --bits 2048', 'HS256'])(
  '%s: another implementation verifies it by what is exported',
  async (words) => {
    const machine = await machineWith(`--alg ${words} auth`);
    const { stdout: token } = await machine.jwks(
      'sign auth --sub alice --aud api --iss https://issuer.example',
    );
    const flags = words === 'HS256' ? '--private --yes' : '';
    const { stdout } = await machine.jwks(`export auth ${flags}`);
    const [jwk] = JSON.parse(stdout).keys;
    const { payload, protectedHeader } = await jwtVerify(token.trim(), await importJWK(jwk), {
      issuer: 'https://issuer.example',
      audience: 'api',
      typ: 'JWT',
      currentDate: new Date('2026-02-01T12:05:00Z'),
    });
    expect(protectedHeader).toEqual({ alg: words.split(' ')[0], typ: 'JWT', kid: jwk.kid });
    const [iat, exp] = [instant(start), instant('2026-02-01T12:10:00Z')];
    expect(payload).toEqual({ iss: 'https://issuer.example', sub: 'alice', aud: 'api', iat, exp });
  },
);

test('claims from options, JSON, a file and stdin; options stand in place of what they say', async () => {
  const machine = await machineWith('--alg ES256 auth');
  const now = instant(start);
  const usual = { iat: now, exp: now + 600 };
  writeFileSync(`${machine.home}/work/claims.json`, '\ufeff{\n  "sub": "bob",\n  "a": [1, 2]\n}\n');
  expect(await claimsBy(machine, 'sign auth')).toEqual([usual]);
  expect(await claimsBy(machine, ['sign', 'auth', '--claims', '{ "sub": "bob" }'])).toEqual([
    { sub: 'bob', ...usual },
  ]);
  expect(await claimsBy(machine, 'sign auth --claims @claims.json --sub eve')).toEqual([
    { sub: 'eve', a: [1, 2], ...usual },
  ]);
  expect(await claimsBy(machine, 'sign auth --claims - --aud a --aud b', '{"sub":"x"}')).toEqual([
    { sub: 'x', aud: ['a', 'b'], ...usual },
  ]);
  expect(
    await claimsBy(machine, 'sign auth --claims - --exp 1h', `{"iat":1,"nbf":2,"exp":${now + 60}}`),
  ).toEqual([{ iat: 1, nbf: 2, exp: now + 3_600 }]);
  expect(await claimsBy(machine, 'sign auth --claims -', `{"exp":${now + 60}}`)).toEqual([
    { exp: now + 60, iat: now },
  ]);
});

test('what is given is signed as it was written', async () => {
  const machine = await machineWith('--alg ES256 auth');
  const { stdout } = await machine.jwks([
    'sign',
    'auth',
    '--claims',
    '{"id": 12345678901234567890, "u": "\\u00e9 1.0", "n": 1.0}',
  ]);
  expect(textOf(stdout)).toBe(
    '{"id":12345678901234567890,"u":"\\u00e9 1.0","n":1.0,"iat":1769947200,"exp":1769947800}',
  );
  await transcript(
    machine,
    `
    $ jwks sign auth --iss x --claims '{"id":12345678901234567890,"iss":"y"}'
    ! jwks: --claims has a number that is too long to be kept exactly
    ! hint: write it as text, or leave out the claims that options set
    exit 2
  `,
  );
});

test('--typ and --kid are in the header, and nothing else', async () => {
  const machine = await machineWith('--alg ES256 auth one', '--alg ES256 auth two');
  expect(headerOf((await machine.jwks('sign auth')).stdout)).toEqual({
    alg: 'ES256',
    typ: 'JWT',
    kid: 'two',
  });
  const { stdout } = await machine.jwks('sign auth --typ at+jwt --kid one');
  expect(headerOf(stdout)).toEqual({ alg: 'ES256', typ: 'at+jwt', kid: 'one' });
});

test('which key: the signer, or one that is active', async () => {
  const machine = await machineWith('--alg ES256 auth es', '--alg ECDH-ES --use enc auth enc');
  expect(headerOf((await machine.jwks('sign auth')).stdout)).toMatchObject({ kid: 'es' });
  await ok(machine, 'create --alg Ed25519 auth ed');
  await transcript(
    machine,
    `
    $ jwks sign auth
    ! jwks: set "auth" has signers for several algorithms: Ed25519, ES256
    ! hint: say which with --alg
    exit 5
    $ jwks sign auth --alg RS256
    ! jwks: set "auth" has no key that signs RS256
    ! hint: jwks list shows its keys: one that signs is active, for sig, and has its private half here
    exit 3
    $ jwks sign auth --kid enc
    ! jwks: key "enc" of set "auth" is for encryption
    exit 5
    $ jwks sign auth --kid es --alg Ed25519
    ! jwks: key "es" of set "auth" is for ES256, not Ed25519
    exit 5
    $ jwks sign auth --kid none
    ! jwks: set "auth" has no key "none"
    ! hint: jwks get auth shows its keys
    exit 3
    $ jwks sign other
    ! jwks: set "other" does not exist
    ! hint: jwks list shows the sets there are
    exit 3
    $ jwks sign
    ! jwks: missing argument 'set-id'
    ! hint: jwks sign --help
    exit 2
  `,
  );
  expect(headerOf((await machine.jwks('sign auth --alg ES256')).stdout)).toMatchObject({ kid: 'es' });
});

test('a key that does not sign now', async () => {
  const machine = await machineWith('--alg ES256 auth old');
  const { stdout } = await machine.jwks('rotate auth -q');
  const next = stdout.trim().split('\n')[0] ?? '';
  expect((await machine.jwks(['sign', 'auth', `--kid=${next}`])).stderr).toContain(
    'does not sign before 2026-02-0',
  );
  await ok(machine, 'rotate auth --now');
  await transcript(
    machine,
    `
    $ jwks sign auth --kid old
    ! jwks: key "old" of set "auth" does not sign any more since 2026-02-01T12:00:00Z
    exit 5
  `,
  );
  await ok(machine, 'revoke auth old');
  await transcript(
    machine,
    `
    $ jwks sign auth --kid old
    ! jwks: key "old" of set "auth" was revoked on 2026-02-01T12:00:00Z
    exit 5
  `,
  );
});

test('a token is never good for longer than the policy says', async () => {
  const machine = await machineWith('--alg ES256 auth');
  await transcript(
    machine,
    `
    $ jwks sign auth --exp 25h
    ! jwks: the token would be good for 1d 1h, and the policy's longest token life is 1d
    ! hint: ask for less with --exp, or raise it with jwks policy --token-ttl
    exit 5
    $ jwks sign auth --claims '{"exp":1000}'
    ! jwks: the token would have expired already
    exit 5
    $ jwks sign auth --exp 0s
    ! jwks: the token would have expired already
    exit 5
    $ jwks sign auth --claims '{"exp":"tomorrow"}'
    ! jwks: --claims has an "exp" that is no time in seconds since 1970
    exit 2
    $ jwks sign auth --claims '{"nbf":1769950000}'
    ! jwks: --claims has an "nbf" that is not before the token ends
    exit 2
    $ jwks sign auth --exp soon
    ! jwks: --exp soon is no duration such as 90d, 12h, 10m, 30s or 0s (at most 36525d)
    ! hint: jwks sign --help
    exit 2
  `,
  );
  await ok(machine, 'policy auth --token-ttl 5m');
  // A fact that was lowered counts at its old value until that no longer matters.
  expect(await claimsBy(machine, 'sign auth --exp 24h')).toHaveLength(1);
  machine.now = instant('2026-03-01T12:00:00Z');
  expect((await machine.jwks('sign auth --exp 6m')).status).toBe(5);
  const [claims] = await claimsBy(machine, 'sign auth');
  expect(claims).toMatchObject({ exp: machine.now + 300 });
});

test('a clock that is behind the last change: the token is not older than that', async () => {
  const machine = await machineWith('--alg ES256 auth');
  machine.now = instant('2026-02-01T11:00:00Z');
  expect(await claimsBy(machine, 'sign auth')).toMatchObject([{ iat: instant(start) }]);
});

test('one object a line: as many tokens, in order', async () => {
  const machine = await machineWith('--alg ES256 auth');
  const lines = Array.from({ length: 3_000 }, (_, n) => `{"n":${n},"text":"${'x'.repeat(n % 50)}"}`);
  const claims = await claimsBy(machine, 'sign auth --claims -', `${lines.join('\r\n')}\n\n`);
  expect(claims.map((one) => one['n'])).toEqual(lines.map((_, n) => n));
  writeFileSync(`${machine.home}/work/some.ndjson`, '{"n":1}\n{"n":2}');
  expect(await claimsBy(machine, 'sign auth --claims @some.ndjson --sub s')).toMatchObject([
    { n: 1, sub: 's' },
    { n: 2, sub: 's' },
  ]);
});

test.each([
  ['no JSON', '{"n":', 'is no JSON object', 2],
  ['a list', '[{"n":3}]', 'is no JSON object', 2],
  ['a member twice', '{"n":3,"n":4}', 'has a member twice', 2],
  ['too deep', `{"a":${'['.repeat(40)}${']'.repeat(40)}}`, 'is nested more than 32 levels deep', 2],
  ['too large', `{"a":"${'x'.repeat(41_000)}"}`, 'is larger than 40 KiB', 2],
  ['a date that is none', '{"exp":null}', 'has an "exp" that is no time in seconds since 1970', 2],
])('a bad line ends it, with what was before it printed: %s', async (_, line, fault, status) => {
  const machine = await machineWith('--alg ES256 auth');
  const ran = await machine.jwks('sign auth --claims -', { stdin: `{"n":1}\n\n{"n":2}\n${line}\n{"n":5}\n` });
  expect(ran.stdout.trimEnd().split('\n').map(claimsOf)).toMatchObject([{ n: 1 }, { n: 2 }]);
  expect({ ...ran, stdout: '' }).toEqual({
    status,
    stdout: '',
    stderr: `jwks: line 4 of standard input ${fault}\n`,
  });
});

test('a line whose token would live too long', async () => {
  const machine = await machineWith('--alg ES256 auth');
  const { status, stdout, stderr } = await machine.jwks('sign auth --claims - --format json', {
    stdin: `{"n":1}\n{"exp":${instant('2026-02-03')}}\n`,
  });
  expect([status, stdout.split('\n').length]).toEqual([5, 2]);
  expect(JSON.parse(stderr).error).toMatchObject({
    code: 'unsafe',
    message: expect.stringMatching(/^line 2 of standard input: its token would be good for 1d 12h, /),
  });
});

test('a file gets all tokens or is left alone', async () => {
  const machine = await machineWith('--alg ES256 auth');
  const path = `${machine.home}/work/tokens`;
  writeFileSync(path, 'before');
  const bad = await machine.jwks('sign auth --claims - -o tokens', { stdin: '{}\n{\n' });
  expect(bad).toMatchObject({ status: 2, stdout: '' });
  expect(readFileSync(path, 'utf8')).toBe('before');
  await machine.jwks('sign auth --claims - -o tokens', { stdin: '{}\n{}\n' });
  expect(readFileSync(path, 'utf8').trimEnd().split('\n')).toHaveLength(2);
});

test.each([
  ['nothing', ''],
  ['blank lines', '\n \n'],
])('%s is no claims', async (_, stdin) => {
  const machine = await machineWith('--alg ES256 auth');
  expect(await machine.jwks('sign auth --claims -', { stdin })).toEqual({
    status: 2,
    stdout: '',
    stderr: 'jwks: there are no claims in standard input\n',
  });
});

test('usage', async () => {
  const machine = await machineWith('--alg ES256 auth');
  await transcript(
    machine,
    `
    $ jwks sign auth --claims @none.json
    ! jwks: none.json cannot be read: no such file or directory
    exit 3
    $ jwks sign auth --claims 7
    ! jwks: --claims is no JSON object
    exit 2
    $ jwks sign auth --typ 'a b'
    ! jwks: --typ a b is no media type such as at+jwt
    ! hint: jwks sign --help
    exit 2
    $ jwks sign auth --sub ''
    ! jwks: the value of --sub is empty
    exit 2
  `,
  );
  const secret = await machine.jwks('sign auth --claims - --secret-file -', { stdin: 'jwks_secret_x' });
  expect(secret.status).toBe(4);
});

test('no private key, secret or claim of another is in what is said', async () => {
  const machine = await machineWith('--alg ES256 auth');
  const { d } = JSON.parse(await ok(machine, 'export auth --private --yes')).keys[0];
  const signed = await machine.jwks('sign auth --debug');
  expect(signed).toMatchObject({ status: 0, stderr: '' });
  expect(signed.stdout).not.toContain(d);
  const refused = await machine.jwks('sign auth --claims -', { stdin: '{"password":"hunter2"' });
  expect([refused.status, refused.stdout]).toEqual([2, '']);
  expect(refused.stderr).not.toContain('hunter2');
});
