// A spinner for work that lasts; the caller sees to it that there is a terminal.

/** Shorter work shows nothing. */
const patience = 200;

export class Spinner {
  readonly #text: string;
  readonly #color: boolean;

  constructor(text: string, color: boolean) {
    this.#text = text;
    this.#color = color;
  }

  async during<T>(work: Promise<T>): Promise<T> {
    let stop = () => {};
    let isDone = false;
    const timer = setTimeout(async () => {
      const { default: ora } = await import('ora');
      if (isDone) return;
      const spinner = ora({
        text: this.#text,
        color: this.#color ? 'cyan' : false,
        stream: process.stderr,
        discardStdin: false,
      });
      spinner.start();
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
