// For commands whose exit status is an answer: what keeps them from finding out is not that the answer is no.
import { JwksError } from '../errors.ts';

/** A fault of the network, the disk or this Node is exit 7 and not 1. */
export async function findingOut<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof JwksError) || (error.code !== 'failed' && error.code !== 'unsupported'))
      throw error;
    throw new JwksError('unreachable', error.message, { hint: error.hint, cause: error.cause });
  }
}
