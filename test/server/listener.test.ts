// One listening place: what it answers, what it survives, and how it ends.
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { Agent, get, request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { toInstant } from '../../src/lifecycle/time.ts';
import { jsonAnswer, type Site } from '../../src/server/answer.ts';
import { type Listener, type ListenOptions, listen } from '../../src/server/listener.ts';
import { Log } from '../../src/server/log.ts';

const listeners: Listener[] = [];
const directories: string[] = [];

afterEach(async () => {
  await Promise.all(listeners.splice(0).map((one) => one.stop()));
  for (const path of directories.splice(0)) rmSync(path, { recursive: true });
});

const hello: Site = () => jsonAnswer(200, { hello: 'world' });

async function start(site: Site = hello, place: ListenOptions['place'] = { host: '127.0.0.1', port: 0 }) {
  let written = '';
  const write = async (text: string) => {
    written += text;
  };
  const now = () => toInstant(1_700_000_000);
  const log = new Log({ write, form: 'json', isQuiet: false, now, escape: (text) => text });
  const listener = await listen({ name: 'public', place, site, log });
  listeners.push(listener);
  const lines = async (): Promise<Record<string, unknown>[]> => {
    await log.flush();
    return written
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line));
  };
  return { listener, lines, errors: () => log.errors };
}

/** Sends bytes and gives everything that comes back until the end. */
function exchange(port: number, text: string): Promise<string> {
  return new Promise((resolve) => {
    let received = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(text));
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1');
    });
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(received));
  });
}

test('answers, and says so', async () => {
  const { listener, lines } = await start();
  const response = await fetch(`${listener.url}/a?b=c`);
  expect([response.status, await response.json()]).toEqual([200, { hello: 'world' }]);
  expect(await lines()).toEqual([
    {
      time: '2023-11-14T22:13:20Z',
      listener: 'public',
      peer: '127.0.0.1',
      method: 'GET',
      path: '/a',
      status: 200,
      bytes: 17,
      ms: expect.any(Number),
    },
  ]);
});

test('answers HEAD with the headers and no body', async () => {
  const { listener, lines } = await start();
  const all = await exchange(listener.port, 'HEAD / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n');
  expect(all).toMatch(/^HTTP\/1.1 200 OK\r\n(.+\r\n)*content-length: 17\r\n(.+\r\n)*\r\n$/i);
  expect(await lines()).toMatchObject([{ method: 'HEAD', status: 200, bytes: 0 }]);
});

test('refuses 64 KiB of path, and goes on', async () => {
  const { listener, lines } = await start();
  const all = await exchange(listener.port, `GET /${'a'.repeat(65_536)} HTTP/1.1\r\nhost: a\r\n\r\n`);
  expect(all).toMatch(/^HTTP\/1.1 431 /);
  expect(await lines()).toMatchObject([{ status: 431 }]);
  expect((await fetch(listener.url)).status).toBe(200);
});

test('refuses what is no HTTP', async () => {
  const { listener, lines } = await start();
  expect(await exchange(listener.port, '\u0016\u0003\u0001 rubbish\r\n\r\n')).toMatch(/^HTTP\/1.1 400 /);
  expect(await lines()).toMatchObject([{ status: 400 }]);
});

test.each<[string, Site]>([
  [
    'throws',
    () => {
      throw new TypeError('private words');
    },
  ],
  ['rejects', () => Promise.reject(new TypeError('private words'))],
])('answers 500 when the site %s, without its words', async (_, site) => {
  const { listener, lines, errors } = await start(site);
  const response = await fetch(listener.url);
  expect([response.status, errors()]).toEqual([500, 1]);
  expect(await response.text()).not.toContain('private words');
  const said = await lines();
  expect(said).toMatchObject([{ level: 'error', reason: 'TypeError' }, { status: 500 }]);
  expect(JSON.stringify(said)).not.toContain('private words');
});

test('says that a port is in use', async () => {
  const { listener } = await start();
  await expect(start(hello, { host: '127.0.0.1', port: listener.port })).rejects.toMatchObject({
    name: 'JwksError',
    code: 'failed',
    message: `port ${listener.port} of 127.0.0.1 is in use`,
  });
});

test('stop lets a request under way end, and closes idle connections', async () => {
  let release: () => void = () => undefined;
  let arrived: () => void = () => undefined;
  const isThere = new Promise<void>((resolve) => {
    arrived = resolve;
  });
  const { listener } = await start(async ({ url }) => {
    if (url === '/slow') {
      await new Promise<void>((resolve) => {
        release = resolve;
        arrived();
      });
    }
    return jsonAnswer(200, { url });
  });
  const agent = new Agent({ keepAlive: true });
  const idle = await new Promise<import('node:net').Socket>((resolve, reject) => {
    get(`${listener.url}/idle`, { agent }, (response) => {
      const { socket } = response;
      response.resume().on('end', () => resolve(socket));
    }).on('error', reject);
  });
  const isIdleClosed = new Promise((resolve) => idle.once('close', resolve));
  const slow = fetch(`${listener.url}/slow`);
  await isThere;
  const stopped = listener.stop();
  await isIdleClosed;
  release();
  const response = await slow;
  expect([response.status, response.headers.get('connection')]).toEqual([200, 'close']);
  expect(await response.json()).toEqual({ url: '/slow' });
  await stopped;
  await expect(fetch(listener.url)).rejects.toThrow();
  agent.destroy();
});

test('stop does not wait for a connection that never said anything', async () => {
  const { listener } = await start();
  const socket = connect(listener.port, '127.0.0.1');
  const isClosed = new Promise((resolve) => socket.once('close', resolve));
  await new Promise((resolve) => socket.once('connect', resolve));
  // It is accepted by the time that a later one is answered.
  await fetch(listener.url);
  const started = performance.now();
  await Promise.all([listener.stop(), isClosed]);
  expect(performance.now() - started).toBeLessThan(5_000);
});

test('a Unix socket is only for its owner, and gone at the end', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'listener-'));
  directories.push(directory);
  const path = join(directory, 'admin.sock');
  const { listener, lines } = await start(hello, { socket: path });
  expect([listener.url, statSync(path).mode & 0o777]).toEqual([`unix:${path}`, 0o600]);
  const status = await new Promise((resolve, reject) => {
    request({ socketPath: path, path: '/' }, (response) => resolve(response.resume().statusCode))
      .on('error', reject)
      .end();
  });
  expect(status).toBe(200);
  expect(await lines()).toMatchObject([{ peer: 'socket' }]);
  await expect(start(hello, { socket: path })).rejects.toMatchObject({ code: 'failed' });
  await listener.stop();
  expect(existsSync(path)).toBe(false);
});
