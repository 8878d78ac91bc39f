// What goes wrong with a keystore's directory, in our words.
import { describeSystemError, JwksError, systemCode } from '../errors.ts';

/** `what` the directory cannot: `be read`. An error of ours stays as it is. */
export function toStorageError(error: unknown, directory: string, what: string): JwksError {
  if (error instanceof JwksError) return error;
  const message = `the keystore ${directory} cannot ${what}: ${describeSystemError(error)}`;
  return new JwksError('failed', message, { cause: error, hint: hintFor(systemCode(error)) });
}

export function noLinks(directory: string, cause: unknown): JwksError {
  return new JwksError('unsupported', `the file system of ${directory} has no hard links`, {
    cause,
    hint: 'a keystore needs link(2), which makes each change one atomic step: put it on another file system',
  });
}

function hintFor(code: string | undefined): string | undefined {
  if (code === 'ENOSPC' || code === 'EDQUOT') return 'make room and run it again';
  if (code === 'EACCES' || code === 'EPERM') return 'it belongs to another user, or its modes are too strict';
  return undefined;
}

/** What an action returns, or something else where there is nothing at its path. */
export function unlessMissing<T>(action: () => T, otherwise: T): T {
  try {
    return action();
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return otherwise;
    throw error;
  }
}
