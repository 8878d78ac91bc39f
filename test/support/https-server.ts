// Servers on loopback that stop with their test: http, TLS with a certificate made by openssl, and bare sockets.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer as createHttp, type RequestListener } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { noteAsked } from './leaks.ts';
import { temporaryDirectory } from './temporary.ts';

export interface Certificate {
  /** PEM. */
  readonly cert: string;
  readonly key: string;
}

/** Where it is false, tests that need a certificate are skipped: openssl is not installed. */
export const canMakeCertificate = spawnSync('openssl', ['version']).status === 0;

/** A self-signed certificate for `localhost`, 127.0.0.1 and the names given. */
export function makeCertificate(
  options: { readonly names?: readonly string[]; readonly isExpired?: boolean } = {},
): Certificate {
  const directory = temporaryDirectory();
  const [key, cert] = ['key.pem', 'cert.pem'].map((name) => join(directory, name)) as [string, string];
  const names = options.names ?? ['DNS:localhost', 'IP:127.0.0.1'];
  openssl(`req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ${key} -out ${cert}`, [
    ...['-days', '2', '-subj', '/CN=localhost', '-addext', `subjectAltName=${names.join(',')}`],
  ]);
  if (options.isExpired === true) openssl(`x509 -in ${cert} -signkey ${key} -days -1 -out ${cert}.old`);
  const made = options.isExpired === true ? `${cert}.old` : cert;
  return { cert: readFileSync(made, 'utf8'), key: readFileSync(key, 'utf8') };
}

function openssl(words: string, more: readonly string[] = []): void {
  const { status, stderr } = spawnSync('openssl', [...words.split(' '), ...more], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`openssl failed: ${stderr}`);
}

/** Its origin, such as `http://127.0.0.1:34567`. What it answers is the test's affair. */
export async function startHttp(listener: RequestListener): Promise<string> {
  return noteAsked(`http://127.0.0.1:${await listen(createHttp(listener))}`);
}

export async function startHttps(certificate: Certificate, listener: RequestListener): Promise<string> {
  return noteAsked(`https://127.0.0.1:${await listen(createHttps(certificate, listener))}`);
}

/** A server that does not speak HTTP but what it is told to; `talk` is called when a request has begun. */
export async function startRaw(talk: (socket: Socket) => void): Promise<string> {
  return `http://127.0.0.1:${await listen(createServer((socket) => socket.once('data', () => talk(socket))))}`;
}

/** A port of loopback at which nobody listens. */
export async function closedPort(): Promise<number> {
  const server = createServer();
  const port = await bind(server, '127.0.0.1');
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Binds a port of loopback, and ends the server with all its connections when the test is over. */
export async function listen(server: Server, host = '127.0.0.1'): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    // Clients that cut a connection are what the tests are about.
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
  });
  const port = await bind(server, host);
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return port;
}

async function bind(server: Server, host: string): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, host, () => resolve());
  });
  return (server.address() as AddressInfo).port;
}
