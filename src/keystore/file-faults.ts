// What goes wrong with a keystore's directory, in our words.
import { basename } from 'node:path';
import { describeSystemError, JwksError, systemCode } from '../errors.ts';
import { isTemporary } from './new-file.ts';
import { type DocumentName, setNameOf } from './set-id.ts';

/** `what` the directory cannot: `be read`. An error of ours stays as it is. */
export function toStorageError(error: unknown, directory: string, what: string): JwksError {
  if (error instanceof JwksError) return error;
  const path = error instanceof Error && 'path' in error ? error.path : undefined;
  // A temporary file has a name of its own each time.
  const isTelling = typeof path === 'string' && path !== directory && !isTemporary(basename(path));
  const where = isTelling ? ` (${path})` : '';
  const message = `the keystore ${directory} cannot ${what}: ${describeSystemError(error)}${where}`;
  return new JwksError('failed', message, { cause: error, hint: hintFor(systemCode(error)) });
}

/**
 * Answers to link(2) that are given before anything is done. EEXIST is none of them: it is also the answer to a
 * request that NFS sends again because the reply to the first was lost.
 */
const provesNoLink =
  /^(?:EACCES|EDQUOT|ELOOP|EMLINK|ENAMETOOLONG|ENOENT|ENOSPC|ENOSYS|ENOTDIR|E(?:OP)?NOTSUPP?|EPERM|EROFS|EXDEV)$/;

/** Whether a link may exist although link(2) failed. What is no answer of the system tells nothing of a link. */
export function mayHaveLinked(error: unknown): boolean {
  const code = systemCode(error);
  return code !== undefined && !provesNoLink.test(code);
}

/** The step was taken or was not, and nobody can be asked which. */
export function inDoubt(
  directory: string,
  name: DocumentName,
  cause: unknown,
  why = describeSystemError(cause),
): JwksError {
  const what = name === 'master' ? 'the master document' : `set "${setNameOf(name)}"`;
  const where = `the change of ${what} was written to ${directory}`;
  const message = `it is not known whether ${where}: ${why}`;
  const look = name === 'master' ? 'jwks secret list' : 'jwks list';
  return new JwksError('unconfirmed', message, {
    cause,
    hint: `look at it with ${look} before anything is done again`,
  });
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
