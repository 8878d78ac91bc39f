// A body up to a size, and what is answered to a larger one.
import { connect } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { toInstant } from '../../src/lifecycle/time.ts';
import { errorAnswer, jsonAnswer } from '../../src/server/answer.ts';
import { type Listener, listen } from '../../src/server/listener.ts';
import { Log } from '../../src/server/log.ts';
import { readBody } from '../../src/server/read-body.ts';

const listeners: Listener[] = [];
afterEach(async () => {
  await Promise.all(listeners.splice(0).map((one) => one.stop()));
});

async function start() {
  const failed: string[] = [];
  const log = new Log({
    write: async (text) => void failed.push(text),
    form: 'json',
    isQuiet: true,
    now: () => toInstant(0),
    escape: (text) => text,
  });
  const listener = await listen({
    name: 'admin',
    place: { host: '127.0.0.1', port: 0 },
    log,
    site: async (request) => {
      const body = await readBody(request, 10);
      return body === 'too-large' ? errorAnswer(413, 'too large') : jsonAnswer(200, body.toString());
    },
  });
  listeners.push(listener);
  return { listener, log, failed };
}

/** Sends text and gives the first line that comes back, or nothing. */
function firstLine(port: number, text: string, isEnd = false): Promise<string> {
  return new Promise((resolve) => {
    let received = '';
    const socket = connect(port, '127.0.0.1', () => (isEnd ? socket.end(text) : socket.write(text)));
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1');
    });
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(received.split('\r\n')[0] ?? ''));
  });
}

test('a body of just the size', async () => {
  const { listener } = await start();
  const answer = await fetch(listener.url, { method: 'PUT', body: '0123456789' });
  expect([answer.status, await answer.json()]).toEqual([200, '0123456789']);
});

test.each([
  ['that says so', 'content-length: 11\r\n\r\n'],
  ['that says so and never comes', 'content-length: 1000000000000\r\n\r\n'],
  ['in chunks', 'transfer-encoding: chunked\r\n\r\n6\r\n012345\r\n6\r\n012345\r\n'],
])('a larger one %s is 413, and the connection ends', async (_, rest) => {
  const { listener } = await start();
  const line = await firstLine(listener.port, `PUT / HTTP/1.1\r\nhost: a\r\n${rest}`);
  expect(line).toBe('HTTP/1.1 413 Payload Too Large');
  expect((await fetch(listener.url)).status).toBe(200);
});

test('a client that leaves in the middle ends nothing but its request', async () => {
  const { listener, log, failed } = await start();
  const text = 'PUT / HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\n01';
  await firstLine(listener.port, text, true);
  expect((await fetch(listener.url)).status).toBe(200);
  await log.flush();
  expect(failed.join('')).not.toContain('    at ');
});
