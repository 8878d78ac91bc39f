// How work ended that a test has made to fail, or has stopped.
import { JwksError } from '../../src/errors.ts';
import { Death } from './faulty-file-system.ts';

/** The JwksError that it ends with; anything else, also no error, fails the test. */
export async function errorOf(work: Promise<unknown>): Promise<JwksError> {
  try {
    await work;
  } catch (error) {
    if (error instanceof JwksError) return error;
    throw error;
  }
  throw new Error('it did not fail');
}

/** What it gives, `died`, or the code of its error. Nothing that is not ours gets through, nor a fault of ours. */
export async function endingOf(work: Promise<string>): Promise<string> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof Death) return 'died';
    if (error instanceof JwksError && error.code !== 'internal') return error.code;
    throw error;
  }
}
