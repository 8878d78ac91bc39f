// How a listener ends: what is under way is answered, what is idle is closed, and nobody holds it up for ever.
import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync, read } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { toInstant } from '../../src/lifecycle/time.ts';
import { jsonAnswer, type Site } from '../../src/server/answer.ts';
import { type Listener, listen } from '../../src/server/listener.ts';
import { Log } from '../../src/server/log.ts';
import { Machine } from '../support/cli.ts';
import { cleanEnv, jwks, startWith } from '../support/command.ts';
import { noteOutput } from '../support/leaks.ts';
import { serving } from '../support/serving.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const host = 'host: a\r\n\r\n';
/** Far less than the limit after which all is closed by force. */
const soon = 3_000;

async function start(site: Site, longestStop?: number) {
  let written = '';
  const log = new Log({
    write: async (text) => {
      written += text;
    },
    form: 'json',
    isQuiet: false,
    now: () => toInstant(0),
    escape: (text) => text,
  });
  const place = { host: '127.0.0.1', port: 0 };
  const listener = await listen({ name: 'public', place, site, log, longestStop });
  onTestFinished(() => listener.stop());
  const statuses = async () => {
    await log.flush();
    return [...written.matchAll(/"status":(\d+)/g)].map(([, status]) => Number(status));
  };
  return { listener, statuses };
}

/** A site that answers `/slow` when it is let. */
function newSite() {
  let release: () => void = () => {};
  let arrive: () => void = () => {};
  const arrived = new Promise<void>((resolve) => {
    arrive = resolve;
  });
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const site: Site = ({ url }) => {
    if (url !== '/slow') return jsonAnswer(200, { url });
    arrive();
    return released.then(() => jsonAnswer(200, { url }));
  };
  return { site, arrived, release: () => release() };
}

interface Client {
  readonly socket: Socket;
  /** All that came by the time that it was closed. */
  readonly closed: Promise<string>;
}

function open({ port }: Listener, text = ''): Promise<Client> {
  return new Promise((resolve, reject) => {
    let received = '';
    const socket = connect(port, '127.0.0.1', () => {
      if (text !== '') socket.write(text);
      resolve({ socket, closed });
    });
    const closed = new Promise<string>((settle) => socket.once('close', () => settle(received)));
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1');
    });
    socket.on('error', reject);
    onTestFinished(() => void socket.destroy());
  });
}

const answered = ({ socket }: Client) => new Promise((resolve) => socket.once('data', resolve));

test('a request under way ends, says that it is the last, and the connection too', async () => {
  const { site, arrived, release } = newSite();
  const { listener, statuses } = await start(site);
  const client = await open(listener, `GET /slow HTTP/1.1\r\n${host}`);
  await arrived;
  const stopped = listener.stop();
  await expect(open(listener)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  release();
  const started = performance.now();
  expect(await client.closed).toMatch(
    /^HTTP\/1.1 200 OK\r\n(?:.+\r\n)*connection: close\r\n(?:.+\r\n)*\r\n{"url":"\/slow"}$/i,
  );
  await stopped;
  expect(performance.now() - started).toBeLessThan(soon);
  expect(await statuses()).toEqual([200]);
});

test('a request that comes on a connection under way is not answered after the last one', async () => {
  const { site, arrived, release } = newSite();
  const { listener } = await start(site);
  const client = await open(listener, `GET /slow HTTP/1.1\r\n${host}GET /second HTTP/1.1\r\n${host}`);
  await arrived;
  const stopped = listener.stop();
  release();
  const all = await client.closed;
  expect(all.match(/HTTP\/1.1 200/g)).toHaveLength(1);
  expect(all).toContain('/slow');
  await stopped;
});

test('idle connections are closed at once: those that were answered, and those that said nothing', async () => {
  const { site } = newSite();
  const { listener } = await start(site);
  const clients = await Promise.all(Array.from({ length: 20 }, () => open(listener)));
  for (const client of clients.slice(0, 10)) {
    client.socket.write(`GET / HTTP/1.1\r\n${host}`);
    await answered(client);
  }
  const started = performance.now();
  await Promise.all([listener.stop(), ...clients.map(({ closed }) => closed)]);
  expect(performance.now() - started).toBeLessThan(soon);
});

test('stop twice is one stop', async () => {
  const { site } = newSite();
  const { listener } = await start(site);
  expect(listener.stop()).toBe(listener.stop());
  await listener.stop();
  await listener.stop();
});

test('a client that reads nothing of a small answer does not hold it up', async () => {
  const { site, arrived, release } = newSite();
  const { listener } = await start(site);
  const client = await open(listener, `GET /slow HTTP/1.1\r\n${host}`);
  client.socket.pause();
  await arrived;
  const started = performance.now();
  const stopped = listener.stop();
  release();
  await stopped;
  expect(performance.now() - started).toBeLessThan(soon);
});

// To be mended in listener.ts: Node finds a connection idle as soon as its answer was handed over, sent or not.
test('a client that was reading a long answer gets all of it', async () => {
  const body = 'a'.repeat(30_000_000);
  const { listener } = await start(() => jsonAnswer(200, body));
  const client = await open(listener, `GET / HTTP/1.1\r\n${host}`);
  await answered(client);
  client.socket.pause();
  const stopped = listener.stop();
  client.socket.resume();
  const all = await client.closed;
  expect(all.length - all.indexOf('\r\n\r\n') - 4).toBe(body.length + 2);
  await stopped;
});

test('a signal to jwks serve ends it with 0, and its log says so', async () => {
  const machine = new Machine();
  await machine.jwks('create --alg ES256 auth');
  const { url, stop } = await serving(machine, 'auth');
  await (await fetch(`${url}/health/ready`)).text();
  const started = performance.now();
  const { status, stderr } = await stop();
  expect(status).toBe(0);
  expect(performance.now() - started).toBeLessThan(soon);
  const messages = [...stderr.matchAll(/"message":"([^"]+)"/g)].map(([, message]) => message);
  expect(messages).toEqual(['listening', 'stopping', 'stopped']);
});

/** Asks a server that has said this so often that its log is several times what a pipe holds. */
async function askMuch(said: string): Promise<void> {
  noteOutput('serve auth', '', said);
  const url = /"url":"(http:[^"]+)"/.exec(said)?.[1] ?? '';
  for (let count = 0; count < 1_000; count += 50) {
    const some = Array.from({ length: 50 }, async () => {
      const response = await fetch(url, { signal: AbortSignal.timeout(2_000) });
      return (await response.text()).length;
    });
    await Promise.all(some);
  }
}

// A blocking write to a pipe that is full waits in the system call, and everything with it.
test.runIf(process.platform === 'linux')(
  'a log that nobody reads holds up neither answers nor the end',
  async () => {
    const home = temporaryDirectory();
    const env = cleanEnv(home);
    expect((await jwks(['create', '--alg', 'ES256', 'auth'], { cwd: home, env })).status).toBe(0);
    const path = join(home, 'log');
    execFileSync('mkfifo', [path]);
    const log = openSync(path, constants.O_RDWR);
    const child = startWith(['serve', 'auth', '--port', '0'], {
      stdio: ['ignore', 'ignore', log],
      env,
    });
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
    onTestFinished(async () => {
      child.kill('SIGKILL');
      await ended;
      closeSync(log);
    });
    const { buffer, bytesRead } = await promisify(read)(log, Buffer.alloc(4096), 0, 4096, null);
    await askMuch(buffer.toString('utf8', 0, bytesRead));
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
  },
);

test('a client that never reads is cut off at the limit', async () => {
  const body = 'a'.repeat(30_000_000);
  const { listener } = await start(() => jsonAnswer(200, body), 200);
  const client = await open(listener, `GET / HTTP/1.1\r\n${host}`);
  await answered(client);
  client.socket.pause();
  const began = performance.now();
  await listener.stop();
  const took = performance.now() - began;
  expect(took).toBeGreaterThan(150);
  expect(took).toBeLessThan(soon);
  client.socket.resume();
  expect((await client.closed).length).toBeLessThan(body.length);
});

test('a log at a socket that nobody reads holds up neither answers nor the end', async () => {
  const home = temporaryDirectory();
  const env = cleanEnv(home);
  expect((await jwks(['create', '--alg', 'ES256', 'auth'], { cwd: home, env })).status).toBe(0);
  // Node gives a child a socket, as systemd does.
  const child = startWith(['serve', 'auth', '--port', '0'], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env,
  });
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  onTestFinished(() => void child.kill('SIGKILL'));
  const first = await new Promise<string>((resolve) =>
    child.stderr?.once('data', (data) => resolve(`${data}`)),
  );
  child.stderr?.pause();
  await askMuch(first);
  child.kill('SIGTERM');
  expect(await ended).toBe(0);
});
