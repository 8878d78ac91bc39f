// The names that a document's revisions have in a directory, and how names of a higher revision are made.
import { basename, join } from 'node:path';
import { systemCode } from '../errors.ts';
import type { FileSystem } from './file-system.ts';
import { discard, type Ownership, syncDirectory, writeTemporary } from './new-file.ts';

const revisionName = /^([1-9]\d{0,14})\.json$/;

/** The revision that a file name stands for, or `undefined` where it is no document. */
export function revisionOf(name: string): number | undefined {
  const digits = revisionName.exec(basename(name))?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** 0 where there is none. */
export function highest(names: readonly string[]): number {
  return names.reduce((most, name) => Math.max(most, revisionOf(name) ?? 0), 0);
}

export function revisionPath(directory: string, revision: number): string {
  return join(directory, `${revision}.json`);
}

/**
 * The empty names between two revisions, each made by link(2) and none replaced; those that an earlier attempt made
 * stay. False where one of them holds something: somebody else made that revision.
 */
export function makeNames(
  fs: FileSystem,
  directory: string,
  from: number,
  to: number,
  ownership: Ownership,
): boolean {
  for (let revision = from + 1; revision < to; revision++) {
    const path = revisionPath(directory, revision);
    const before = fs.lstat(path);
    if (before !== undefined && before.size > 0) return false;
    if (before === undefined && !makeName(fs, directory, path, ownership)) return false;
  }
  return true;
}

function makeName(fs: FileSystem, directory: string, path: string, ownership: Ownership): boolean {
  const temporary = writeTemporary(fs, directory, new Uint8Array(), { ...ownership, isSynced: false });
  try {
    fs.link(temporary, path);
    return true;
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return fs.lstat(path)?.size === 0;
    throw error;
  } finally {
    discard(fs, temporary);
  }
}

/**
 * Makes a revision durable that is there, in its directory and those above it, and empties all that are below it.
 * False where the disk did not confirm it: then nothing is emptied.
 */
export function settle(
  fs: FileSystem,
  directories: readonly [string, ...string[]],
  revision: number,
  bytes: Uint8Array,
): boolean {
  const [directory] = directories;
  try {
    for (const path of directories) syncDirectory(fs, path);
  } catch {
    return false;
  }
  try {
    if (!fs.readFile(revisionPath(directory, revision)).equals(bytes)) return true;
    for (let below = 1; below < revision; below++) {
      const path = revisionPath(directory, below);
      if ((fs.lstat(path)?.size ?? 0) > 0) fs.truncate(path);
    }
  } catch {
    // It is there; what is superseded is emptied by another attempt.
  }
  return true;
}
