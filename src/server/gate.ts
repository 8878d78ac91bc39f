// At most so many at a time, and so many who wait: opening a keystore takes memory and a core.
export class Gate {
  readonly #most: number;
  readonly #mostWaiting: number;
  readonly #waiting: ((isIn: boolean) => void)[] = [];
  #running = 0;
  #isClosed = false;

  constructor(most: number, mostWaiting: number) {
    this.#most = most;
    this.#mostWaiting = mostWaiting;
  }

  /** So many wait that nobody else should. */
  get isFull(): boolean {
    return this.#running >= this.#most && this.#waiting.length >= this.#mostWaiting;
  }

  /** Whoever waits goes away, and nobody else comes in. */
  close(): void {
    this.#isClosed = true;
    for (const leave of this.#waiting.splice(0)) leave(false);
  }

  /** In the order of arrival. Undefined: the gate was closed before. */
  async run<T>(work: () => Promise<T>): Promise<T | undefined> {
    if (!(await this.#enter())) return undefined;
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      // The place is handed on, not freed: nobody can come in between.
      if (next === undefined) this.#running -= 1;
      else next(true);
    }
  }

  async #enter(): Promise<boolean> {
    if (this.#isClosed) return false;
    if (this.#running < this.#most) {
      this.#running += 1;
      return true;
    }
    return new Promise<boolean>((resolve) => this.#waiting.push(resolve));
  }
}
