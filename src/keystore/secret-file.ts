// The file with the secret in it, exchanged so that at every moment the one in it opens the keystore.
//
// The new secret waits beside the file, by a name that follows from the kid of its slot: whoever finds that slot in the
// keystore can end the change, and a name is used for one secret only, so that who wakes late cannot bring an old one
// back.
import { dirname, join } from 'node:path';
import { describeSystemError, JwksError, shellWord, systemCode } from '../errors.ts';
import { placeOf } from './file-storage.ts';
import type { FileSystem } from './file-system.ts';
import { discard, syncDirectory, temporaryPrefix, writeTemporary } from './new-file.ts';
import { parseSecret } from './secret.ts';

/** Where the secret from before is kept until the new one has taken its place in the keystore. */
export const formerFile = (path: string): string => `${path}.old`;

const stagedFile = (path: string, kid: string): string =>
  join(dirname(path), `${temporaryPrefix}${kid.slice(0, 12)}`);

/** The file itself, with its links resolved, also where there is none yet. Anything but a regular one is refused. */
export function realSecretFile(fs: FileSystem, path: string): string {
  const real = attempt(path, () => placeOf(fs, path));
  const stats = attempt(path, () => fs.lstat(real));
  if (stats === undefined || stats.isFile()) return real;
  const what = stats.isDirectory() ? 'a directory' : 'no regular file';
  throw new JwksError('usage', `${path} is ${what}, and no secret can be kept in it`);
}

/**
 * Puts a new secret beside the file, and a second name on the one in it. Both are on the disk then, and neither is
 * used. Who has the file, and who may read it, stays.
 */
export function stageSecret(fs: FileSystem, path: string, kid: string, text: string): void {
  refuseFormer(fs, path);
  attempt(path, () => {
    const stats = fs.lstat(path);
    if (stats === undefined) throw Object.assign(new Error('it is gone'), { code: 'ENOENT' });
    const { mode, uid, gid } = stats;
    const ownership = { mode: mode & 0o777, uid, gid };
    const temporary = writeTemporary(fs, dirname(path), Buffer.from(`${text}\n`), ownership);
    try {
      fs.rename(temporary, stagedFile(path, kid));
      addSecondName(fs, path);
      syncDirectory(fs, dirname(path));
    } catch (error) {
      discard(fs, temporary);
      unstageSecret(fs, path, kid);
      throw error;
    }
  });
}

/** Takes back what `stageSecret` did, which nobody relies on. */
export function unstageSecret(fs: FileSystem, path: string, kid: string): void {
  discard(fs, stagedFile(path, kid));
  if (isSecondName(fs, path)) discard(fs, formerFile(path));
}

export function isStaged(fs: FileSystem, path: string, kid: string): boolean {
  return holds(fs, stagedFile(path, kid), kid);
}

/** The secret that waits takes the place of the one in the file. Somebody else may have done it, or be doing it. */
export function exchangeSecret(fs: FileSystem, path: string, kid: string): void {
  attempt(path, () => {
    try {
      fs.rename(stagedFile(path, kid), path);
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') throw error;
    }
    syncDirectory(fs, dirname(path));
  });
}

/** What the second name holds, where it is a file of a secret's size. */
export function readFormer(fs: FileSystem, path: string): string | undefined {
  return readQuietly(fs, formerFile(path));
}

/** Removes the second name where it holds this text. Returns whether it is gone. */
export function dropFormerFile(fs: FileSystem, path: string, text: string): boolean {
  try {
    if (readFormer(fs, path) === text) {
      fs.unlink(formerFile(path));
      syncDirectory(fs, dirname(path));
    }
    return fs.lstat(formerFile(path)) === undefined;
  } catch {
    return false;
  }
}

/** A second name that is no name of this file is somebody's, and may be the only copy of what it holds. */
function refuseFormer(fs: FileSystem, path: string): void {
  const former = formerFile(path);
  if (attempt(former, () => fs.lstat(former)) === undefined || isSecondName(fs, path)) return;
  throw new JwksError('conflict', `${former} is there already, and the secret in use would be kept there`, {
    hint: `it may hold a secret that is needed: look, and move it away (mv ${shellWord(former)} ...); nothing was changed`,
  });
}

/** Another change may have given it just now. */
function addSecondName(fs: FileSystem, path: string): void {
  try {
    fs.link(path, formerFile(path));
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error;
    refuseFormer(fs, path);
  }
}

function isSecondName(fs: FileSystem, path: string): boolean {
  try {
    const [one, other] = [fs.lstat(path), fs.lstat(formerFile(path))];
    return one !== undefined && one.ino === other?.ino && one.dev === other.dev;
  } catch {
    return false;
  }
}

function holds(fs: FileSystem, path: string, kid: string): boolean {
  try {
    const secret = parseSecret(readQuietly(fs, path) ?? '', path);
    return secret.kind === 'generated' && secret.kid === kid;
  } catch {
    return false;
  }
}

function readQuietly(fs: FileSystem, path: string): string | undefined {
  try {
    return fs.readFile(path).toString();
  } catch {
    return undefined;
  }
}

function attempt<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (cause instanceof JwksError) throw cause;
    throw new JwksError(
      'failed',
      `the secret file ${path} cannot be written: ${describeSystemError(cause)}`,
      {
        cause,
        hint: 'the secret in it opens the keystore as ever; run it again when that is mended',
      },
    );
  }
}
