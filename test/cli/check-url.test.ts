// jwks check --url: whether an endpoint publishes what it should, the way it should.
import { expect, test } from 'vitest';
import { instant, Machine } from '../support/cli.ts';
import { closedPort, startHttp } from '../support/https-server.ts';
import { ok } from './machines.ts';

type Jwk = Record<string, string>;
const good = { 'content-type': 'application/jwk-set+json', 'cache-control': 'public, max-age=3600' };

/** A machine with two sets, and an endpoint that serves what a test puts there. */
async function published() {
  const machine = new Machine();
  await ok(machine, 'create --alg ES256 auth k1');
  await ok(machine, 'create --alg ES256 auth k2');
  await ok(machine, 'create --alg ES256 pay p1');
  machine.now = instant('2026-02-10T12:00:00Z');
  const endpoint = { body: '', headers: good as Record<string, string>, status: 200 };
  const origin = await startHttp((_, response) => {
    response.writeHead(endpoint.status, endpoint.headers).end(endpoint.body);
  });
  const url = `${origin}/.well-known/jwks.json`;
  const keysOf = async (words: string): Promise<Jwk[]> => JSON.parse((await machine.jwks(words)).stdout).keys;
  const serve = (keys: readonly object[]) => {
    endpoint.body = JSON.stringify({ keys });
  };
  const found = async (words = '') => {
    const { stdout, stderr, status } = await machine.jwks(`check ${words} --url ${url} --format json`);
    if (stdout === '') return [status, stderr];
    const { findings } = JSON.parse(stdout);
    return [
      status,
      ...findings.map((one: Jwk) => `${one['severity']} ${one['code']} ${one['kid'] ?? ''}`.trim()),
    ];
  };
  const keys = await keysOf('export --all');
  serve(keys);
  return { machine, endpoint, url, keys, keysOf, serve, found };
}

test('what should be there is there: all sets merged, or one of its own', async () => {
  const { found, serve, keysOf } = await published();
  expect(await found()).toEqual([0]);
  serve(await keysOf('export auth'));
  expect(await found('auth')).toEqual([0]);
});

test('a key that is missing, unknown, revoked, retired, or another one under its kid', async () => {
  const { machine, found, serve, keys, keysOf } = await published();
  serve(keys.filter(({ kid }) => kid !== 'p1'));
  expect(await found()).toEqual([1, 'error missing p1']);
  serve(keys.map((key) => (key['kid'] === 'k1' ? { ...keys[0], kid: 'k1' } : key)));
  expect(await found()).toEqual([1, 'error differs k1']);
  const stranger = { ...keys[0], ...(await strange()) };
  serve([...keys, stranger]);
  expect(await found()).toEqual([1, 'error unknown-published x1']);
  serve([...keys, { ...stranger, kid: 'k1' }]);
  expect(await found()).toContain('error duplicate k1');
  await ok(machine, 'revoke auth k1');
  serve(keys);
  expect(await found()).toEqual([1, 'error revoked-published k1']);
  serve(
    (await keysOf('export --all')).map((key) =>
      key['kid'] === 'p1' ? { ...key, ...pick(keys, 'k1') } : key,
    ),
  );
  expect(await found()).toContain('error revoked-published p1');
  await ok(machine, 'retire auth k2');
  machine.now = instant('2026-03-10T12:00:00Z');
  serve([...(await keysOf('export --all')), ...keys.filter(({ kid }) => kid === 'k2')]);
  expect(await found()).toContain('error retired-published k2');
});

/** Coordinates and kid of a key that the machine does not know. */
async function strange(): Promise<Jwk> {
  const other = new Machine();
  return JSON.parse((await other.jwks('create --alg ES256 auth x1')).stdout).keys[0];
}

function pick(keys: readonly Jwk[], kid: string): Jwk {
  const { x = '', y = '' } = keys.find((key) => key['kid'] === kid) ?? {};
  return { x, y };
}

test('a key that is made just now may be on its way; one that signs already may not', async () => {
  const { machine, found } = await published();
  await ok(machine, 'rotate pay');
  expect(await found()).toEqual([0, expect.stringMatching(/^warning missing /)]);
  machine.now = instant('2026-02-11T12:00:01Z');
  expect(await found()).toEqual([1, expect.stringMatching(/^error missing /)]);
  machine.now = instant('2026-02-11T12:00:00Z');
  await ok(machine, 'rotate pay --now');
  // Verifiers refuse what it signs, at this moment.
  expect(await found()).toEqual([1, expect.stringMatching(/^error missing /)]);
});

test('private members are an error, and never shown', async () => {
  const { machine, found, serve, keysOf, url } = await published();
  const keys = await keysOf('export --all --private');
  serve(keys);
  expect(await found()).toEqual([1, 'error private-published']);
  const ran = await machine.jwks(`check --url ${url}`);
  for (const { d = '' } of keys) expect(ran.stdout + ran.stderr).not.toContain(d);
});

test('headers: content type, no cache header, caches that keep it for too long', async () => {
  const { machine, endpoint, found } = await published();
  const withHeaders = async (headers: Record<string, string>) => {
    endpoint.headers = headers;
    return found();
  };
  const type = 'application/json; charset=utf-8';
  expect(await withHeaders({ ...good, 'content-type': type })).toEqual([0, 'warning json-content-type']);
  expect(await withHeaders({ ...good, 'content-type': 'text/html' })).toEqual([1, 'error content-type']);
  expect(await withHeaders({ 'content-type': good['content-type'] })).toEqual([0, 'warning no-cache-header']);
  expect(await withHeaders({ ...good, 'cache-control': 'max-age=3601' })).toEqual([
    1,
    'error cache-too-long',
  ]);
  const stale = { ...good, 'cache-control': 'max-age=3600, stale-if-error=60' };
  expect(await withHeaders(stale)).toEqual([1, 'error stale-too-long']);
  await ok(machine, 'policy --all --stale-if-error 60s');
  expect(await withHeaders(stale)).toEqual([0]);
  await ok(machine, 'policy auth --cache-max-age 10m');
  machine.now = instant('2026-02-20T12:00:00Z');
  expect(await withHeaders(stale)).toEqual([1, 'error cache-too-long']);
});

test('one set of a merged endpoint: the keys of the others are no strangers to the keystore', async () => {
  const { found } = await published();
  expect(await found('auth')).toEqual([0]);
});

test('several URLs, each with its findings', async () => {
  const { machine, url } = await published();
  const other = await startHttp((_, response) => void response.writeHead(200, good).end('{"keys":[]}'));
  const { stdout, status } = await machine.jwks(`check pay --url ${url} ${other}/ --format json`);
  const missing = JSON.parse(stdout).findings.filter(({ code }: Jwk) => code === 'missing');
  expect([status, missing.length]).toEqual([1, 1]);
  expect(missing[0]).toMatchObject({ set: 'pay', kid: 'p1', message: expect.stringContaining(other) });
});

test('what cannot be found out is exit 7', async () => {
  const { machine, endpoint, found } = await published();
  endpoint.status = 503;
  expect(await found()).toEqual([7, 'error unreachable']);
  const gone = `http://127.0.0.1:${await closedPort()}/jwks.json`;
  const ran = await machine.jwks(`check --url ${gone}`);
  expect([ran.status, ran.stderr]).toEqual([7, `jwks: ${gone} cannot be fetched: connection refused\n`]);
  for (const bad of ['http://example.com/', 'nonsense', 'https://u:p@x.example/', 'file:///etc/passwd'])
    expect([bad, (await machine.jwks(['check', '--url', bad])).status]).toEqual([bad, 2]);
});

test('an endpoint that cannot be reached hides nothing else, and Nagios has its line', async () => {
  const { machine } = await published();
  await ok(machine, 'policy pay --rotate-every 30d');
  machine.now = instant('2026-05-10T12:00:00Z');
  const gone = `http://127.0.0.1:${await closedPort()}/jwks.json`;
  const ran = await machine.jwks(`check --url ${gone} --format nagios`);
  expect([ran.status, ran.stdout.split('\n').length]).toEqual([1, 2]);
  expect((await machine.jwks(`check --url ${gone}`)).stdout).toContain('overdue');
});

test('an endpoint that serves no JWK Set publishes something else: exit 1', async () => {
  const { endpoint, found } = await published();
  for (const body of ['<html>', '', '[]', '{"keys":{}}']) {
    endpoint.body = body;
    expect([body, (await found())[0]]).toEqual([body, 1]);
  }
});
