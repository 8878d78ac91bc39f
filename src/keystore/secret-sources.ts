// Where the secret comes from: the first source that is set wins, and one that is set but unusable ends the search.
import { closeSync, constants, fstatSync, openSync, readSync, type Stats, statSync } from 'node:fs';
import { dirname, isAbsolute, join, relative } from 'node:path';
import type { Readable } from 'node:stream';
import { describeSystemError, JwksError, shellWord, systemCode } from '../errors.ts';
import type { FileSystem } from './file-system.ts';
import { discard, makeDirectory, syncDirectory, writeTemporary } from './new-file.ts';
import { isOwnPipe } from './own-pipe.ts';
import { generateSecretText, mostSecretBytes } from './secret.ts';
import { describeCommand, runSecretCommand, type SecretCommand } from './secret-command.ts';

export interface SecretSources {
  /** `--secret-file`: a path, or `-` for standard input. */
  readonly file?: string | undefined;
  /** `--secret-fd` */
  readonly descriptor?: number | undefined;
  /** `JWKS_SECRET_FILE` */
  readonly variableFile?: string | undefined;
  /** `JWKS_SECRET` */
  readonly variable?: string | undefined;
  /** `CREDENTIALS_DIRECTORY` of systemd. */
  readonly credentials?: string | undefined;
  /** `secretCommand` of the configuration. */
  readonly command?: SecretCommand | undefined;
  /** `$XDG_CONFIG_HOME/jwks/secret` */
  readonly ownFile?: string | undefined;
  readonly stdin: () => Readable;
  /** The effective user. */
  readonly uid: number | undefined;
}

export interface FoundSecret {
  readonly text: string;
  /** In words, for errors and `config`. */
  readonly source: string;
}

/** Reads the secret, or `undefined` where none is set. */
export async function findSecret(sources: SecretSources): Promise<FoundSecret | undefined> {
  const { file, descriptor, variableFile, variable, credentials, command, ownFile } = sources;
  if (file === '-')
    return { text: await readStream(sources.stdin(), 'standard input'), source: 'standard input' };
  if (file !== undefined) return readSecretFile(file, sources);
  if (descriptor !== undefined) return readDescriptor(descriptor);
  if (variableFile !== undefined && variable !== undefined) {
    throw new JwksError('usage', 'both JWKS_SECRET_FILE and JWKS_SECRET are set', {
      hint: 'unset one of them',
    });
  }
  if (variableFile === '') throw new JwksError('secret', 'JWKS_SECRET_FILE is set, and empty');
  if (variableFile !== undefined) return readSecretFile(variableFile, sources);
  if (variable !== undefined) return { text: variable, source: 'JWKS_SECRET' };
  const credential = credentials === undefined ? undefined : join(credentials, 'jwks-secret');
  if (credential !== undefined && exists(credential)) return readSecretFile(credential, sources);
  if (command !== undefined) {
    const source = describeCommand(command);
    return { text: decode(await runSecretCommand(command), source), source };
  }
  return ownFile !== undefined && exists(ownFile) ? readSecretFile(ownFile, sources) : undefined;
}

/** Whether somebody said where the secret is, so that it must open what it is for. */
export function isSecretNamed(sources: SecretSources): boolean {
  return describeSource({ ...sources, ownFile: undefined }) !== undefined;
}

/** Where `findSecret` would look first, in words; for people who ask where their secret comes from. Runs nothing. */
export function describeSource(sources: SecretSources): string | undefined {
  const { file, descriptor, variableFile, variable, credentials, command, ownFile } = sources;
  if (file !== undefined) return file === '-' ? 'standard input' : file;
  if (descriptor !== undefined) return `descriptor ${descriptor}`;
  if (variableFile !== undefined) return variableFile;
  if (variable !== undefined) return 'JWKS_SECRET';
  const credential = credentials === undefined ? undefined : join(credentials, 'jwks-secret');
  if (credential !== undefined && exists(credential)) return credential;
  if (command !== undefined) return describeCommand(command);
  return ownFile !== undefined && exists(ownFile) ? ownFile : undefined;
}

/** Makes the secret file, durable and 0600, or leaves one that is there. Returns whether it was made. */
export function makeSecretFile(fs: FileSystem, path: string): boolean {
  const directory = dirname(path);
  try {
    makeDirectory(fs, directory, { mode: 0o700 });
    const temporary = writeTemporary(fs, directory, Buffer.from(`${generateSecretText()}\n`), {
      mode: 0o600,
    });
    let isMade = true;
    try {
      fs.link(temporary, path);
    } catch (error) {
      if (systemCode(error) !== 'EEXIST') throw error;
      isMade = false;
    } finally {
      discard(fs, temporary);
    }
    // Also where somebody else made it just now: what is sealed under it may be durable before they get here.
    syncDirectory(fs, directory);
    return isMade;
  } catch (error) {
    throw new JwksError('failed', `the secret file ${path} cannot be made: ${describeSystemError(error)}`, {
      cause: error,
      hint: 'name another with JWKS_SECRET_FILE (jwks secret generate prints a secret)',
    });
  }
}

/** Refuses a file that others can read or write, unless it was mounted for us. Waits for who writes to a FIFO. */
export async function readSecretFile(
  path: string,
  { uid, credentials }: Pick<SecretSources, 'uid' | 'credentials'>,
): Promise<FoundSecret> {
  try {
    const stats = statSync(path);
    if (stats.isDirectory()) throw new JwksError('secret', `the secret file ${path} is a directory`);
    const isMounted =
      isBelow(path, '/run/secrets') || (credentials !== undefined && isBelow(path, credentials));
    if (stats.isFile() && !isMounted) refuseOpenFile(path, stats, uid);
    // An open(2) that waits for a writer is not ended by Ctrl-C. Other systems may say before there is one that all
    // was read.
    if (stats.isFIFO() && process.platform === 'linux') {
      const { O_RDONLY, O_NONBLOCK } = constants;
      return { text: await readPipe(openSync(path, O_RDONLY | O_NONBLOCK), path), source: path };
    }
    const descriptor = openSync(path, 'r');
    try {
      return { text: readBounded(descriptor, path), source: path };
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    if (error instanceof JwksError) throw error;
    throw new JwksError('secret', `the secret file ${path} cannot be read: ${describeSystemError(error)}`, {
      cause: error,
    });
  }
}

function refuseOpenFile(path: string, { mode, uid: owner }: Stats, uid: number | undefined): void {
  if (uid === undefined) return;
  const { S_IWOTH, S_IROTH, S_IRWXG } = constants;
  const fault =
    (mode & S_IWOTH) !== 0
      ? 'can be written by others'
      : (mode & S_IROTH) !== 0
        ? 'can be read by others'
        : owner === uid && (mode & S_IRWXG) !== 0
          ? 'is open to its group'
          : undefined;
  if (fault !== undefined) {
    throw new JwksError('secret', `the secret file ${path} ${fault}`, {
      hint: `chmod 600 ${shellWord(path)}`,
    });
  }
}

async function readDescriptor(descriptor: number): Promise<FoundSecret> {
  const source = `descriptor ${descriptor}`;
  try {
    const stats = fstatSync(descriptor);
    const isPipe = stats.isFIFO() || stats.isSocket();
    const isAny = isPipe || stats.isFile() || stats.isCharacterDevice() || stats.isDirectory();
    if (!isAny || isOwnPipe(descriptor)) throw new JwksError('secret', `${source} was not handed over`);
    if (!isPipe) {
      const text = readBounded(descriptor, source);
      // Node hands numbers above 16 on to the processes that it starts; a stream closes its own.
      if (descriptor > 2) closeSync(descriptor);
      return { text, source };
    }
    return { text: await readPipe(descriptor, source), source };
  } catch (error) {
    if (error instanceof JwksError) throw error;
    throw new JwksError('secret', `the secret on ${source} cannot be read: ${describeSystemError(error)}`, {
      cause: error,
    });
  }
}

/** Not in one system call that waits: Ctrl-C would not end it. Closes the descriptor. */
function readPipe(descriptor: number, source: string): Promise<string> {
  const { Socket } = process.getBuiltinModule('node:net');
  return readStream(new Socket({ fd: descriptor, readable: true, writable: false }), source);
}

function readBounded(descriptor: number, source: string): string {
  const bytes = Buffer.alloc(mostSecretBytes + 1);
  let size = 0;
  for (let read = 1; read > 0 && size < bytes.length; size += read) {
    read = readSync(descriptor, bytes, size, bytes.length - size, null);
  }
  if (size > mostSecretBytes) throw new JwksError('secret', `the secret in ${source} is longer than 4 KiB`);
  return decode(bytes.subarray(0, size), source);
}

async function readStream(stream: Readable, source: string): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream) {
    chunks.push(Buffer.from(chunk));
    size += Buffer.byteLength(chunk);
    if (size > mostSecretBytes) throw new JwksError('secret', `the secret in ${source} is longer than 4 KiB`);
  }
  return decode(Buffer.concat(chunks), source);
}

/** Bytes that are no UTF-8 would all become the same character, and other bytes would then open as well. */
function decode(bytes: Uint8Array, source: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new JwksError('secret', `the secret in ${source} is not text in UTF-8`);
  }
}

function exists(path: string): boolean {
  // A file that is there but cannot be looked at is set, and the error belongs to reading it.
  try {
    return statSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return true;
  }
}

function isBelow(path: string, directory: string): boolean {
  const way = relative(directory, path);
  return way !== '' && !way.startsWith('..') && !isAbsolute(way);
}
