// Bad input to the admin listener: the right status, Ory's error body, and nothing of it in the keystore or the log.
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { Machine } from '../support/cli.ts';
import { type Serving, serving } from '../support/serving.ts';

async function started(): Promise<{ machine: Machine; server: Serving }> {
  const machine = new Machine();
  await machine.jwks('create --alg ES256 auth');
  return { machine, server: await serving(machine, '--all --admin-port 0') };
}

interface Sent {
  readonly method?: string;
  readonly body?: string | Uint8Array;
  readonly type?: string;
}

async function ask(server: Serving, path: string, { method = 'GET', body, type }: Sent = {}) {
  const answer = await fetch(server.admin + path, {
    method,
    ...(body !== undefined && { body: body as string }),
    headers: { 'content-type': type ?? 'application/json' },
  });
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, error: text === '' ? {} : JSON.parse(text) };
}

const good = '{"alg":"ES256","use":"sig","kid":""}';
const ec = '{"kty":"EC","crv":"P-256","x":"AAAA","y":"AAAA","d":"AAAA","alg":"ES256","use":"sig","kid":"k"}';

const bad: readonly [string, number, Sent & { path?: string }][] = [
  ['another content type', 415, { type: 'text/plain', body: good }],
  ['a form', 415, { type: 'application/x-www-form-urlencoded', body: good }],
  ['no JSON', 400, { body: '{' }],
  ['a list', 400, { body: '[]' }],
  ['a member twice', 400, { body: '{"alg":"ES256","alg":"RS256","use":"sig","kid":""}' }],
  ['no UTF-8', 400, { body: Uint8Array.of(0x22, 0xff, 0x22) }],
  ['nothing', 400, { body: '' }],
  ['no algorithm', 400, { body: '{"use":"sig","kid":""}' }],
  ['an empty algorithm', 400, { body: '{"alg":"","use":"sig","kid":""}' }],
  ['an algorithm that is none', 400, { body: '{"alg":"none","use":"sig","kid":""}' }],
  ['an algorithm of another use', 400, { body: '{"alg":"ES256","use":"enc","kid":""}' }],
  ['an encryption algorithm without a use', 400, { body: '{"alg":"ECDH-ES","use":"","kid":""}' }],
  ['a use that is none', 400, { body: '{"alg":"ES256","use":"both","kid":""}' }],
  ['a number for a kid', 400, { body: '{"alg":"ES256","use":"sig","kid":7}' }],
  ['a kid with a control character', 400, { body: '{"alg":"ES256","use":"sig","kid":"a\\nb"}' }],
  ['a set that cannot be one', 400, { path: '/keys/a%0Ab', body: good }],
  ['a set with a word of the command', 400, { path: '/keys/jwks', body: good }],
  ['deep nesting', 400, { body: `{"alg":${'['.repeat(5000)}${']'.repeat(5000)}}` }],
  ['more than 1 MiB', 413, { body: ' '.repeat(1024 * 1024 + 1) }],
  ['a PUT without keys', 400, { method: 'PUT', body: '{}' }],
  ['a PUT of no key', 400, { method: 'PUT', body: '{"keys":[]}' }],
  ['a PUT of a key that is none', 400, { method: 'PUT', body: `{"keys":[${ec}]}` }],
  ['a PUT of a set in place of a key', 400, { method: 'PUT', path: '/keys/auth/k', body: '{"keys":[]}' }],
];

test('what cannot be done is refused, and changes nothing', async () => {
  const { machine, server } = await started();
  const history = async () => (await machine.jwks('history auth')).stdout;
  const before = await history();
  for (const [name, status, { path = '/admin/keys/auth', method = 'POST', ...sent }] of bad) {
    const answer = await ask(server, path, { method, ...sent });
    expect([name, answer.status]).toEqual([name, status]);
    expect(answer.headers.get('content-type'), name).toBe('application/json; charset=utf-8');
    expect(Object.keys(answer.error), name).toEqual(['error', 'error_description']);
    expect(await history(), name).toBe(before);
    expect(JSON.stringify(server.log()), name).not.toMatch(/"level":"error"|AAAA| {4}at /);
  }
});

const elsewhere = [
  ['PATCH', '/admin/keys/auth', 405, 'HEAD, GET, POST, PUT, DELETE'],
  ['OPTIONS', '/admin/keys/auth', 405, 'HEAD, GET, POST, PUT, DELETE'],
  ['POST', '/admin/keys/auth/k', 405, 'HEAD, GET, PUT, DELETE'],
  ['POST', '/', 405, 'HEAD, GET'],
  ['GET', '/admin/keys', 404, null],
  ['GET', '/admin/keys/', 404, null],
  ['GET', '/admin/keys/auth/', 404, null],
  ['GET', '/admin/keys/auth/k/more', 404, null],
  ['GET', '/admin/admin/keys/auth', 404, null],
  ['GET', '/admin%2Fkeys/auth', 404, null],
  ['GET', '/constructor/auth', 404, null],
  ['GET', '/admin/keys/%zz', 400, null],
  ['GET', '/admin/keys/%ff', 400, null],
  ['GET', '/admin/keys/%2e%2e%2f%2e%2e%2fmaster', 404, null],
  ['GET', '/admin/keys/__proto__', 404, null],
  ['GET', `/admin/keys/${'a'.repeat(9000)}`, 414, null],
  ['GET', '/.well-known/jwks.json', 404, null],
] as const;

test('a method or a path that is none is told as such', async () => {
  const { server } = await started();
  for (const [method, path, status, allow] of elsewhere) {
    const answer = await ask(server, path, { method });
    expect([method, path, answer.status, answer.headers.get('allow')]).toEqual([method, path, status, allow]);
  }
});

test('who asks for more than can be made is told to come again', async () => {
  const { server } = await started();
  const statuses = await Promise.all(
    Array.from({ length: 90 }, async () => {
      const answer = await ask(server, '/keys/many', { method: 'POST', body: good });
      if (answer.status === 503) expect(answer.headers.get('retry-after')).toBe('1');
      return answer.status;
    }),
  );
  const count = (wanted: number) => statuses.filter((status) => status === wanted).length;
  expect(count(201) + count(503)).toBe(90);
  expect(count(201)).toBeGreaterThanOrEqual(66);
  expect((await ask(server, '/keys/many')).status).toBe(200);
});

test('a client that leaves while its key is made harms nobody', async () => {
  const { machine, server } = await started();
  const { port } = new URL(server.admin);
  await new Promise<void>((resolve) => {
    const socket = connect(Number(port), '127.0.0.1', () => {
      const head = `POST /keys/left HTTP/1.1\r\nhost: localhost:${port}\r\ncontent-type: application/json\r\n`;
      socket.write(`${head}content-length: ${good.length}\r\n\r\n${good}`, () => {
        socket.destroy();
        resolve();
      });
    });
  });
  await expect.poll(async () => (await machine.jwks('get left')).status, { timeout: 5_000 }).toBe(0);
  expect((await ask(server, '/keys/left')).status).toBe(200);
  expect(JSON.stringify(server.log())).not.toContain('"level":"error"');
});
