// The system calls a keystore in files makes: the seam at which tests let each of them fail.
import * as fs from 'node:fs';

/** Synchronous on purpose: a document is a few kilobytes, and a thread-pool hop costs more than its read. */
export interface FileSystem {
  readdir(path: string): string[];
  /** Names of the directories in a directory; links do not count. */
  subdirectories(path: string): string[];
  /** A regular file of at most `mostBytes`; anything else fails, a link too. */
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
  /** Empties a regular file; fails on anything else, a link too. */
  truncate(path: string): void;
  /** Of a regular file or a directory; fails on anything else, a link too. */
  chmod(path: string, mode: number): void;
  /** Fails where a path cannot be written, such as on a file system that is read-only. */
  probeWritable(path: string): void;
  /** In bytes: what there is for us, and the whole. */
  space(path: string): { readonly free: number; readonly size: number };
}

export const realFileSystem: FileSystem = {
  readdir: (path) => fs.readdirSync(path),
  subdirectories: (path) =>
    fs
      .readdirSync(path, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name),
  readFile: readBounded,
  lstat: (path) => fs.lstatSync(path, { throwIfNoEntry: false }),
  stat: (path) => fs.statSync(path, { throwIfNoEntry: false }),
  realpath: (path) => fs.realpathSync(path),
  mkdir,
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
  truncate,
  chmod,
  probeWritable: (path) => fs.accessSync(path, fs.constants.W_OK),
  space: (path) => {
    const { bavail, bsize, blocks } = fs.statfsSync(path);
    return { free: bavail * bsize, size: blocks * bsize };
  },
};

/** No document comes near this: what is larger is not read into memory, and not written either. */
export const mostBytes = 64 * 1024 * 1024;

// A link would lead out of the keystore, and opening a fifo would wait for ever: neither is ours.
const { O_NOFOLLOW = 0, O_NONBLOCK = 0, O_RDONLY, O_WRONLY } = fs.constants;

function openFile(path: string, flags: number): { readonly descriptor: number; readonly size: number } {
  const descriptor = fs.openSync(path, flags | O_NOFOLLOW | O_NONBLOCK);
  const stats = fs.fstatSync(descriptor);
  if (stats.isFile()) return { descriptor, size: stats.size };
  fs.closeSync(descriptor);
  throw Object.assign(new Error('it is no file'), { code: 'ENOTFILE' });
}

function readBounded(path: string): Buffer {
  const { descriptor, size } = openFile(path, O_RDONLY);
  try {
    if (size > mostBytes) throw Object.assign(new Error('the file is too large'), { code: 'EFBIG' });
    const bytes = Buffer.allocUnsafe(size);
    let read = 0;
    for (let more = 1; more > 0 && read < size; read += more) {
      more = fs.readSync(descriptor, bytes, read, size - read, null);
    }
    return bytes.subarray(0, read);
  } finally {
    fs.closeSync(descriptor);
  }
}

function truncate(path: string): void {
  const { descriptor } = openFile(path, O_WRONLY);
  try {
    fs.ftruncateSync(descriptor);
  } finally {
    fs.closeSync(descriptor);
  }
}

function chmod(path: string, mode: number): void {
  const descriptor = fs.openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    const stats = fs.fstatSync(descriptor);
    if (!stats.isFile() && !stats.isDirectory())
      throw Object.assign(new Error('it is no file'), { code: 'ENOTFILE' });
    fs.fchmodSync(descriptor, mode);
  } finally {
    fs.closeSync(descriptor);
  }
}

/** With exactly this mode, whatever the umask is: a process that dies must not leave one that its team cannot enter. */
function mkdir(path: string, mode: number): void {
  const umask = setUmask(0);
  try {
    fs.mkdirSync(path, { mode });
  } finally {
    if (umask !== undefined) setUmask(umask);
  }
}

function setUmask(mask: number): number | undefined {
  try {
    return process.umask(mask);
  } catch {
    // In a worker thread it cannot be set; the mode is mended right afterwards.
    return undefined;
  }
}
