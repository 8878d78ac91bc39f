// As much of PostgreSQL's protocol as it takes to tell its messages apart.
// https://www.postgresql.org/docs/current/protocol-message-formats.html

/** Cuts a stream into messages; the client's first one has no type. */
export class Messages {
  #isStarted: boolean;
  #rest: Buffer = Buffer.alloc(0);

  constructor(isClient: boolean) {
    this.#isStarted = !isClient;
  }

  take(chunk: Buffer): Buffer[] {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    const messages: Buffer[] = [];
    for (;;) {
      const typed = this.#isStarted ? 1 : 0;
      if (this.#rest.length < typed + 4) return messages;
      const length = typed + this.#rest.readUInt32BE(typed);
      if (this.#rest.length < length) return messages;
      messages.push(this.#rest.subarray(0, length));
      this.#rest = this.#rest.subarray(length);
      this.#isStarted = true;
    }
  }
}

/** The zero-terminated text that begins there. */
export function cString(bytes: Buffer, from: number): string {
  return bytes.toString('utf8', from, bytes.indexOf(0, from));
}

export function message(type: string, body: string): Buffer {
  const head = Buffer.alloc(5);
  head.write(type);
  head.writeUInt32BE(Buffer.byteLength(body) + 4, 1);
  return Buffer.concat([head, Buffer.from(body)]);
}
