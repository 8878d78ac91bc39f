// A proxy in front of a PostgreSQL that counts a client's statements and lets one of them go wrong.
//
// Query and Sync end a statement, and ReadyForQuery ends its answer:
// https://www.postgresql.org/docs/current/protocol-flow.html
import { connect, createServer, type Server, type Socket } from 'node:net';
import { cString, Messages, message } from './postgres-messages.ts';

export interface Statement {
  /** Counted from 1 over all connections. */
  readonly index: number;
  readonly text: string;
}

export interface Fault {
  /**
   * Whether the server gets it: `never` · `before` the client hears of the fault, and has carried it out by then ·
   * `meanwhile`: sent on while the client is cut off · `after-next`: when the next statement was answered ·
   * `at-end`: when the test asks for it with `settle`.
   */
  readonly delivered: 'never' | 'before' | 'meanwhile' | 'after-next' | 'at-end';
  /** A SQLSTATE, which the client is told in place of the answer. Absent: its connection is cut. */
  readonly answer?: string;
  /** From here on the server is gone. */
  readonly isGone?: boolean;
  /** What happens elsewhere before the client hears of the fault. */
  readonly meanwhile?: () => Promise<unknown>;
}

/** What goes wrong with a statement, if anything. */
export type Interfere = (statement: Statement) => Fault | undefined;

type OnStatement = (bytes: Buffer, text: string) => Promise<void>;

const [query, sync, parse, ready] = [...'QSPZ'].map((letter) => letter.charCodeAt(0));

export class PostgresProxy {
  /** Since `expect`. */
  statements: string[] = [];
  readonly #target: URL;
  readonly #server: Server;
  readonly #links = new Set<Link>();
  readonly #held: { readonly index: number; readonly deliver: () => Promise<void> }[] = [];
  #interfere: Interfere = () => undefined;
  #isGone = false;

  static async before(url: string): Promise<PostgresProxy> {
    const proxy = new PostgresProxy(url);
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  private constructor(url: string) {
    this.#target = new URL(url);
    this.#server = createServer((client) => this.#accept(client));
  }

  /** That are open now. */
  get connections(): number {
    return this.#links.size;
  }

  /** That of a keystore behind it. */
  url(to: string): string {
    const url = new URL(to);
    const address = this.#server.address();
    url.port = String(typeof address === 'object' ? address?.port : undefined);
    return url.href;
  }

  /** Counts from 1 again. */
  expect(interfere: Interfere = () => undefined, { isGone = false } = {}): void {
    this.statements = [];
    this.#interfere = interfere;
    this.#isGone = isGone;
  }

  /** Delivers what is held, waits until the server is done with everything, and ends all connections. */
  async settle(): Promise<void> {
    await this.#deliver(Number.POSITIVE_INFINITY);
    await Promise.all([...this.#links].map((link) => link.end()));
    this.expect();
  }

  async close(): Promise<void> {
    await this.settle();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #accept(client: Socket): void {
    if (this.#isGone) {
      client.on('error', () => {}).resetAndDestroy();
      return;
    }
    const server = connect(Number(this.#target.port), this.#target.hostname);
    const link = new Link(client, server, (bytes, text) => this.#take(link, bytes, text));
    this.#links.add(link);
    server.once('close', () => this.#links.delete(link));
  }

  async #take(link: Link, bytes: Buffer, text: string): Promise<void> {
    const index = this.statements.push(text);
    const fault = this.#interfere({ index, text });
    if (fault === undefined) {
      await link.send(bytes, () => this.#deliver(index));
      return;
    }
    const { delivered, answer, isGone = false, meanwhile } = fault;
    const isHeld = delivered === 'after-next' || delivered === 'at-end';
    link.isMute = true;
    if (delivered === 'before') await link.send(bytes);
    if (isHeld)
      this.#held.push({
        index: delivered === 'at-end' ? Number.MAX_VALUE : index,
        deliver: () => link.send(bytes),
      });
    await meanwhile?.();
    const sent = delivered === 'meanwhile' ? link.send(bytes) : undefined;
    this.#isGone ||= isGone;
    if (isGone) for (const other of this.#links) other.cut(false);
    if (answer === undefined) link.cut(index % 2 === 0);
    else link.answer(answer);
    await sent;
    if (answer === undefined && !isHeld) await link.end();
  }

  /** What was held before that statement, one after the other. */
  async #deliver(before: number): Promise<void> {
    for (const held of [...this.#held]) {
      if (held.index >= before) continue;
      this.#held.splice(this.#held.indexOf(held), 1);
      await held.deliver();
    }
  }
}

/** One connection of a client, and its own to the server. */
class Link {
  /** The client gets nothing of what the server says. */
  isMute = false;
  readonly #client: Socket;
  readonly #server: Socket;
  readonly #onStatement: OnStatement;
  #running: Promise<void> | undefined;
  #answered: (() => void) | undefined;
  #beforeAnswer: (() => Promise<void>) | undefined;
  #isOver = false;

  constructor(client: Socket, server: Socket, onStatement: OnStatement) {
    this.#client = client.setNoDelay(true);
    this.#server = server.setNoDelay(true);
    this.#onStatement = onStatement;
    this.#listen();
  }

  /** Returns when the server is done with it, or gone. `beforeAnswer`: before the client is told. */
  async send(bytes: Buffer, beforeAnswer?: () => Promise<void>): Promise<void> {
    if (this.#server.destroyed) return;
    this.#beforeAnswer = beforeAnswer;
    this.#running = new Promise((resolve) => {
      this.#answered = resolve;
    });
    this.#server.write(bytes);
    await this.#running;
    this.#running = undefined;
    if (this.#isOver) this.#server.destroy();
  }

  cut(isReset: boolean): void {
    this.isMute = true;
    if (isReset) this.#client.resetAndDestroy();
    else this.#client.destroy();
  }

  /** A FATAL one ends the connection, as the server would. */
  answer(state: string): void {
    const isFatal = state.startsWith('57P');
    const severity = isFatal ? 'FATAL' : 'ERROR';
    const fields = [`S${severity}`, `V${severity}`, `C${state}`, 'Mmade up by a test'];
    const error = message('E', `${fields.join('\0')}\0\0`);
    if (isFatal) this.#client.end(error);
    else this.#client.write(Buffer.concat([error, message('Z', 'I')]));
    this.isMute = isFatal;
  }

  async end(): Promise<void> {
    this.cut(false);
    await this.#running;
    this.#server.destroy();
  }

  #listen(): void {
    let statement: Buffer[] = [];
    let text = '';
    const fromClient = new Messages(true);
    const fromServer = new Messages(false);
    this.#client.on('data', (chunk: Buffer) => {
      for (const bytes of fromClient.take(chunk)) {
        const [type] = bytes;
        if (type === query) text = cString(bytes, 5);
        if (type === parse) text = cString(bytes, bytes.indexOf(0, 5) + 1);
        statement.push(bytes);
        // Passwords and the like, and what comes before a Sync, which is waited for.
        const isPart = text !== '' && type !== query && type !== sync;
        if (isPart) continue;
        const whole = Buffer.concat(statement);
        if (text === '') this.#server.write(whole);
        else void this.#onStatement(whole, text);
        [statement, text] = [[], ''];
      }
    });
    this.#server.on('data', (chunk: Buffer) => {
      for (const bytes of fromServer.take(chunk)) void this.#handOn(bytes);
    });
    // Nobody is left whom the server's answer interests; that it is still at work stays as it is.
    this.#client
      .on('error', () => {})
      .on('close', () => {
        this.#isOver = true;
        if (!this.isMute && this.#running === undefined) this.#server.destroy();
      });
    this.#server
      .on('error', () => {})
      .on('close', () => {
        this.#answered?.();
        this.#client.destroy();
      });
  }

  async #handOn(bytes: Buffer): Promise<void> {
    if (bytes[0] !== ready) {
      if (!this.isMute) this.#client.write(bytes);
      return;
    }
    await this.#beforeAnswer?.();
    if (!this.isMute) this.#client.write(bytes);
    this.#answered?.();
  }
}
