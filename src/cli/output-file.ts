// Where a result goes: stdout, or a file that is written whole or not at all.
import { constants, openSync, readlinkSync, type Stats, writeSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { describeSystemError, JwksError, shellWord, systemCode } from '../errors.ts';
import { type FileSystem, realFileSystem } from '../keystore/file-system.ts';
import { discard, hasNoHardLinks, syncDirectory, writeTemporary } from '../keystore/new-file.ts';

export interface OutputFile {
  /** Absolute, with links resolved. */
  readonly path: string;
  readonly mode: number;
  /** The regular file that stands there now. */
  readonly before: Stats | undefined;
  /** A device, a fifo or an open descriptor such as /dev/stderr, which is written to and not replaced. */
  readonly direct: { readonly descriptor: number | undefined } | undefined;
  /** Who would see what is written there: a terminal, or a file that others can read. */
  readonly exposure: 'terminal' | 'open file' | undefined;
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
  const descriptor = descriptorOf(named);
  if (stats !== undefined && (descriptor !== undefined || !stats.isFile())) {
    const isNull = stats.rdev === look(fs, '/dev/null')?.rdev;
    const exposure =
      stats.isCharacterDevice() && !isNull ? 'terminal' : isOpenFile(stats) ? 'open file' : undefined;
    return { path: named, mode: 0, before: undefined, direct: { descriptor }, exposure, mustBeNew: false };
  }
  const path = follow(fs, named);
  if (look(fs, dirname(path))?.isDirectory() !== true) {
    throw new JwksError('not-found', `the directory ${dirname(path)} does not exist`, {
      hint: `mkdir -p ${shellWord(dirname(path))}`,
    });
  }
  const mustBeNew = isPrivate && !force;
  if (mustBeNew && stats !== undefined) {
    throw new JwksError('conflict', `${path} exists, and what is private does not replace a file`, {
      hint: 'name another file, or replace this one with --force',
    });
  }
  const kept = stats === undefined ? undefined : stats.mode & 0o777;
  const mode = kept ?? request.mode ?? (isPrivate ? privateMode : publicMode);
  return {
    path,
    mode: isPrivate ? mode & widestPrivateMode : mode,
    before: stats,
    direct: undefined,
    exposure: undefined,
    mustBeNew,
  };
}

/** Whether what is written into it can be read by the group or others. */
export function isOpenFile(stats: Stats): boolean {
  return stats.isFile() && (stats.mode & 0o077) !== 0;
}

/** The descriptor that a path such as /dev/stderr or /dev/fd/3 stands for. */
function descriptorOf(path: string): number | undefined {
  const names: Readonly<Record<string, number>> = { '/dev/stdin': 0, '/dev/stdout': 1, '/dev/stderr': 2 };
  const number = /^\/(?:dev|proc\/self)\/fd\/(\d{1,9})$/.exec(path)?.[1];
  return number === undefined ? names[path] : Number(number);
}

/** A regular file is replaced whole and keeps owner and mode; equal content is left alone; the rest is written to. */
export function writeOutput(file: OutputFile, text: string | Buffer, fs: FileSystem = realFileSystem): void {
  const { path, before } = file;
  const bytes = typeof text === 'string' ? Buffer.from(text) : text;
  try {
    if (file.direct !== undefined) {
      writeInto(file.direct.descriptor ?? openSync(path, constants.O_WRONLY), bytes);
      return;
    }
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
  } catch (error) {
    const isTaken = systemCode(error) === 'EEXIST';
    const reason = isTaken ? 'it was made by somebody else meanwhile' : describeSystemError(error);
    throw new JwksError(isTaken ? 'conflict' : 'failed', `${path} was not written: ${reason}`, {
      cause: error,
    });
  }
  try {
    syncDirectory(fs, dirname(path));
  } catch (error) {
    const message = `${path} is written but the disk did not confirm it: ${describeSystemError(error)}`;
    throw new JwksError('unconfirmed', message, { cause: error });
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

/** From where it stands: opening a descriptor's path anew would write over the beginning. */
function writeInto(descriptor: number, bytes: Buffer): void {
  for (let written = 0; written < bytes.length; ) written += writeSync(descriptor, bytes, written);
}

/** The file behind symbolic links, also where it does not exist yet. */
export function follow(fs: FileSystem, path: string, mostLinks = 40): string {
  try {
    return fs.realpath(path);
  } catch {
    if (mostLinks === 0 || fs.lstat(path)?.isSymbolicLink() !== true) return inRealDirectory(fs, path);
    return follow(fs, resolve(dirname(path), readlinkSync(path)), mostLinks - 1);
  }
}

function inRealDirectory(fs: FileSystem, path: string): string {
  try {
    return join(fs.realpath(dirname(path)), basename(path));
  } catch {
    return path;
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
