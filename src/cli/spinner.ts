// A spinner for work that lasts; the caller sees to it that there is a terminal.

/** Shorter work shows nothing. */
const patience = 200;

export class Spinner {
  readonly #text: string;
  #count = '';
  #show: ((text: string) => void) | undefined;
  readonly #color: boolean;

  constructor(text: string, color: boolean) {
    this.#text = text;
    this.#color = color;
  }

  /** Says how far the work is, where that is known. */
  readonly count = (done: number, of: number): void => {
    this.#count = `: ${done} of ${of}`;
    this.#show?.(this.#line);
  };

  get #line(): string {
    return this.#text + this.#count;
  }

  async during<T>(work: Promise<T>): Promise<T> {
    let stop = () => {};
    let isDone = false;
    const timer = setTimeout(async () => {
      const { default: ora } = await import('ora');
      if (isDone) return;
      const spinner = ora({
        text: this.#line,
        color: this.#color ? 'cyan' : false,
        stream: process.stderr,
        discardStdin: false,
      });
      spinner.start();
      this.#show = (text) => {
        spinner.text = text;
      };
      stop = () => void spinner.stop();
    }, patience);
    try {
      return await work;
    } finally {
      isDone = true;
      clearTimeout(timer);
      stop();
    }
  }
}
