// Whether a directory without a master document may take a keystore: empty, or left by a restore of the same backup.
import { JwksError } from '../errors.ts';
import type { Backup } from '../keystore/backup.ts';
import { toStorageError } from '../keystore/file-faults.ts';
import type { FileStorage } from '../keystore/file-storage.ts';
import type { Access } from './open.ts';

/** Exit 5 where anything is in it that the backup would not put there. */
export async function emptyTarget(
  { fs, directory }: Access,
  storage: FileStorage,
  backup: Backup,
): Promise<void> {
  const foreign = attemptAt(directory, 'be read', () => fs.readdir(directory)).filter(
    (entry) => entry !== 'master' && entry !== 'sets',
  );
  if (foreign.length > 0) throw notEmpty(directory);
  for (const name of await storage.list()) {
    const there = await storage.read(name);
    if (there === undefined || there.bytes.length === 0) continue;
    const own = backup.sets.get(name);
    const isOurs = own?.revision === there.revision && Buffer.from(own.bytes).equals(there.bytes);
    if (!isOurs) throw notEmpty(directory);
  }
}

function notEmpty(directory: string): JwksError {
  return new JwksError('conflict', `${directory} is not empty, and no keystore`, {
    hint: 'a keystore needs a directory of its own',
  });
}

/** What the file system says becomes an error of ours. */
export function attemptAt<T>(directory: string, what: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw toStorageError(error, directory, what);
  }
}
