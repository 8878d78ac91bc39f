// One place to listen at: TCP, TLS or a Unix socket, with time limits, an access line each and a calm end.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { JwksError, systemCode } from '../errors.ts';
import { type Answer, errorAnswer, type Site } from './answer.ts';
import { bind, type Place } from './bind.ts';
import type { Log } from './log.ts';
import type { TlsFiles } from './tls-files.ts';

export interface ListenOptions {
  readonly name: string;
  readonly place: Place;
  readonly tls?: TlsFiles | undefined;
  readonly site: Site;
  readonly log: Log;
  readonly onAnswer?: ((status: number) => void) | undefined;
}

export interface Listener {
  /** `http(s)://host:port`, or `unix:path`. */
  readonly url: string;
  /** 0 at a Unix socket. */
  readonly port: number;
  /** After `tls.reload()` gave true. */
  renewTls(): void;
  /** No new connections; requests under way end, within 10 seconds. Resolves when all is closed. */
  stop(): Promise<void>;
}

const limits = {
  headersTimeout: 10_000,
  requestTimeout: 10_000,
  connectionsCheckingInterval: 2_000,
  keepAliveTimeout: 75_000,
};
const longestStop = 10_000;

export async function listen(options: ListenOptions): Promise<Listener> {
  const { tls, place } = options;
  const state = { isStopping: false };
  const answer = (request: IncomingMessage, response: ServerResponse) =>
    serve(options, state, request, response);
  const secure = tls === undefined ? undefined : createTlsServer({ ...limits, ...tls.context }, answer);
  const server: Server | TlsServer = secure ?? createServer(limits, answer);
  server.on('clientError', (error, socket) => refuse(options, error, socket));
  const connections = new Set<Socket>();
  server.on(tls === undefined ? 'connection' : 'secureConnection', (socket: Socket) => {
    connections.add(socket);
    socket.once('close', () => connections.delete(socket));
  });
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
      state.isStopping = true;
      stopped ??= close(server, connections);
      return stopped;
    },
  };
}

interface State {
  isStopping: boolean;
}

function serve(
  options: ListenOptions,
  state: State,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const started = performance.now();
  // A promise costs a turn of the loop: most answers are ready, and take none.
  try {
    const found = options.site(request);
    if (!(found instanceof Promise)) {
      handOver(options, state, request, response, found, started);
      return;
    }
    found
      .then((answer) => handOver(options, state, request, response, answer, started))
      .catch((error: unknown) => fail(options, state, request, response, error, started));
  } catch (error) {
    fail(options, state, request, response, error, started);
  }
}

function handOver(
  options: ListenOptions,
  state: State,
  request: IncomingMessage,
  response: ServerResponse,
  answer: Answer,
  started: number,
): void {
  const { status, headers, body } = answer;
  const isBodiless = request.method === 'HEAD' || status === 204 || status === 304;
  // A body that nobody read would be taken for the next request, or keep the connection waiting.
  const isLast = state.isStopping || (!request.complete && hasBody(request));
  response.writeHead(status, isLast ? [...headers, 'connection', 'close'] : (headers as string[]));
  if (isBodiless) response.end();
  else response.end(body);
  options.onAnswer?.(status);
  options.log.access({
    listener: options.name,
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

function fail(
  options: ListenOptions,
  state: State,
  request: IncomingMessage,
  response: ServerResponse,
  error: unknown,
  started: number,
): void {
  // Neither stack nor, of a foreign error, its text: it may quote what was being read.
  options.log.say('error', 'a request failed', { listener: options.name, reason: reasonOf(error) });
  if (response.headersSent) response.destroy();
  else handOver(options, state, request, response, errorAnswer(500, 'this failed here'), started);
}

function reasonOf(error: unknown): string {
  if (error instanceof JwksError) return error.message;
  return systemCode(error) ?? (error instanceof Error ? error.name : 'unexpected error');
}

const refusals: Readonly<Record<string, string>> = {
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
};

/** What Node could not read as a request: there is nothing that a site could look at. */
function refuse(options: ListenOptions, error: Error, socket: Duplex): void {
  const code = systemCode(error);
  const line = refusals[code ?? ''] ?? '400 Bad Request';
  // An answer may be on its way: a second one would be taken for its body. A peer that is gone gets none.
  const isSilent = !socket.writable || code === 'ECONNRESET' || hasAnswerUnderWay(socket);
  if (isSilent) {
    socket.destroy();
    return;
  }
  socket.end(`HTTP/1.1 ${line}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
  // `end` alone waits for the peer to close too.
  socket.once('finish', () => socket.destroy());
  const status = Number(line.slice(0, 3));
  options.onAnswer?.(status);
  const peer = (socket as Socket).remoteAddress ?? 'socket';
  options.log.access({ listener: options.name, peer, method: '', path: '', status, bytes: 0, ms: 0 });
}

/** Node keeps the response on the socket; it has no public name. */
function hasAnswerUnderWay(socket: Duplex): boolean {
  const response = (socket as Duplex & { _httpMessage?: ServerResponse | null })._httpMessage;
  return response?.headersSent === true;
}

function close(server: Server | TlsServer, connections: ReadonlySet<Socket>): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.closeAllConnections(), longestStop);
    server.close(() => {
      clearTimeout(timer);
      resolve();
    });
    server.closeIdleConnections();
    // Node does not count a connection as idle that has not sent anything yet: browsers open some ahead.
    for (const socket of connections) if (socket.bytesRead === 0) socket.destroy();
  });
}

function portOf(server: Server | TlsServer): number {
  const address = server.address() as AddressInfo | string | null;
  return address !== null && typeof address === 'object' ? address.port : 0;
}

function toUrl(scheme: string, host: string, port: number): string {
  return `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
