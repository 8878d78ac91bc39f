// The connections of a listener: which of them still owe an answer, and how they end.
import type { Server, ServerResponse } from 'node:http';
import type { Server as TlsServer } from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

export class Connections {
  readonly #server: Server | TlsServer;
  /** With the answers that are not sent yet. */
  readonly #open = new Map<Duplex, Set<ServerResponse>>();
  /** They get no further answer: behind what they sent last nothing can be read. */
  readonly #doomed = new WeakSet<Duplex>();
  #isStopping = false;

  constructor(server: Server | TlsServer, isTls: boolean) {
    this.#server = server;
    server.on(isTls ? 'secureConnection' : 'connection', (socket: Socket) => {
      this.#open.set(socket, new Set());
      socket.once('close', () => this.#open.delete(socket));
    });
    // Node's own calls a connection idle whose answer is not sent yet, and cuts it off; `close` calls this too.
    server.closeIdleConnections = () => this.#closeIdle();
  }

  /** Until the answer is sent, or nobody is there to take it. */
  begin(response: ServerResponse): void {
    const { socket } = response.req;
    const owed = this.#open.get(socket);
    owed?.add(response);
    response.once('close', () => {
      owed?.delete(response);
      if (owed?.size === 0 && this.isLast(socket)) socket.destroySoon();
    });
  }

  /** What is not answered yet. */
  owed(socket: Duplex): readonly ServerResponse[] {
    return [...(this.#open.get(socket) ?? [])];
  }

  /** Whether the next answer on it is to be the last. */
  isLast(socket: Duplex): boolean {
    return this.#isStopping || this.#doomed.has(socket);
  }

  /** The answers that it is owed are its last. Returns false if it was doomed before. */
  doom(socket: Duplex): boolean {
    if (this.#doomed.has(socket)) return false;
    this.#doomed.add(socket);
    return true;
  }

  /** Resolves when all are closed: those that are owed an answer when it is sent, and by force after so many milliseconds. */
  stop(longest: number): Promise<void> {
    this.#isStopping = true;
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#server.closeAllConnections(), longest);
      this.#server.close(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  #closeIdle(): void {
    for (const [socket, owed] of this.#open) if (owed.size === 0) socket.destroy();
  }
}
