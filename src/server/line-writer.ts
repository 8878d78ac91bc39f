// Lines on their way to a reader who may be slow or gone: gathered, bounded, one write at a time.

const chunk = 16 * 1024;
const mostWaiting = 1024 * 1024;
/** In milliseconds. */
const delay = 100;

export class LineWriter {
  readonly #writeOut: (text: string) => Promise<void>;
  readonly #describeDropped: (lines: number) => string;
  #gathered = '';
  #beingWritten = 0;
  #dropped = 0;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();

  /** `describeDropped`: the line that tells of those for which there was no room. */
  constructor(write: (text: string) => Promise<void>, describeDropped: (lines: number) => string) {
    this.#writeOut = write;
    this.#describeDropped = describeDropped;
  }

  /** Takes a line, its end included, or drops it where more than 1 MiB waits. */
  add(line: string): void {
    if (this.#gathered.length + this.#beingWritten + line.length > mostWaiting) {
      this.#dropped += 1;
      return;
    }
    this.#gathered += line;
    if (this.#gathered.length >= chunk) this.#handOver();
    else if (this.#timer === undefined) {
      this.#timer = setTimeout(() => this.#handOver(), delay);
      this.#timer.unref();
    }
  }

  /** Resolves when all lines have been handed over. */
  async flush(): Promise<void> {
    while (this.#gathered !== '' || this.#dropped > 0 || this.#beingWritten > 0) {
      this.#handOver();
      await this.#writing;
    }
  }

  #handOver(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    // One write at a time: what comes meanwhile is gathered, and follows when it ends.
    if (this.#beingWritten > 0) return;
    const text = this.#gathered + this.#takeDropped();
    if (text === '') return;
    this.#gathered = '';
    this.#beingWritten = text.length;
    this.#writing = this.#write(text);
  }

  async #write(text: string): Promise<void> {
    try {
      await this.#writeOut(text);
    } catch {
      // A log that nobody reads any more must not end the server.
    }
    this.#beingWritten = 0;
    // The timer may have run out meanwhile, to no effect.
    if (this.#gathered.length >= chunk || this.#timer === undefined) this.#handOver();
  }

  #takeDropped(): string {
    if (this.#dropped === 0) return '';
    const lines = this.#dropped;
    this.#dropped = 0;
    return this.#describeDropped(lines);
  }
}
