// At most so many at a time, and so many who wait: opening a keystore takes memory and a core.
import { JwksError } from '../errors.ts';

export class Gate {
  readonly #most: number;
  readonly #mostWaiting: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(most: number, mostWaiting: number) {
    this.#most = most;
    this.#mostWaiting = mostWaiting;
  }

  /** In the order of arrival. Throws `failed` if too many wait already. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    await this.#enter();
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      // The place is handed on, not freed: nobody can come in between.
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }

  async #enter(): Promise<void> {
    if (this.#running < this.#most) {
      this.#running += 1;
      return;
    }
    if (this.#waiting.length >= this.#mostWaiting) {
      throw new JwksError('failed', 'too many requests wait already', { hint: 'try again later' });
    }
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }
}
