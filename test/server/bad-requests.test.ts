// Whatever arrives at the public listener: the right status, one access line each, and the next request is answered.
import diagnostics from 'node:diagnostics_channel';
import type { Server } from 'node:http';
import { connect, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { toInstant } from '../../src/lifecycle/time.ts';
import { jsonAnswer } from '../../src/server/answer.ts';
import { listen } from '../../src/server/listener.ts';
import { Log } from '../../src/server/log.ts';
import { Machine } from '../support/cli.ts';
import { type Serving, serving } from '../support/serving.ts';

const wellKnown = '/.well-known/jwks.json';
const end = 'host: a\r\nconnection: close\r\n\r\n';
const alive = `GET /health/alive HTTP/1.1\r\n${end}`;

async function serveAuth(argv = ''): Promise<Serving> {
  const machine = new Machine();
  expect((await machine.jwks('create --alg ES256 auth')).status).toBe(0);
  return serving(machine, `auth ${argv}`);
}

function open({ url }: Serving): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port: Number(new URL(url).port), host: '127.0.0.1', allowHalfOpen: true }, () =>
      resolve(socket),
    );
    socket.once('error', reject);
    onTestFinished(() => void socket.destroy());
  });
}

/** All that comes until the server ends the connection, which a client that was answered does not do itself. */
function rest(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    let received = '';
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1');
    });
    socket.on('end', () => socket.end());
    socket.on('error', () => {});
    socket.on('close', () => resolve(received));
  });
}

async function exchange(to: Serving, request: string | Buffer, how?: 'half-closed'): Promise<string> {
  const socket = await open(to);
  const all = rest(socket);
  const bytes = typeof request === 'string' ? Buffer.from(request, 'latin1') : request;
  if (how === 'half-closed') socket.end(bytes);
  else socket.write(bytes);
  return all;
}

const statusesIn = (text: string): number[] =>
  [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));

/** Ends the server and tells the statuses of its access lines. */
async function statusesLogged({ stop }: Serving): Promise<number[]> {
  const { status, stderr } = await stop();
  expect(status).toBe(0);
  expect(stderr).not.toMatch(/^\s+at |node:internal|"level":"error"/m);
  const lines = stderr
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  return lines.flatMap((line) => (typeof line['status'] === 'number' ? [line['status']] : []));
}

/** Each on a connection of its own, and a good request after it. */
async function checkEach(cases: Readonly<Record<string, readonly [string, number, 'half-closed'?]>>) {
  const server = await serveAuth();
  const answered: Record<string, number[]> = {};
  for (const [name, [request, , how]] of Object.entries(cases)) {
    answered[name] = statusesIn(await exchange(server, request, how));
    expect(statusesIn(await exchange(server, alive)), `after ${name}`).toEqual([200]);
  }
  const wanted = Object.entries(cases).map(([name, [, status]]) => [name, [status]]);
  expect(answered).toEqual(Object.fromEntries(wanted));
  expect(await statusesLogged(server)).toEqual(Object.values(cases).flatMap(([, status]) => [status, 200]));
}

test('paths that are none, or lead nowhere', async () => {
  const get = (path: string) => `GET ${path} HTTP/1.1\r\n${end}`;
  await checkEach({
    'a percent sign alone': [get('/%'), 400],
    'no hexadecimal digits': [get('/%zz'), 400],
    'half a percent-encoding at the end': [get('/sets/auth%2'), 400],
    'an overlong UTF-8 slash': [get(`/sets%c0%afauth${wellKnown}`), 400],
    'half a surrogate': [get(`/sets/%ed%a0%80${wellKnown}`), 400],
    'dots up to the same': [get(`/sets/..${wellKnown}`), 404],
    'encoded dots': [get(`/sets/%2e%2e${wellKnown}`), 404],
    'dots in front': [get(`/..${wellKnown}`), 404],
    'dots out of the keystore': [get('/../../../../etc/passwd'), 404],
    'an encoded slash for a slash': [get('/.well-known%2fjwks.json'), 404],
    'two slashes': [get(`/${wellKnown}`), 404],
    'a slash more': [get(`${wellKnown}/`), 404],
    'a backslash': [get('/.well-known\\jwks.json'), 404],
    'an encoded NUL': [get(`/sets/auth%00${wellKnown}`), 404],
    'an encoded newline': [get(`/sets/auth%0d%0aX:%20y${wellKnown}`), 404],
    'the prototype of objects': [get(`/sets/__proto__${wellKnown}`), 404],
    'an empty set': [get(`/sets/${wellKnown}`), 404],
    'the merged set under a name': [get(`/sets/merged${wellKnown}`), 404],
    'a query of a quarter of the limit': [get(`${wellKnown}?${'a'.repeat(4_000)}`), 200],
    'the absolute form': [get(`http://elsewhere.example${wellKnown}`), 200],
    'an asterisk': [get('*'), 400],
    'longer than a path may be': [get(`/${'a'.repeat(10_000)}`), 414],
    '64 KiB': [get(`/${'a'.repeat(65_536)}`), 431],
    'a NUL': [get('/a\0b'), 400],
    'an escape sequence': [get('/\x1b[31m'), 400],
    'bytes that are no UTF-8': [get('/\xff\xfe'), 400],
    'a space': [get('/a b'), 400],
    'no path': ['GET HTTP/1.1\r\n\r\n', 400],
  });
});

test('methods and versions that are not served', async () => {
  const ask = (method: string, version = 'HTTP/1.1') => `${method} ${wellKnown} ${version}\r\n${end}`;
  await checkEach({
    POST: [ask('POST'), 405],
    PUT: [ask('PUT'), 405],
    DELETE: [ask('DELETE'), 405],
    TRACE: [ask('TRACE'), 405],
    PROPFIND: [ask('PROPFIND'), 405],
    QUERY: [ask('QUERY'), 405],
    'in lower case': [ask('get'), 400],
    'one that nobody knows': [ask('BREW'), 400],
    'the preface of HTTP/2': ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400],
    'HTTP/0.9': [`GET ${wellKnown}\r\n`, 400, 'half-closed'],
    'HTTP/1.0': [`GET ${wellKnown} HTTP/1.0\r\n\r\n`, 200],
    'HTTP/1.7': [ask('GET', 'HTTP/1.7'), 400],
    'HTTP/3.0': [ask('GET', 'HTTP/3.0'), 400],
    'no HTTP': [ask('GET', 'HTCPCP/1.0'), 400],
    'a TLS hello': ['\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', 400],
    'half a request': ['GET / HTTP/1.1\r\nhost', 400, 'half-closed'],
  });
});

test('405 says what is allowed, in the body too, and gives nothing of the request back', async () => {
  const server = await serveAuth();
  for (const method of ['POST', 'TRACE', 'PURGE']) {
    const all = await exchange(server, `${method} ${wellKnown} HTTP/1.1\r\nx-private: words\r\n${end}`);
    expect(all).toMatch(/\r\nallow: GET, HEAD, OPTIONS\r\n/);
    expect(all).toMatch(/\r\n\r\n{"error":"Method Not Allowed","error_description":"only GET and HEAD"}$/);
    expect(all).not.toContain('words');
  }
});

test('headers that contradict each other, or are none', async () => {
  const post = (headers: string) => `POST / HTTP/1.1\r\n${headers}\r\n${end}`;
  const get = (headers: string) => `GET ${wellKnown} HTTP/1.1\r\n${headers}\r\n${end}`;
  await checkEach({
    'two lengths': [post('content-length: 1\r\ncontent-length: 2'), 400],
    'a length twice': [post('content-length: 1\r\ncontent-length: 1'), 400],
    'a negative length': [post('content-length: -1'), 400],
    'a length of letters': [post('content-length: 0x10'), 400],
    'a length of 40 digits': [post(`content-length: ${'9'.repeat(40)}`), 400],
    'chunks and a length': [post('transfer-encoding: chunked\r\ncontent-length: 5'), 400],
    'a length and chunks': [post('content-length: 5\r\ntransfer-encoding: chunked'), 400],
    'chunks that are not last': [post('transfer-encoding: chunked, gzip'), 400],
    'an encoding that nobody knows': [post('transfer-encoding: gzip'), 405],
    'two hosts': [get('host: b'), 200],
    'a folded line': [get('x: a\r\n b'), 400],
    'a space before the colon': [get('x : a'), 400],
    'a name with a NUL': [get('x\0: a'), 400],
    'a value with a NUL': [get('x: a\0b'), 400],
    'lines that end with LF': [`GET ${wellKnown} HTTP/1.1\nhost: a\n\n`, 400],
    'lines that end with CR': [`GET ${wellKnown} HTTP/1.1\rhost: a\r\r`, 400],
    '64 KiB in one': [get(`x: ${'a'.repeat(65_536)}`), 431],
    '64 KiB in many': [get('x: y\r\n'.repeat(10_922).trimEnd()), 431],
    'many entity tags': [get(`if-none-match: ${'"a",'.repeat(2_000)}"b"`), 200],
  });
});

test('1 MiB of headers is answered 431 too, and does not reset the connection before it is read', async () => {
  const server = await serveAuth();
  expect(
    statusesIn(await exchange(server, `GET / HTTP/1.1\r\nx: ${'a'.repeat(1_048_576)}\r\n${end}`)),
  ).toEqual([431]);
});

test('pipelined requests are answered in order, those that are refused too', async () => {
  const server = await serveAuth();
  const paths = ['/health/alive', '/nothing', wellKnown, '/%zz', '/health/ready'];
  const wanted = [200, 404, 200, 400, 200];
  const requests = Array.from({ length: 20 }, () => paths).flat();
  const text = requests.map((path) => `GET ${path} HTTP/1.1\r\nhost: a\r\n\r\n`).join('');
  const all = await exchange(server, `${text}${alive}`);
  expect(statusesIn(all)).toEqual([...requests.map((_, index) => wanted[index % 5]), 200]);
  // In one piece, and byte by byte across what the parser sees.
  const slowly = await open(server);
  const received = rest(slowly);
  slowly.setNoDelay(true);
  for (const character of `GET /nothing HTTP/1.1\r\nhost: a\r\n\r\n${alive}`) {
    await new Promise((resolve) => slowly.write(character, resolve));
  }
  expect(statusesIn(await received)).toEqual([404, 200]);
  expect(await statusesLogged(server)).toHaveLength(103);
});

test('a good request is answered although what follows on the connection is rubbish', async () => {
  const server = await serveAuth();
  const all = await exchange(server, `GET ${wellKnown} HTTP/1.1\r\nhost: a\r\n\r\nrubbish\r\n\r\n`);
  expect(statusesIn(all)[0]).toBe(200);
  expect(all).toMatch(/\r\n\r\n{"keys":\[.*\]}/);
});

test('a body of a GET is neither read as a request nor waited for', async () => {
  const server = await serveAuth();
  const inner = 'GET /inner HTTP/1.1\r\nhost: a\r\n\r\n';
  const get = `GET ${wellKnown} HTTP/1.1\r\nhost: a\r\n`;
  expect(
    statusesIn(await exchange(server, `${get}content-length: ${inner.length}\r\n\r\n${inner}${alive}`)),
  ).not.toContain(404);
  // Of 1 TB, of which nothing comes.
  expect(statusesIn(await exchange(server, `${get}content-length: 1000000000000\r\n\r\n`))).toEqual([200]);
  expect(statusesIn(await exchange(server, `${get}transfer-encoding: chunked\r\n\r\n`))).toEqual([200]);
  // A chunk that is none, where the answer is out already.
  const bad = await exchange(server, `${get}transfer-encoding: chunked\r\n\r\nzz\r\n${inner}`);
  expect(statusesIn(bad)).toEqual([200]);
  expect(statusesIn(await exchange(server, alive))).toEqual([200]);
});

test('an upgrade to another protocol is an ordinary request', async () => {
  const server = await serveAuth();
  const socket = await open(server);
  const received = rest(socket);
  socket.write(`GET ${wellKnown} HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n`);
  await new Promise((resolve) => socket.once('data', resolve));
  socket.write(alive);
  expect(statusesIn(await received)).toEqual([200, 200]);
});

/** The server that answers, whose limits can be made short while it runs. */
async function serverBehind(server: Serving): Promise<Server> {
  const { port } = new URL(server.url);
  let found: Server | undefined;
  const onRequest = (message: unknown) => {
    const { socket, server } = message as { socket: Socket; server: Server };
    if (`${socket.localPort}` === port) found = server;
  };
  diagnostics.subscribe('http.server.request.start', onRequest);
  await exchange(server, alive);
  diagnostics.unsubscribe('http.server.request.start', onRequest);
  if (found === undefined) throw new Error('no server answers there');
  return found;
}

test('a request that never ends is given up after the limit, however much of it comes', async () => {
  const server = await serveAuth();
  const behind = await serverBehind(server);
  expect([behind.headersTimeout, behind.requestTimeout]).toEqual([10_000, 10_000]);
  [behind.headersTimeout, behind.requestTimeout] = [300, 300];
  const slow = ['GET /', `GET ${wellKnown} HTTP/1.1\r\n`, `GET ${wellKnown} HTTP/1.1\r\nhost: a\r\nx: `];
  const all = slow.map(async (text) => {
    const socket = await open(server);
    const received = rest(socket);
    socket.write(text);
    // Some more now and then, as one does who wants to keep it open.
    const timer = setInterval(() => socket.write('a'), 100);
    onTestFinished(() => clearInterval(timer));
    socket.on('close', () => clearInterval(timer));
    return statusesIn(await received);
  });
  expect(await Promise.all(all)).toEqual(slow.map(() => [408]));
  expect(statusesIn(await exchange(server, alive))).toEqual([200]);
});

test('clients that go away in the middle of an answer end nothing but that', async () => {
  const server = await serveAuth();
  const gone = Array.from({ length: 50 }, async () => {
    const socket = await open(server);
    socket.write(`GET ${wellKnown} HTTP/1.1\r\nhost: a\r\n\r\n`.repeat(500));
    await new Promise((resolve) => socket.once('data', resolve));
    const isClosed = new Promise((resolve) => socket.once('close', resolve));
    socket.resetAndDestroy();
    await isClosed;
  });
  await Promise.all(gone);
  expect(statusesIn(await exchange(server, alive))).toEqual([200]);
  expect(new Set(await statusesLogged(server))).toEqual(new Set([200]));
});

test('500 idle connections keep nobody out, and are closed at the end', async () => {
  const server = await serveAuth();
  const sockets = await Promise.all(Array.from({ length: 500 }, () => open(server)));
  expect(statusesIn(await exchange(server, alive))).toEqual([200]);
  // Half of them have asked something before.
  const some = sockets.slice(0, 250).map(async (socket) => {
    socket.write('GET /health/alive HTTP/1.1\r\nhost: a\r\n\r\n');
    await new Promise((resolve) => socket.once('data', resolve));
  });
  await Promise.all(some);
  const closed = Promise.all(sockets.map(rest));
  const started = performance.now();
  expect(await statusesLogged(server)).toHaveLength(251);
  await closed;
  expect(performance.now() - started).toBeLessThan(5_000);
});

// What Node would answer by itself, so that neither a site nor an access line knew of it.
test.each<[string, string, number]>([
  ['no Host', 'GET / HTTP/1.1\r\nconnection: close\r\n\r\n', 400],
  ['CONNECT', `CONNECT a:443 HTTP/1.1\r\n${end}`, 405],
  ['an expectation', `GET / HTTP/1.1\r\nexpect: 200-maybe\r\n${end}`, 417],
  ['HTTP/2.0 without its preface', `GET / HTTP/2.0\r\n${end}`, 505],
])('%s', async (name, request, status) => {
  await checkEach({ [name]: [request, status] });
});

// Which of both depends on the release of Node: either it leaves out what is too much, Host among it, or refuses it.
test('more than 2000 headers', async () => {
  const server = await serveAuth();
  const request = `GET / HTTP/1.1\r\n${'a: b\r\n'.repeat(2_100)}${end}`;
  const [status = 0, ...more] = statusesIn(await exchange(server, request));
  expect([400, 431]).toContain(status);
  expect(more).toEqual([]);
  expect(statusesIn(await exchange(server, alive))).toEqual([200]);
  expect(await statusesLogged(server)).toEqual([status, 200]);
});

// Else what was done would be told to have been refused.
test('rubbish behind a request that is still worked on does not take its answer', async () => {
  const write = async () => {};
  const now = () => toInstant(0);
  const log = new Log({ write, form: 'json', isQuiet: true, now, escape: (text) => text });
  let finish: () => void = () => {};
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const place = { host: '127.0.0.1', port: 0 };
  const site = () => finished.then(() => jsonAnswer(201, 'made'));
  const listener = await listen({ name: 'admin', place, log, site });
  onTestFinished(() => listener.stop());
  const socket = connect(listener.port, '127.0.0.1');
  const received = rest(socket);
  socket.write('POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\nrubbish\r\n\r\n');
  // The rubbish has been read by the time that a later connection is.
  await exchange({ url: listener.url } as Serving, 'rubbish\r\n\r\n');
  finish();
  expect(statusesIn(await received)[0] ?? 201).toBe(201);
});
