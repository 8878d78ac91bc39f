// The place to listen at: what lies there already, who may connect, and what is said where it cannot be had.
import { spawn } from 'node:child_process';
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { bind } from '../../src/server/bind.ts';
import { Machine } from '../support/cli.ts';
import { serving } from '../support/serving.ts';
import { temporaryDirectory } from '../support/temporary.ts';

function newServer(): Server {
  // Whoever only looks whether somebody is there may be gone by now.
  const server = createServer((socket) => socket.on('error', () => {}).end('hello'));
  onTestFinished(() => void server.close());
  return server;
}

function greeting(path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect({ path });
    socket.on('data', (chunk) => {
      text += chunk.toString();
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(text));
  });
}

/** A socket that a killed server left behind. */
async function leaveStale(path: string): Promise<void> {
  const script = 'require("net").createServer().listen(process.argv[1], () => process.kill(process.pid, 9))';
  const child = spawn(process.execPath, ['-e', script, path], { stdio: 'ignore' });
  await new Promise((resolve) => child.once('close', resolve));
  expect(lstatSync(path).isSocket()).toBe(true);
}

test('a Unix socket is only for its owner from its first moment, and the umask is as before', async () => {
  const before = process.umask(0);
  onTestFinished(() => void process.umask(before));
  const socket = join(temporaryDirectory(), 'admin.sock');
  const server = newServer();
  const first = new Promise<number>((resolve) => {
    // Earlier than what awaits it: no mode has been mended yet.
    server.prependOnceListener('listening', () => resolve(statSync(socket).mode & 0o777));
  });
  await bind(server, { socket });
  expect([await first, statSync(socket).mode & 0o777, process.umask()]).toEqual([0o600, 0o600, 0]);
  expect(await greeting(socket)).toBe('hello');
});

test('a socket that nobody listens at any more is replaced', async () => {
  const socket = join(temporaryDirectory(), 'admin.sock');
  await leaveStale(socket);
  await bind(newServer(), { socket });
  expect(await greeting(socket)).toBe('hello');
});

test('a socket that somebody listens at is refused, and goes on', async () => {
  const socket = join(temporaryDirectory(), 'admin.sock');
  await bind(newServer(), { socket });
  const { ino } = statSync(socket);
  await expect(bind(newServer(), { socket })).rejects.toMatchObject({
    code: 'failed',
    message: `the socket ${socket} is in use`,
    hint: 'name another path, or stop who listens there',
  });
  expect([await greeting(socket), statSync(socket).ino]).toEqual(['hello', ino]);
});

test('what is no socket is refused, and left as it is', async () => {
  const directory = temporaryDirectory();
  const path = (name: string) => join(directory, name);
  writeFileSync(path('file'), 'precious', { mode: 0o640 });
  mkdirSync(path('directory'));
  symlinkSync('file', path('link'));
  symlinkSync('nowhere', path('dangling'));
  await bind(newServer(), { socket: path('live') });
  symlinkSync('live', path('link-to-socket'));
  const names = readdirSync(directory);
  for (const name of ['file', 'directory', 'link', 'dangling', 'link-to-socket']) {
    await expect(bind(newServer(), { socket: path(name) }), name).rejects.toMatchObject({
      code: 'failed',
      message: `${path(name)} is there already, and is no socket`,
    });
  }
  expect(readdirSync(directory)).toEqual(names);
  expect([readFileSync(path('file'), 'utf8'), statSync(path('file')).mode & 0o777]).toEqual([
    'precious',
    0o640,
  ]);
  expect(readlinkSync(path('dangling'))).toBe('nowhere');
});

test('a socket where there is no directory', async () => {
  const socket = join(temporaryDirectory(), 'nowhere', 'admin.sock');
  await expect(bind(newServer(), { socket })).rejects.toMatchObject({ name: 'JwksError', code: 'failed' });
});

test('a port in use, an address that is not of this machine, a name that is none', async () => {
  const server = newServer();
  await bind(server, { host: '127.0.0.1', port: 0 });
  const { port } = server.address() as AddressInfo;
  await expect(bind(newServer(), { host: '127.0.0.1', port })).rejects.toMatchObject({
    code: 'failed',
    message: `port ${port} of 127.0.0.1 is in use`,
    hint: 'name another port; 0 takes a free one',
  });
  // RFC 5737: for documents only.
  await expect(bind(newServer(), { host: '192.0.2.1', port: 0 })).rejects.toMatchObject({
    code: 'failed',
    message: 'cannot listen at port 0 of 192.0.2.1: this machine has no such address',
  });
  await expect(bind(newServer(), { host: '256.0.0.1', port: 0 })).rejects.toMatchObject({
    name: 'JwksError',
    code: 'failed',
  });
});

test('jwks serve ends with 1 where its port is in use', async () => {
  const machine = new Machine();
  await machine.jwks('create --alg ES256 auth');
  const { url } = await serving(machine, 'auth');
  const { port } = new URL(url);
  expect(await machine.jwks(`serve auth --port ${port}`)).toMatchObject({
    status: 1,
    stdout: '',
    stderr: expect.stringMatching(
      new RegExp(
        `^jwks: port ${port} of 127.0.0.1 is in use\\nhint: name another port; 0 takes a free one\\n$`,
        'm',
      ),
    ),
  });
  expect((await fetch(`${url}/health/ready`)).status).toBe(200);
});

test('a file where a directory should be', async () => {
  const directory = temporaryDirectory();
  writeFileSync(join(directory, 'file'), '');
  const socket = join(directory, 'file', 'admin.sock');
  await expect(bind(newServer(), { socket })).rejects.toMatchObject({ name: 'JwksError', code: 'failed' });
});

// libuv cuts the path at 107 bytes, and listens somewhere else.
test.runIf(process.platform === 'linux')('a path that is too long for a socket', async () => {
  const directory = temporaryDirectory();
  const socket = join(directory, 'a'.repeat(120));
  await expect(bind(newServer(), { socket })).rejects.toMatchObject({ name: 'JwksError', code: 'failed' });
  expect(readdirSync(directory)).toEqual([]);
});
