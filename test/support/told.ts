// All that an error says, where a test is about its words.
import { type ErrorCode, JwksError } from '../../src/errors.ts';

export interface Told {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string | undefined;
}

/** What it ends with; anything but a JwksError, also no error, fails the test. */
export async function toldBy(work: () => unknown): Promise<Told> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof JwksError)) throw error;
    const { code, message, hint } = error;
    return { code, message, hint };
  }
  throw new Error('it did not fail');
}
