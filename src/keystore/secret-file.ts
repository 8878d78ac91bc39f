// The file with the secret in it, exchanged so that at every moment one of two files holds a secret that opens.
import { dirname } from 'node:path';
import { describeSystemError, JwksError } from '../errors.ts';
import type { FileSystem } from './file-system.ts';
import { discard, syncDirectory, writeTemporary } from './new-file.ts';

/** Where the secret from before is kept until the new one has taken its place in the keystore. */
export const formerFile = (path: string): string => `${path}.old`;

/** Puts a secret in a new file, or in place of the one in a file, which is kept beside it. They are on the disk then. */
export function exchangeSecretFile(fs: FileSystem, path: string, text: string): void {
  try {
    const directory = dirname(path);
    const temporary = writeTemporary(fs, directory, Buffer.from(`${text}\n`), { mode: 0o600 });
    try {
      if (fs.lstat(path) === undefined) {
        // Never over one that somebody else has made meanwhile.
        fs.link(temporary, path);
        discard(fs, temporary);
      } else {
        // Left by one that was interrupted before it came further: what it kept is still in the file itself.
        if (fs.lstat(formerFile(path)) !== undefined) fs.unlink(formerFile(path));
        fs.link(path, formerFile(path));
        syncDirectory(fs, directory);
        fs.rename(temporary, path);
      }
    } catch (error) {
      discard(fs, temporary);
      throw error;
    }
    syncDirectory(fs, directory);
  } catch (error) {
    throw new JwksError(
      'failed',
      `the secret file ${path} cannot be written: ${describeSystemError(error)}`,
      {
        cause: error,
        hint: 'the secret from before opens the keystore as ever',
      },
    );
  }
}

/** What it held opens nothing any more. */
export function dropFormerFile(fs: FileSystem, path: string): void {
  if (fs.lstat(formerFile(path)) === undefined) return;
  fs.unlink(formerFile(path));
  syncDirectory(fs, dirname(path));
}
