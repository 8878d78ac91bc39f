// Refusals of foreign keys: where and what, never what they hold; all those of one import are told together.
import { JwksError } from '../../errors.ts';

/** So many are told; further keys are then not looked at. */
export const mostFaults = 20;

export function refusal(where: string, what: string, hint?: string): JwksError {
  return new JwksError('bad-key', `${where}: ${what}`, { hint });
}

/** Gathers refusals (code `bad-key`) while work goes on; whatever else is thrown is not held back. */
export class Faults {
  readonly #refused: JwksError[] = [];

  add(where: string, what: string): void {
    this.#refused.push(refusal(where, what));
  }

  /** Keeps a refusal, and throws anything else. */
  hold(error: unknown): undefined {
    if (!(error instanceof JwksError) || error.code !== 'bad-key') throw error;
    const { cause } = error;
    const several = cause instanceof AggregateError ? cause.errors.filter(isOurs) : [];
    this.#refused.push(...(several.length > 0 ? several : [error]));
  }

  async attempt<T>(work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      return this.hold(error);
    }
  }

  get isFull(): boolean {
    return this.#refused.length >= mostFaults;
  }

  /** One error for all that were refused, with each of them in its `cause`. */
  throwIfAny(): void {
    const [first, ...others] = this.#refused;
    if (first === undefined) return;
    if (others.length === 0) throw first;
    const told = this.#refused.slice(0, mostFaults).map(({ message }) => message);
    throw new JwksError('bad-key', [...told, ...(this.isFull ? ['and perhaps more'] : [])].join('; '), {
      hint: this.#refused.find(({ hint }) => hint !== undefined)?.hint,
      cause: new AggregateError(this.#refused, 'several keys are refused'),
    });
  }
}

function isOurs(error: unknown): error is JwksError {
  return error instanceof JwksError;
}

/** Does the same with each item, in order, and throws at the end what was refused. */
export async function collect<T, U>(
  items: readonly T[],
  work: (item: T, index: number) => U | Promise<U>,
): Promise<U[]> {
  const faults = new Faults();
  const results: U[] = [];
  for (const [index, item] of items.entries()) {
    if (faults.isFull) break;
    await faults.attempt(async () => {
      results.push(await work(item, index));
    });
  }
  faults.throwIfAny();
  return results;
}
