// One place to listen at: TCP, TLS or a Unix socket, with time limits, an access line each and a calm end.
import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
  STATUS_CODES,
} from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { JwksError, systemCode } from '../errors.ts';
import { type Answer, errorAnswer, type Site } from './answer.ts';
import { bind, type ListenPlace } from './bind.ts';
import { Connections } from './connections.ts';
import type { Log } from './log.ts';
import type { TlsFiles } from './tls-files.ts';

export interface ListenOptions {
  readonly name: string;
  readonly place: ListenPlace;
  readonly tls?: TlsFiles | undefined;
  readonly site: Site;
  readonly log: Log;
  /** In milliseconds, for what is under way at the end; 10 000 if absent. */
  readonly longestStop?: number | undefined;
  readonly onAnswer?: ((status: number) => void) | undefined;
}

export interface Listener {
  /** `http(s)://host:port`, or `unix:path`. */
  readonly url: string;
  /** 0 at a Unix socket. */
  readonly port: number;
  /** After `tls.reload()` gave true. */
  renewTls(): void;
  /** No new connections; requests under way end, within `longestStop`. Resolves when all is closed. */
  stop(): Promise<void>;
}

const limits = {
  headersTimeout: 10_000,
  requestTimeout: 10_000,
  connectionsCheckingInterval: 2_000,
  keepAliveTimeout: 75_000,
  // Looked at here, where it is logged.
  requireHostHeader: false,
};
const longestStop = 10_000;
const closing = ['connection', 'close'];

/** Resolves when it listens. Throws `failed` where the place cannot be had. What a site throws is answered with 500. */
export async function listen(options: ListenOptions): Promise<Listener> {
  const { tls, place } = options;
  const secure = tls === undefined ? undefined : createTlsServer({ ...limits, ...tls.context });
  const server: Server | TlsServer = secure ?? createServer(limits);
  const connections = new Connections(server, tls !== undefined);
  const context = { ...options, connections };
  const answer = (request: IncomingMessage, response: ServerResponse) => serve(context, request, response);
  server.on('request', answer);
  server.on('checkExpectation', answer);
  server.on('connect', (request, socket) => refuseTunnel(context, request, socket));
  server.on('clientError', (error, socket) => refuse(context, error, socket));
  await bind(server, place);
  // Such as EMFILE on accept: it passes, and the listener must outlive it.
  server.on('error', (error) => {
    options.log.say('error', 'a connection was not accepted', {
      listener: options.name,
      reason: systemCode(error) ?? error.name,
    });
  });

  const port = 'socket' in place ? 0 : portOf(server);
  let stopped: Promise<void> | undefined;
  return {
    url:
      'socket' in place
        ? `unix:${place.socket}`
        : toUrl(tls === undefined ? 'http' : 'https', place.host, port),
    port,
    renewTls: () => {
      if (tls !== undefined) secure?.setSecureContext(tls.context);
    },
    stop: () => {
      stopped ??= connections.stop(options.longestStop ?? longestStop);
      return stopped;
    },
  };
}

interface Context extends ListenOptions {
  readonly connections: Connections;
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Of `performance.now()`. */
  readonly started: number;
}

function serve(context: Context, request: IncomingMessage, response: ServerResponse): void {
  const exchange = { request, response, started: performance.now() };
  context.connections.begin(response);
  // A promise costs a turn of the loop: most answers are ready, and take none.
  try {
    const found = refuseForm(request) ?? context.site(request);
    if (!(found instanceof Promise)) {
      handOver(context, exchange, found);
      return;
    }
    found
      .then((answer) => handOver(context, exchange, answer))
      .catch((error: unknown) => fail(context, exchange, error));
  } catch (error) {
    fail(context, exchange, error);
  }
}

/** What Node would answer by itself, unseen by the log, or not at all. */
function refuseForm({ headers, httpVersionMajor, httpVersionMinor }: IncomingMessage): Answer | undefined {
  if (httpVersionMajor !== 1) return errorAnswer(505, 'only HTTP/1.1 and HTTP/1.0');
  // RFC 9112 section 3.2. Behind two thousand others it is not found either.
  if (headers.host === undefined && httpVersionMinor > 0) return errorAnswer(400, 'there is no Host');
  const { expect } = headers;
  if (expect !== undefined && expect.toLowerCase() !== '100-continue')
    return errorAnswer(417, 'nothing can be expected but 100-continue');
  return undefined;
}

function handOver(context: Context, { request, response, started }: Exchange, answer: Answer): void {
  const { status, headers, body } = answer;
  const isBodiless = request.method === 'HEAD' || status === 204 || status === 304;
  // A body that nobody read would be taken for the next request, or keep the connection waiting.
  const isLast = context.connections.isLast(request.socket) || (!request.complete && hasBody(request));
  response.writeHead(status, isLast ? [...headers, ...closing] : (headers as string[]));
  if (isBodiless) response.end();
  else response.end(body);
  context.onAnswer?.(status);
  context.log.access({
    listener: context.name,
    peer: request.socket.remoteAddress ?? 'socket',
    method: request.method ?? '',
    path: request.url ?? '',
    status,
    bytes: isBodiless ? 0 : body.length,
    ms: performance.now() - started,
    note: answer.note,
  });
}

function hasBody({ headers }: IncomingMessage): boolean {
  const length = headers['content-length'];
  return headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0');
}

function fail(context: Context, exchange: Exchange, error: unknown): void {
  // Neither stack nor, of a foreign error, its text: it may quote what was being read.
  context.log.say('error', 'a request failed', { listener: context.name, reason: reasonOf(error) });
  if (exchange.response.headersSent) exchange.response.destroy();
  else handOver(context, exchange, errorAnswer(500, 'this failed here'));
}

function reasonOf(error: unknown): string {
  if (error instanceof JwksError) return error.message;
  return systemCode(error) ?? (error instanceof Error ? error.name : 'unexpected error');
}

/** By Node's code; any other is 400. */
const refusals: Readonly<Record<string, number>> = {
  ERR_HTTP_REQUEST_TIMEOUT: 408,
  HPE_HEADER_OVERFLOW: 431,
};

/** What Node could not read as a request: there is nothing that a site could look at. */
function refuse(context: Context, error: Error, socket: Duplex): void {
  const { connections } = context;
  const code = systemCode(error);
  // The second time that it fails, it is the time limit: what it still owes is not to be had.
  if (!socket.writable || code === 'ECONNRESET' || !connections.doom(socket)) {
    socket.destroy();
    return;
  }
  const [first, ...more] = connections.owed(socket);
  // Most likely the rest of a body that nobody wanted.
  if (first?.headersSent === true) return;
  const status = refusals[code ?? ''] ?? 400;
  noteRefusal(context, socket, '', status);
  // Others are still worked on, and this would be taken for their answer.
  const isOwn = first?.req.complete !== true && more.length === 0;
  if (isOwn) endWith(socket, errorAnswer(status, 'this is no request, or it took too long', closing));
}

/** Nothing is reached through us (RFC 9110 section 9.3.6). */
function refuseTunnel(context: Context, { method = '' }: IncomingMessage, socket: Duplex): void {
  noteRefusal(context, socket, method, 405);
  const headers = ['allow', 'GET, HEAD', ...closing];
  endWith(socket, errorAnswer(405, 'nothing is reached through here', headers));
}

/** By hand, where Node has no response to write it with. */
function endWith(socket: Duplex, { status, headers, body }: Answer): void {
  const fields = headers.flatMap((name, at) => (at % 2 === 0 ? [`${name}: ${headers[at + 1]}\r\n`] : []));
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${fields.join('')}\r\n${body}`);
  // `end` alone waits for the peer to close too.
  socket.once('finish', () => socket.destroy());
}

function noteRefusal(context: Context, socket: Duplex, method: string, status: number): void {
  context.onAnswer?.(status);
  const peer = (socket as Socket).remoteAddress ?? 'socket';
  context.log.access({ listener: context.name, peer, method, path: '', status, bytes: 0, ms: 0 });
}

function portOf(server: Server | TlsServer): number {
  const address = server.address() as AddressInfo | string | null;
  return address !== null && typeof address === 'object' ? address.port : 0;
}

function toUrl(scheme: string, host: string, port: number): string {
  return `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
