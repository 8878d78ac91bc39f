// The system calls a keystore in files makes: the seam at which tests let each of them fail.
import * as fs from 'node:fs';

/** Synchronous on purpose: a document is a few kilobytes, and a thread-pool hop costs more than its read. */
export interface FileSystem {
  readdir(path: string): string[];
  readFile(path: string): Buffer;
  /** `undefined` where there is nothing. Does not follow a link. */
  lstat(path: string): fs.Stats | undefined;
  stat(path: string): fs.Stats | undefined;
  realpath(path: string): string;
  mkdir(path: string, mode: number): void;
  /** Makes a new file and opens it for writing; fails with `EEXIST`. */
  openNew(path: string, mode: number): number;
  openDirectory(path: string): number;
  write(descriptor: number, bytes: Uint8Array): number;
  fsync(descriptor: number): void;
  fstat(descriptor: number): fs.Stats;
  fchmod(descriptor: number, mode: number): void;
  fchown(descriptor: number, uid: number, gid: number): void;
  close(descriptor: number): void;
  link(existing: string, path: string): void;
  rename(from: string, to: string): void;
  unlink(path: string): void;
  truncate(path: string): void;
}

export const realFileSystem: FileSystem = {
  readdir: (path) => fs.readdirSync(path),
  readFile: readBounded,
  lstat: (path) => fs.lstatSync(path, { throwIfNoEntry: false }),
  stat: (path) => fs.statSync(path, { throwIfNoEntry: false }),
  realpath: (path) => fs.realpathSync(path),
  mkdir: (path, mode) => fs.mkdirSync(path, { mode }),
  openNew: (path, mode) => fs.openSync(path, 'wx', mode),
  openDirectory: (path) => fs.openSync(path, 'r'),
  write: (descriptor, bytes) => fs.writeSync(descriptor, bytes),
  fsync: (descriptor) => fs.fsyncSync(descriptor),
  fstat: (descriptor) => fs.fstatSync(descriptor),
  fchmod: (descriptor, mode) => fs.fchmodSync(descriptor, mode),
  fchown: (descriptor, uid, gid) => fs.fchownSync(descriptor, uid, gid),
  close: (descriptor) => fs.closeSync(descriptor),
  link: (existing, path) => fs.linkSync(existing, path),
  rename: (from, to) => fs.renameSync(from, to),
  unlink: (path) => fs.unlinkSync(path),
  truncate: (path) => fs.truncateSync(path),
};

/** No document comes near this; what is larger is not read into memory. */
const mostBytes = 64 * 1024 * 1024;

function readBounded(path: string): Buffer {
  const descriptor = fs.openSync(path, 'r');
  try {
    if (fs.fstatSync(descriptor).size > mostBytes) {
      throw Object.assign(new Error('the file is too large'), { code: 'EFBIG' });
    }
    return fs.readFileSync(descriptor);
  } finally {
    fs.closeSync(descriptor);
  }
}
