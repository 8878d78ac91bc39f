// Servers that answer without end, too slowly, or with what is no HTTP.
import type { Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { fetchUrl, fetchWith } from '../../src/operations/fetch-url.ts';
import { errorOf } from '../support/endings.ts';
import { startHttp, startRaw } from '../support/https-server.ts';

const mebibyte = 1_048_576;
const deadline = 300;
const head = 'HTTP/1.1 200 OK\r\n';

async function reasonOf(work: Promise<unknown>): Promise<string> {
  const error = await errorOf(work);
  expect(error.code).toBe('unreachable');
  return error.message.replace(/^.*cannot be fetched: /, '');
}

/** Writes as fast as it is read, until the other side hangs up. */
function pour(socket: Socket, text: string): void {
  const more = (): void => {
    while (!socket.destroyed && socket.write(text));
  };
  socket.on('drain', more);
  more();
}

test('a body may have 1 MiB, and no byte more', async () => {
  const origin = await startHttp((request, response) =>
    response.end('x'.repeat(Number(request.url?.slice(1)))),
  );
  expect((await fetchUrl(`${origin}/${mebibyte}`)).text.length).toBe(mebibyte);
  expect(await reasonOf(fetchUrl(`${origin}/${mebibyte + 1}`))).toBe('its answer is larger than 1 MiB');
});

test.each([
  ['with a length', 'content-length: 99999999999\r\n\r\n', 'x'.repeat(4_096)],
  ['without one', '\r\n', 'x'.repeat(4_096)],
  ['in chunks of a byte', 'transfer-encoding: chunked\r\n\r\n', '1\r\nx\r\n'.repeat(4_096)],
])('a body without end, %s', async (_, headers, text) => {
  const origin = await startRaw((socket) => {
    socket.write(head + headers);
    pour(socket, text);
  });
  expect(await reasonOf(fetchUrl(origin))).toBe('its answer is larger than 1 MiB');
});

test('headers without end', async () => {
  const many = await startRaw((socket) => {
    socket.write(head);
    pour(socket, `x-${'a'.repeat(50)}: ${'b'.repeat(500)}\r\n`);
  });
  expect(await reasonOf(fetchUrl(many))).toBe('its headers are too large');
  const long = await startRaw((socket) => {
    socket.write(`${head}x: `);
    pour(socket, 'b'.repeat(4_096));
  });
  expect(await reasonOf(fetchUrl(long))).toBe('its headers are too large');
});

test('early answers without end', async () => {
  const origin = await startRaw((socket) => pour(socket, 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(50)));
  expect(await reasonOf(fetchWith({ deadline })(origin))).toBe('there was no whole answer within 0.3 s');
});

test('trailers and chunk extensions without end', async () => {
  const trailers = await startRaw((socket) => {
    socket.write(`${head}transfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n`);
    pour(socket, `x: ${'b'.repeat(500)}\r\n`);
  });
  expect(await reasonOf(fetchWith({ deadline: 5_000 })(trailers))).toBe('the connection was cut');
  const extensions = await startRaw((socket) => {
    socket.write(`${head}transfer-encoding: chunked\r\n\r\n2;`);
    pour(socket, 'a=b;'.repeat(1_000));
  });
  expect(await reasonOf(fetchWith({ deadline: 5_000 })(extensions))).toBe('the connection was cut');
});

test.each([
  ['says nothing', ''],
  ['stops in its headers', `${head}content-type: app`],
  ['stops in its body', `${head}content-length: 10\r\n\r\n{`],
])('a server that %s', async (_, text) => {
  const origin = await startRaw((socket) => socket.write(text));
  expect(await reasonOf(fetchWith({ deadline })(origin))).toBe('there was no whole answer within 0.3 s');
});

test('a body that comes byte by byte has one deadline for all of it', async () => {
  const origin = await startRaw((socket) => {
    socket.write(`${head}content-length: 1000\r\n\r\n`);
    const timer = setInterval(() => socket.write(' '), 20);
    socket.on('close', () => clearInterval(timer));
  });
  expect(await reasonOf(fetchWith({ deadline })(origin))).toBe('there was no whole answer within 0.3 s');
});

test('redirects have one deadline together', async () => {
  const origin = await startHttp((request, response) => {
    setTimeout(() => response.writeHead(302, { location: `${request.url}a` }).end(), 120);
  });
  expect(await reasonOf(fetchWith({ deadline })(`${origin}/`))).toMatch(
    /^there was no whole answer within 0.3 s/,
  );
});

test('a name lookup that never ends', async () => {
  const lookup = () => new Promise<never>(() => {});
  const work = fetchWith({ deadline, lookup })('https://issuer.example/');
  expect(await reasonOf(work)).toBe('there was no whole answer within 0.3 s');
});

test('compressed answers are not read, so they cannot grow', async () => {
  const bomb = gzipSync('{"keys":[]}'.padEnd(64 * mebibyte));
  const origin = await startHttp((_, response) =>
    response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb),
  );
  expect(await reasonOf(fetchUrl(origin))).toBe('its answer is compressed, which was not asked for');
});

test('a body that was cut off is no body', async () => {
  const short = await startRaw((socket) => socket.end(`${head}content-length: 20\r\n\r\n{"keys":[]}`));
  expect(await reasonOf(fetchUrl(short))).toBe('the connection was cut');
  const chunked = await startRaw((socket) =>
    socket.end(`${head}transfer-encoding: chunked\r\n\r\nb\r\n{"keys"`),
  );
  expect(await reasonOf(fetchUrl(chunked))).toBe('the connection was cut');
});

test.each([
  ['another protocol', 'SSH-2.0-OpenSSH_9.9 s3cret\r\n', 'its answer is not sound HTTP'],
  ['two lengths', `${head}content-length: 1\r\ncontent-length: 2\r\n\r\nab`, 'its answer is not sound HTTP'],
  ['nothing', '', 'the connection was cut'],
  [
    'a switch of protocols',
    'HTTP/1.1 101 Sw\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n',
    'it answered 101',
  ],
])('%s in place of an answer', async (_, text, reason) => {
  const origin = await startRaw((socket) => socket.end(text));
  expect(await reasonOf(fetchUrl(origin))).toBe(reason);
});

test('the connection is closed whatever came of it', async () => {
  const closed: Promise<unknown>[] = [];
  const origin = await startHttp((request, response) => {
    closed.push(new Promise((resolve) => request.socket.on('close', resolve)));
    if (request.url === '/redirect')
      response.writeHead(302, { location: '/other' }).end('x'.repeat(mebibyte));
    else if (request.url === '/large') response.end('x'.repeat(9 * mebibyte));
    else if (request.url === '/fault') response.writeHead(500).write('more to come');
    else response.end('{}');
  });
  for (const path of ['/redirect', '/large', '/fault', '/']) await fetchUrl(origin + path).catch(() => {});
  await Promise.all(closed);
  expect(closed.length).toBe(5);
});
