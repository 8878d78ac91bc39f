// jwks serve: what verifiers get, and that it follows the keystore and the clock.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { expect, test, vi } from 'vitest';
import { instant, type Machine } from '../support/cli.ts';
import { serving } from '../support/serving.ts';
import { machineAfter, ok } from './machines.ts';

function machineWith(...sets: string[]): Promise<Machine> {
  return machineAfter(...sets.map((set) => `create --alg ES256 ${set}`));
}

const wellKnown = '/.well-known/jwks.json';
const kidsAt = async (url: string): Promise<string[]> => {
  const { keys } = (await (await fetch(url)).json()) as { keys: { kid: string }[] };
  return keys.map(({ kid }) => kid);
};

test('the merged set, with what caches and browsers need', async () => {
  const machine = await machineWith('auth', 'other');
  const { url, stop } = await serving(machine, 'auth other');
  const answer = await fetch(url + wellKnown);
  expect(answer.status).toBe(200);
  expect(Object.fromEntries(answer.headers)).toMatchObject({
    'content-type': 'application/jwk-set+json',
    'cache-control': 'public, max-age=3600',
    'access-control-allow-origin': '*',
    'x-content-type-options': 'nosniff',
  });
  const text = await answer.text();
  expect(JSON.parse(text)).toEqual(JSON.parse((await machine.jwks('export auth other')).stdout));
  expect(text).not.toMatch(/"d":/);
  const etag = answer.headers.get('etag') ?? '';
  for (const wanted of [etag, `W/${etag}`, `"x", ${etag}`, '*']) {
    const again = await fetch(url + wellKnown, { headers: { 'if-none-match': wanted } });
    expect([again.status, again.headers.get('etag'), await again.text()]).toEqual([304, etag, '']);
  }
  const changed = await fetch(url + wellKnown, { headers: { 'if-none-match': '"x"' } });
  expect(changed.status).toBe(200);
  const head = await fetch(url + wellKnown, { method: 'HEAD' });
  expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([
    200,
    `${text.length}`,
    '',
  ]);
  expect(await stop()).toMatchObject({ status: 0, stdout: '' });
});

test('a set each, by its percent-encoded name, and no set that is not served', async () => {
  const machine = await machineWith('hydra.openid.id-token', 'a/b', 'hidden');
  const { url } = await serving(machine, 'hydra.openid.id-token a/b');
  const exported = JSON.parse((await machine.jwks('export a/b')).stdout);
  const of = async (set: string) => (await fetch(`${url}/sets/${set}${wellKnown}`)).status;
  expect(await (await fetch(`${url}/sets/a%2Fb${wellKnown}`)).json()).toEqual(exported);
  expect(await of('hydra.openid.id-token')).toBe(200);
  expect(await of('hidden')).toBe(404);
  expect(await of('a/b')).toBe(404);
  expect(await of('%zz')).toBe(400);
  // What is encoded is part of a name, and no path.
  expect((await fetch(`${url}/.well-known%2Fjwks.json`)).status).toBe(404);
  expect((await fetch(`${url}/sets/hydra.openid.id-token/.well-known%2Fjwks.json`)).status).toBe(404);
  expect(await of('a'.repeat(10_000))).toBe(414);
});

test('what is no request of a verifier', async () => {
  const { url } = await serving(await machineWith('auth'), 'auth');
  const post = await fetch(url + wellKnown, { method: 'POST', body: '{}' });
  expect([post.status, post.headers.get('allow')]).toEqual([405, 'GET, HEAD, OPTIONS']);
  expect(post.headers.get('x-content-type-options')).toBe('nosniff');
  expect(Object.keys((await post.json()) as object)).toEqual(['error', 'error_description']);
  const preflight = await fetch(url + wellKnown, { method: 'OPTIONS' });
  expect([preflight.status, preflight.headers.get('access-control-allow-methods')]).toEqual([
    204,
    'GET, HEAD, OPTIONS',
  ]);
  expect((await fetch(`${url}/`)).status).toBe(404);
  expect((await fetch(`${url}/.well-known/openid-configuration`)).status).toBe(404);
  expect((await fetch(`${url}/health/alive`)).status).toBe(200);
  expect(await (await fetch(`${url}/health/ready`)).json()).toEqual({ status: 'ok' });
});

test('the discovery document of an issuer, below its own path too', async () => {
  const issuer = 'https://auth.example.com/one';
  const { url } = await serving(await machineWith('auth'), `auth --issuer ${issuer}`);
  const document = await (await fetch(`${url}/.well-known/openid-configuration`)).json();
  expect(document).toMatchObject({
    issuer,
    jwks_uri: `${issuer}${wellKnown}`,
    id_token_signing_alg_values_supported: ['ES256'],
  });
  expect(await (await fetch(`${url}/one/.well-known/openid-configuration`)).json()).toEqual(document);
  expect((await fetch(`${url}/one${wellKnown}`)).status).toBe(200);
});

test('a change is seen within a second, and a date without a change', async () => {
  const machine = await machineWith('auth');
  await ok(machine, 'policy auth --rotate-every 30d');
  const { url, log } = await serving(machine, 'auth');
  const [first] = await kidsAt(url + wellKnown);
  await ok(machine, 'rotate auth');
  await vi.waitFor(async () => expect(await kidsAt(url + wellKnown)).toHaveLength(2), { timeout: 1_000 });
  await vi.waitFor(() => expect(log().map(({ message }) => message)).toContain('the keystore has changed'));
  const [signer, next] = await kidsAt(url + wellKnown);
  expect(signer).toBe(first);
  // The successor signs after publishAhead, and the key before it leaves after grace.
  machine.now = instant('2026-02-04T00:00:00Z');
  expect(await kidsAt(url + wellKnown)).toEqual([next, first]);
  machine.now = instant('2026-02-08T00:00:00Z');
  expect(await kidsAt(url + wellKnown)).toEqual([next]);
});

test('a damaged set is served on as it was, and said to be', async () => {
  const machine = await machineWith('auth', 'other');
  const { url, log } = await serving(machine, 'auth other');
  const before = await kidsAt(url + wellKnown);
  const place = join(machine.home, '.local/share/jwks/sets/auth');
  const path = join(place, readdirSync(place).sort().at(-1) ?? '');
  const sound = readFileSync(path);
  writeFileSync(path, 'rubbish');
  await vi.waitFor(async () => expect((await fetch(`${url}/health/ready`)).status).toBe(503), {
    timeout: 2_000,
  });
  expect(await (await fetch(`${url}/health/ready`)).json()).toEqual({
    errors: { keystore: 'set "auth" is damaged' },
  });
  expect(await kidsAt(url + wellKnown)).toEqual(before);
  await vi.waitFor(() => expect(log().filter(({ level }) => level === 'error')).toHaveLength(1));
  writeFileSync(path, sound);
  await vi.waitFor(async () => expect((await fetch(`${url}/health/ready`)).status).toBe(200), {
    timeout: 2_000,
  });
});

test('all sets, also one that is made later; and {"keys":[]} when all is revoked', async () => {
  const machine = await machineWith('auth');
  const { url } = await serving(machine, '--all');
  await ok(machine, 'create --alg ES256 later');
  await vi.waitFor(async () => expect(await kidsAt(url + wellKnown)).toHaveLength(2), { timeout: 2_000 });
  for (const set of ['auth', 'later']) {
    const ran = await machine.jwks(`revoke ${set} --all --reason keyCompromise --no-successor`);
    expect(ran.status).toBe(0);
  }
  await vi.waitFor(async () => expect(await kidsAt(url + wellKnown)).toEqual([]), { timeout: 2_000 });
});

test('--rotate-due does what is due by itself, and no verifier refuses a token of the signer', async () => {
  const machine = await machineWith('auth');
  await ok(machine, 'policy auth --rotate-every 30d');
  machine.now = instant('2026-04-20T12:00:00Z');
  const { url, log } = await serving(machine, 'auth --rotate-due');
  await vi.waitFor(async () => expect(await kidsAt(url + wellKnown)).toHaveLength(2), { timeout: 5_000 });
  await vi.waitFor(() =>
    expect(log()).toContainEqual(expect.objectContaining({ message: 'published', set: 'auth' })),
  );
  const remote = createRemoteJWKSet(new URL(url + wellKnown));
  const token = (await machine.jwks('sign auth --sub alice')).stdout.trim();
  const at = { currentDate: new Date(machine.now * 1000) };
  expect((await jwtVerify(token, remote, at)).payload.sub).toBe('alice');
});

test('what cannot be served is refused before anything listens', async () => {
  const machine = await machineWith('auth');
  const statusOf = async (argv: string) => (await machine.jwks(`serve --port 0 ${argv}`)).status;
  expect(await statusOf('')).toBe(2);
  expect(await statusOf('auth --all')).toBe(2);
  expect(await statusOf('nothing')).toBe(3);
  expect(await statusOf('auth --issuer http://example.com')).toBe(2);
  expect(await statusOf('auth --tls-cert x')).toBe(2);
  expect(await statusOf('auth --tls-cert /nowhere --tls-key /nowhere')).toBe(3);
  expect(await statusOf('auth --content-type rubbish')).toBe(2);
  expect(await statusOf('auth --port 70000')).toBe(2);
  expect(await machine.jwks('serve auth --port 0 -o out.json')).toEqual({
    status: 2,
    stdout: '',
    stderr: 'jwks: serve has no result for --output\nhint: its log is on stderr\n',
  });
});

test('two sets with different keys under one kid: the first stands, and it is not ready', async () => {
  const machine = await machineWith('auth');
  expect((await machine.jwks('create --alg ES256 auth one')).status).toBe(0);
  await ok(machine, 'create --alg ES256 other');
  const { url, log, stop } = await serving(machine, 'auth other');
  const before = await (await fetch(`${url}/sets/auth${wellKnown}`)).json();
  machine.now = instant('2026-02-01T12:00:10Z');
  expect((await machine.jwks('create --alg ES256 other one')).status).toBe(0);
  await vi.waitFor(async () => expect((await fetch(`${url}/health/ready`)).status).toBe(503), {
    timeout: 2_000,
  });
  const merged = (await (await fetch(url + wellKnown)).json()) as { keys: { kid: string }[] };
  const [first] = (before as typeof merged).keys.filter(({ kid }) => kid === 'one');
  expect(merged.keys.filter(({ kid }) => kid === 'one')).toEqual([first]);
  await vi.waitFor(() => expect(log().some(({ level }) => level === 'error')).toBe(true));
  await stop();
  // A restart must not make an outage of it.
  const again = await serving(machine, 'auth other');
  expect(await (await fetch(again.url + wellKnown)).json()).toEqual(merged);
  expect((await fetch(`${again.url}/health/ready`)).status).toBe(503);
});

test('a secret on stdin is read once, also where it is needed for both reading and rotating', async () => {
  const machine = await machineWith('auth');
  await ok(machine, 'policy auth --rotate-every 30d');
  const stdin = readFileSync(join(machine.home, '.config/jwks/secret'), 'utf8');
  // A host that remembers nothing and has no secret of its own, as in a container.
  const keystore = join(machine.home, '.local/share/jwks');
  const env = { HOME: undefined };
  const argv = `auth --rotate-due --keystore ${keystore} --secret-file -`;
  const { url } = await serving(machine, argv, { stdin, env });
  expect(await kidsAt(url + wellKnown)).toHaveLength(1);
});
