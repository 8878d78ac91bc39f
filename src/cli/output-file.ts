// Where a result goes: stdout, or a file that is written whole or not at all.
import { closeSync, constants, openSync, readlinkSync, type Stats, writeSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { describeSystemError, JwksError, systemCode } from '../errors.ts';
import { type FileSystem, realFileSystem } from '../keystore/file-system.ts';
import { discard, hasNoHardLinks, syncDirectory, writeTemporary } from '../keystore/new-file.ts';

export interface OutputFile {
  /** Absolute, with links resolved. */
  readonly path: string;
  readonly mode: number;
  /** The regular file that stands there now. */
  readonly before: Stats | undefined;
  /** A device, a fifo or an open descriptor such as /dev/stdout, which is written to and not replaced. */
  readonly isDirect: boolean;
  /** A character device other than the null device. */
  readonly isTerminal: boolean;
  /** Must be made new: nothing may stand there. */
  readonly mustBeNew: boolean;
}

export interface OutputRequest {
  readonly path: string;
  readonly cwd: string;
  readonly mode: number | undefined;
  /** It will hold private keys or a secret. */
  readonly isPrivate: boolean;
  readonly force: boolean;
}

const publicMode = 0o644;
const privateMode = 0o600;
const widestPrivateMode = 0o640;

/** Looks at the place before anything is made, so that what cannot be written is refused in time. */
export function planOutput(request: OutputRequest, fs: FileSystem = realFileSystem): OutputFile {
  const { isPrivate, force } = request;
  const named = resolve(request.cwd, request.path);
  const stats = look(fs, named);
  if (stats?.isDirectory() === true) throw new JwksError('usage', `${named} is a directory`);
  const isDirect = stats !== undefined && (!stats.isFile() || /^\/(?:dev|proc)\//.test(named));
  if (isDirect)
    return {
      path: named,
      mode: 0,
      before: undefined,
      isDirect,
      isTerminal: stats.isCharacterDevice() && stats.rdev !== look(fs, '/dev/null')?.rdev,
      mustBeNew: false,
    };
  const path = follow(fs, named);
  if (look(fs, dirname(path))?.isDirectory() !== true) {
    throw new JwksError('not-found', `the directory ${dirname(path)} does not exist`);
  }
  const mustBeNew = isPrivate && !force;
  if (mustBeNew && stats !== undefined) {
    throw new JwksError('conflict', `${path} exists, and a private key does not replace a file`, {
      hint: 'name another file, or replace this one with --force',
    });
  }
  const kept = stats === undefined ? undefined : stats.mode & 0o777;
  const mode = request.mode ?? kept ?? (isPrivate ? privateMode : publicMode);
  return {
    path,
    mode: isPrivate ? mode & widestPrivateMode : mode,
    before: stats,
    isDirect,
    isTerminal: false,
    mustBeNew,
  };
}

/** A regular file is replaced whole and keeps owner and mode; equal content is left alone; the rest is written to. */
export function writeOutput(file: OutputFile, text: string, fs: FileSystem = realFileSystem): void {
  const { path, before } = file;
  const bytes = Buffer.from(text);
  try {
    if (file.isDirect) return writeInto(path, bytes);
    if (isSame(fs, file, bytes)) return;
    const temporary = writeTemporary(fs, dirname(path), bytes, {
      mode: file.mode,
      uid: before?.uid,
      gid: before?.gid,
    });
    try {
      if (file.mustBeNew) linkNew(fs, temporary, path);
      else fs.rename(temporary, path);
    } finally {
      discard(fs, temporary);
    }
    syncDirectory(fs, dirname(path));
  } catch (error) {
    const isTaken = systemCode(error) === 'EEXIST';
    const reason = isTaken ? 'it was made by somebody else meanwhile' : describeSystemError(error);
    throw new JwksError(isTaken ? 'conflict' : 'failed', `${path} was not written: ${reason}`, {
      cause: error,
    });
  }
}

/** Gives a temporary file its name unless that is taken; where there are no hard links, as well as can be. */
function linkNew(fs: FileSystem, temporary: string, path: string): void {
  try {
    fs.link(temporary, path);
  } catch (error) {
    if (!hasNoHardLinks(error) || fs.lstat(path) !== undefined) throw error;
    fs.rename(temporary, path);
  }
}

function isSame(fs: FileSystem, { path, mode, before }: OutputFile, bytes: Buffer): boolean {
  return (
    before !== undefined &&
    (before.mode & 0o777) === mode &&
    before.size === bytes.length &&
    fs.readFile(path).equals(bytes)
  );
}

/** A device or a fifo, such as /dev/stderr. */
function writeInto(path: string, bytes: Buffer): void {
  const descriptor = openSync(path, constants.O_WRONLY);
  try {
    for (let written = 0; written < bytes.length; ) written += writeSync(descriptor, bytes, written);
  } finally {
    closeSync(descriptor);
  }
}

/** The file behind symbolic links, also where it does not exist yet. */
function follow(fs: FileSystem, path: string, mostLinks = 40): string {
  try {
    return fs.realpath(path);
  } catch {
    if (mostLinks === 0 || fs.lstat(path)?.isSymbolicLink() !== true) return path;
    return follow(fs, resolve(dirname(path), readlinkSync(path)), mostLinks - 1);
  }
}

function look(fs: FileSystem, path: string): Stats | undefined {
  try {
    return fs.stat(path);
  } catch (error) {
    throw new JwksError('failed', `${path} cannot be looked at: ${describeSystemError(error)}`, {
      cause: error,
    });
  }
}
