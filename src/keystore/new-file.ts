// Writes a file whole: a temporary one beside it, every byte, on the disk, before anything gets its name.
import { randomBytes } from 'node:crypto';
import { dirname, join } from 'node:path';
import { systemCode } from '../errors.ts';
import type { FileSystem } from './file-system.ts';

/** The prefix of temporary files; a name of a document never begins with a dot. */
export const temporaryPrefix = '.jwks-';

/** Whether a file is a temporary one of ours, by its name. */
export function isTemporary(name: string): boolean {
  return name.startsWith(temporaryPrefix) && /^[\w-]{12}$/.test(name.slice(temporaryPrefix.length));
}

export interface Ownership {
  readonly mode: number;
  /** The user and group to give it to, where they are not those that a new file gets. */
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
}

/** A new temporary file in `directory` that holds `bytes`, synced unless said otherwise. The caller gives it its name. */
export function writeTemporary(
  fs: FileSystem,
  directory: string,
  bytes: Uint8Array,
  ownership: Ownership & { readonly isSynced?: boolean },
): string {
  const path = join(directory, `${temporaryPrefix}${randomBytes(9).toString('base64url')}`);
  const descriptor = fs.openNew(path, 0o600);
  let isClosed = false;
  try {
    own(fs, descriptor, ownership);
    for (let written = 0; written < bytes.length; ) written += fs.write(descriptor, bytes.subarray(written));
    if (ownership.isSynced !== false) fs.fsync(descriptor);
    if (fs.fstat(descriptor).size !== bytes.length)
      throw new Error('the file is not as long as what was written');
    isClosed = true;
    fs.close(descriptor);
  } catch (error) {
    if (!isClosed) closeQuietly(fs, descriptor);
    discard(fs, path);
    throw error;
  }
  return path;
}

/** Whether link(2) failed because the file system has no such thing. */
export function hasNoHardLinks(error: unknown): boolean {
  return ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'].includes(systemCode(error) ?? '');
}

function closeQuietly(fs: FileSystem, descriptor: number): void {
  try {
    fs.close(descriptor);
  } catch {
    // What is reported is why it was not written.
  }
}

/** Removes a temporary file. Failing to is no failure of what was done with it. */
export function discard(fs: FileSystem, path: string): void {
  try {
    fs.unlink(path);
  } catch {
    // Already gone, or it stays until `doctor` finds it.
  }
}

/** Puts what happened to the names in a directory on the disk. */
export function syncDirectory(fs: FileSystem, path: string): void {
  const descriptor = fs.openDirectory(path);
  try {
    fs.fsync(descriptor);
  } finally {
    fs.close(descriptor);
  }
}

/** Makes a directory and those above it that are missing, each durable; returns whether it was made. */
export function makeDirectory(fs: FileSystem, path: string, ownership: Ownership): boolean {
  if (fs.stat(path)?.isDirectory() === true) return false;
  const parent = dirname(path);
  if (parent !== path) makeDirectory(fs, parent, { mode: 0o700 });
  try {
    fs.mkdir(path, ownership.mode);
  } catch (error) {
    if (fs.stat(path)?.isDirectory() === true) return false;
    throw error;
  }
  if ((ownership.mode & 0o077) !== 0 || ownership.gid !== undefined) {
    const descriptor = fs.openDirectory(path);
    try {
      own(fs, descriptor, ownership);
    } finally {
      fs.close(descriptor);
    }
  }
  syncDirectory(fs, parent);
  return true;
}

function own(fs: FileSystem, descriptor: number, { mode, uid, gid }: Ownership): void {
  const made = fs.fstat(descriptor);
  const owner = uid ?? made.uid;
  const group = gid ?? made.gid;
  if (owner !== made.uid || group !== made.gid) fs.fchown(descriptor, owner, group);
  if ((made.mode & 0o777) !== mode) fs.fchmod(descriptor, mode | (made.mode & 0o7000));
}
