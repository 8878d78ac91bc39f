// The connections of a listener: which of them still owe an answer, and how they end.
import type { Server, ServerResponse } from 'node:http';
import type { Server as TlsServer } from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

export class Connections {
  readonly #server: Server | TlsServer;
  /** With the answers that were begun; those that are sent are taken out when the next one begins. */
  readonly #open = new Map<Duplex, ServerResponse[]>();
  /** They get no further answer: behind what they sent last nothing can be read. */
  readonly #doomed = new WeakSet<Duplex>();
  #isStopping = false;

  constructor(server: Server | TlsServer, isTls: boolean) {
    this.#server = server;
    server.on(isTls ? 'secureConnection' : 'connection', (socket: Socket) => {
      this.#open.set(socket, []);
      socket.once('close', () => this.#open.delete(socket));
    });
    // Node's own calls a connection idle whose answer is not sent yet, and cuts it off; `close` calls this too.
    server.closeIdleConnections = () => this.#closeIdle();
  }

  begin(response: ServerResponse): void {
    const begun = this.#open.get(response.req.socket);
    if (begun === undefined) return;
    const last = begun.at(-1);
    // They are sent in their order.
    if (last !== undefined && isSent(last)) begun.length = 0;
    begun.push(response);
  }

  /** What is not answered yet. */
  owed(socket: Duplex): readonly ServerResponse[] {
    return (this.#open.get(socket) ?? []).filter((response) => !isSent(response));
  }

  /** Whether the next answer on it is to be the last. */
  isLast(socket: Duplex): boolean {
    return this.#isStopping || this.#doomed.has(socket);
  }

  /** The answers that it is owed are its last. Returns false if it was doomed before. */
  doom(socket: Duplex): boolean {
    if (this.#doomed.has(socket)) return false;
    this.#doomed.add(socket);
    this.#endAfter(this.owed(socket).at(-1));
    return true;
  }

  /** Resolves when all are closed: those that are owed an answer when it is sent, and by force after so many milliseconds. */
  stop(longest: number): Promise<void> {
    this.#isStopping = true;
    for (const socket of this.#open.keys()) this.#endAfter(this.owed(socket).at(-1));
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#server.closeAllConnections(), longest);
      this.#server.close(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  /** Its head may have promised that the connection stays. */
  #endAfter(response: ServerResponse | undefined): void {
    if (response === undefined) return;
    const { socket } = response.req;
    response.once('close', () => {
      if (this.owed(socket).length === 0) socket.destroySoon();
    });
  }

  #closeIdle(): void {
    for (const socket of this.#open.keys()) if (this.owed(socket).length === 0) socket.destroy();
  }
}

/** Its last byte is handed over, and what Node does after that is done: it has let go of the connection. */
function isSent({ writableFinished, socket, destroyed }: ServerResponse): boolean {
  return destroyed || (writableFinished && socket === null);
}
