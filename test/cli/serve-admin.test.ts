// jwks serve --admin-port: Ory Hydra's key API on the local keystore, as HTTP clients see it.
import { existsSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { toInstant } from '../../src/lifecycle/time.ts';
import { Machine } from '../support/cli.ts';
import { type Serving, serving } from '../support/serving.ts';
import { ok } from './machines.ts';

type Key = Readonly<Record<string, string>>;

interface Spoken {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly keys: readonly Key[];
}

const json = { 'content-type': 'application/json' };

async function ask(server: Serving, method: string, path: string, body?: unknown): Promise<Spoken> {
  const answer = await fetch(server.admin + path, {
    method,
    ...(body !== undefined && {
      headers: json,
      body: typeof body === 'string' ? body : JSON.stringify(body),
    }),
  });
  const text = await answer.text();
  const value = text === '' ? {} : JSON.parse(text);
  return { status: answer.status, headers: answer.headers, text, keys: value.keys ?? [value] };
}

const es256 = { alg: 'ES256', use: 'sig', kid: '' };

async function started(argv = '', env = {}): Promise<{ machine: Machine; server: Serving }> {
  const machine = new Machine();
  await ok(machine, 'create --alg ES256 auth');
  return { machine, server: await serving(machine, `--all --admin-port 0 ${argv}`, { env }) };
}

describe('keys', () => {
  test('a key is made, signs at once, and verifiers see it with the answer', async () => {
    const { server } = await started('--issuer https://issuer.example/');
    const made = await ask(server, 'POST', '/admin/keys/hydra.openid.id-token', es256);
    expect([made.status, made.headers.get('location')]).toEqual([
      201,
      'https://issuer.example/keys/hydra.openid.id-token',
    ]);
    expect(made.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(made.keys).toHaveLength(1);
    expect(Object.keys(made.keys[0] ?? {}).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']);
    const published = await fetch(`${server.url}/sets/hydra.openid.id-token/.well-known/jwks.json`);
    expect(JSON.parse(await published.text()).keys).toEqual([expect.objectContaining(made.keys[0])]);
  });

  test('without an issuer Location is a path, with the set as one segment', async () => {
    const { server } = await started();
    const made = await ask(server, 'POST', '/admin/keys/a%2Fb%20c', { ...es256, kid: 'k 1/x' });
    expect([made.status, made.headers.get('location')]).toEqual([201, '/keys/a%2Fb%20c']);
    expect((await ask(server, 'GET', '/keys/a%2Fb%20c/k%201%2Fx')).keys).toEqual(made.keys);
  });

  test('newest first; what is not there is 404', async () => {
    const { machine, server } = await started();
    for (const kid of ['one', 'two']) {
      machine.now = toInstant(machine.now + 5);
      await ask(server, 'POST', '/keys/auth', { ...es256, kid });
    }
    const all = await ask(server, 'GET', '/admin/keys/auth');
    expect(all.keys.map(({ kid }) => kid).slice(0, 2)).toEqual(['two', 'one']);
    expect((await ask(server, 'GET', '/admin/keys/auth/one')).keys.map(({ kid }) => kid)).toEqual(['one']);
    const missing = await ask(server, 'GET', '/admin/keys/nothing');
    expect([missing.status, JSON.parse(missing.text)]).toEqual([
      404,
      { error: 'Not Found', error_description: 'there is no set "nothing"' },
    ]);
    expect((await ask(server, 'GET', '/admin/keys/auth/nothing')).status).toBe(404);
    expect((await ask(server, 'HEAD', '/admin/keys/auth')).status).toBe(200);
  });

  test('what is deleted is gone at once, without a successor, and deleting it again is as good', async () => {
    const { server } = await started();
    const { keys } = await ask(server, 'GET', '/admin/keys/auth');
    const path = `/admin/keys/auth/${keys[0]?.['kid']}`;
    expect((await ask(server, 'DELETE', path)).status).toBe(204);
    expect((await ask(server, 'DELETE', path)).status).toBe(204);
    expect((await ask(server, 'GET', '/admin/keys/auth')).status).toBe(404);
    expect((await ask(server, 'DELETE', '/admin/keys/auth')).status).toBe(204);
    expect((await ask(server, 'DELETE', '/admin/keys/never')).status).toBe(204);
    expect(await (await fetch(`${server.url}/.well-known/jwks.json`)).json()).toEqual({ keys: [] });
    // The name of a key that is gone is taken for ever.
    const again = await ask(server, 'POST', '/admin/keys/auth', { ...es256, kid: keys[0]?.['kid'] });
    expect([again.status, JSON.parse(again.text).error]).toEqual([409, 'Conflict']);
  });

  test('a set is replaced, and its last key signs', async () => {
    const { machine, server } = await started('--admin-private', { JWKS_ADMIN_TOKEN: token });
    const own = await machine.jwks('create --alg ES256 --private other kept');
    const { keys } = JSON.parse(own.stdout) as { keys: Key[] };
    const second = JSON.parse((await machine.jwks('create --alg ES256 --private other last')).stdout).keys;
    const put = await asOwner(server, 'PUT', '/admin/keys/new', { keys: [keys[0], second[0]] });
    expect([put.status, put.keys.map(({ kid }) => kid).sort()]).toEqual([200, ['kept', 'last']]);
    const signed = await machine.jwks('sign new', { stdin: '{"sub":"a"}' });
    const [header = ''] = signed.stdout.split('.');
    expect(JSON.parse(Buffer.from(header, 'base64url').toString()).kid).toBe('last');
    const one = await asOwner(server, 'PUT', '/admin/keys/another/x', { ...keys[0], kid: '' });
    expect([one.status, JSON.parse(one.text)]).toEqual([200, { ...keys[0], kid: 'x' }]);
    // By mistake it would lock everybody out, and DELETE says it better.
    expect((await asOwner(server, 'PUT', '/admin/keys/new', { keys: [] })).status).toBe(400);
    expect((await asOwner(server, 'GET', '/admin/keys/new')).keys).toHaveLength(2);
  });
});

const token = 'a'.repeat(16) + 'b'.repeat(16);

async function asOwner(server: Serving, method: string, path: string, body?: unknown): Promise<Spoken> {
  const answer = await fetch(server.admin + path, {
    method,
    headers: { ...json, authorization: `Bearer ${token}` },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  const value = JSON.parse(text);
  return { status: answer.status, headers: answer.headers, text, keys: value.keys ?? [value] };
}

test('private members only where that was asked for', async () => {
  const env = { JWKS_ADMIN_TOKEN: token };
  const { machine, server: plain } = await started('', env);
  expect((await asOwner(plain, 'GET', '/keys/auth')).text).not.toContain('"d"');
  const open = await serving(machine, '--all --admin-port 0 --admin-private', { env });
  const [key] = (await asOwner(open, 'GET', '/keys/auth')).keys;
  expect(key).toEqual(JSON.parse((await machine.jwks('export auth --private --format jwks')).stdout).keys[0]);
  const made = await asOwner(open, 'POST', '/keys/auth', { ...es256, kid: 'n' });
  expect(made.keys[0]).toHaveProperty('d');
  expect(await (await fetch(`${open.url}/.well-known/jwks.json`)).text()).not.toContain('"d"');
  expect(JSON.stringify(open.log())).not.toContain(made.keys[0]?.['d']);
});

test('without the secret it reads, and whatever needs it is 503', async () => {
  const machine = new Machine();
  await ok(machine, 'create --alg ES256 auth');
  await ok(machine, 'list');
  const without = await serving(machine, '--all --admin-port 0', { env: { XDG_CONFIG_HOME: '/nowhere' } });
  expect((await ask(without, 'GET', '/keys/auth')).status).toBe(200);
  for (const [method, path, body] of [
    ['POST', '/keys/auth', es256],
    ['PUT', '/keys/auth', { keys: [] }],
    ['DELETE', '/keys/auth', undefined],
  ] as const) {
    const answer = await ask(without, method, path, body);
    expect([answer.status, JSON.parse(answer.text)]).toEqual([
      503,
      { error: 'Service Unavailable', error_description: 'this server was started without the secret' },
    ]);
  }
});

test('what was read is put back, and a rotation under way goes on', async () => {
  const { machine, server } = await started('--admin-private', { JWKS_ADMIN_TOKEN: token });
  machine.now = toInstant(machine.now + 86_400);
  await ok(machine, 'rotate auth');
  const states = async () => JSON.parse((await machine.jwks('list auth --format json')).stdout);
  const before = await states();
  const { text, keys } = await asOwner(server, 'GET', '/keys/auth');
  const put = await asOwner(server, 'PUT', '/keys/auth', { keys });
  expect([put.status, put.text]).toEqual([200, text]);
  expect((await asOwner(server, 'PUT', '/keys/auth', { keys: [...keys].reverse() })).status).toBe(200);
  expect(await states()).toEqual(before);
});

test('a kid names one key among all that are served', async () => {
  const { server } = await started();
  expect((await ask(server, 'POST', '/keys/one', { ...es256, kid: 'main' })).status).toBe(201);
  expect((await ask(server, 'POST', '/keys/two', { ...es256, kid: 'main' })).status).toBe(409);
  expect((await ask(server, 'POST', '/keys/two', { alg: 'HS256', use: 'sig', kid: 'main' })).status).toBe(
    201,
  );
  expect((await fetch(`${server.url}/health/ready`)).status).toBe(200);
});

test('a keystore that is gone is no set that is missing', async () => {
  const { machine, server } = await started();
  const place = join(machine.home, '.local/share/jwks');
  renameSync(place, `${place}-away`);
  for (const [method, body] of [
    ['GET', undefined],
    ['POST', es256],
    ['DELETE', undefined],
  ] as const) {
    const answer = await ask(server, method, '/keys/auth', body);
    expect([method, answer.status]).toEqual([method, 500]);
    expect(JSON.parse(answer.text).error_description).toMatch(/no keystore/);
  }
  expect(existsSync(place)).toBe(false);
  renameSync(`${place}-away`, place);
  expect((await ask(server, 'DELETE', '/keys/auth')).status).toBe(204);
});

test('a set that was named to be served and is deleted is a fault', async () => {
  const machine = new Machine();
  await ok(machine, 'create --alg ES256 auth');
  const server = await serving(machine, 'auth --admin-port 0');
  await ask(server, 'DELETE', '/keys/auth');
  expect((await fetch(`${server.url}/health/ready`)).status).toBe(503);
  expect(await (await fetch(`${server.url}/.well-known/jwks.json`)).json()).toEqual({ keys: [] });
});
