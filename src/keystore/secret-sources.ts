// Where the secret comes from: the first source that is set wins, and one that is set but unusable ends the search.
import { closeSync, constants, fstatSync, lstatSync, type Stats, statSync } from 'node:fs';
import { dirname, isAbsolute, join, relative, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { describeSystemError, JwksError, shellWord, systemCode } from '../errors.ts';
import {
  decodeText,
  type Limits,
  readDescriptorText,
  readFileText,
  readPipe,
  readStreamText,
} from './bounded-text.ts';
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
  /** What paths are relative to; absent: the directory of the process. */
  readonly cwd?: string | undefined;
}

export interface FoundSecret {
  readonly text: string;
  /** In words, for errors and `config`. */
  readonly source: string;
  /** The regular file it was read from, absolute: where another can take its place. */
  readonly path?: string | undefined;
}

interface Source {
  /** In words. */
  readonly name: string;
  readonly read: () => Promise<FoundSecret>;
}

/** The first that is set, whatever is there. Reads and runs nothing. */
function firstSource(sources: SecretSources): Source | undefined {
  const { file, descriptor, variableFile, variable, credentials, command, ownFile } = sources;
  if (file === '-') return ofText('standard input', (limits) => readStreamText(sources.stdin(), limits));
  if (file !== undefined) return ofFile(file, sources);
  if (descriptor !== undefined)
    return ofText(`descriptor ${descriptor}`, (limits) => readDescriptor(descriptor, limits));
  if (variableFile !== undefined) return ofFile(variableFile, sources);
  if (variable !== undefined) return ofText('JWKS_SECRET', async () => variable);
  const credential = credentials === undefined ? undefined : join(credentials, 'jwks-secret');
  if (credential !== undefined && exists(credential)) return ofFile(credential, sources);
  if (command !== undefined)
    return ofText(describeCommand(command), async (limits) =>
      decodeText(await runSecretCommand(command), limits),
    );
  return ownFile !== undefined && exists(ownFile) ? ofFile(ownFile, sources) : undefined;
}

function ofFile(path: string, sources: SecretSources): Source {
  return { name: path, read: () => readSecretFile(path, sources) };
}

function ofText(name: string, read: (limits: Limits) => Promise<string>): Source {
  return { name, read: async () => ({ text: await read(limitsOf(name)), source: name }) };
}

/** Reads the secret, or `undefined` where none is set. */
export async function findSecret(sources: SecretSources): Promise<FoundSecret | undefined> {
  if (sources.file === undefined && sources.descriptor === undefined) refuseVariables(sources);
  return firstSource(sources)?.read();
}

function refuseVariables({ variableFile, variable }: SecretSources): void {
  if (variableFile !== undefined && variable !== undefined) {
    throw new JwksError('usage', 'both JWKS_SECRET_FILE and JWKS_SECRET are set', {
      hint: 'unset one of them',
    });
  }
  if (variableFile === '') throw new JwksError('secret', 'JWKS_SECRET_FILE is set, and empty');
}

/** Whether somebody said where the secret is, so that it must open what it is for. */
export function isSecretNamed(sources: SecretSources): boolean {
  return firstSource({ ...sources, ownFile: undefined }) !== undefined;
}

/** Where `findSecret` would look first, in words; for people who ask where their secret comes from. Runs nothing. */
export function describeSource(sources: SecretSources): string | undefined {
  return firstSource(sources)?.name;
}

/** Makes a secret file, durable and 0600, or leaves one that is there. Returns whether it was made. */
export function makeSecretFile(fs: FileSystem, path: string, text: string = generateSecretText()): boolean {
  const directory = dirname(path);
  try {
    makeDirectory(fs, directory, { mode: 0o700 });
    const temporary = writeTemporary(fs, directory, Buffer.from(`${text}\n`), { mode: 0o600 });
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
  { uid, credentials, cwd = '' }: Pick<SecretSources, 'uid' | 'credentials' | 'cwd'>,
): Promise<FoundSecret> {
  try {
    const at = resolve(cwd, path);
    const stats = statSync(at);
    if (stats.isDirectory()) throw new JwksError('secret', `the secret file ${path} is a directory`);
    const isMounted = isBelow(at, '/run/secrets') || (credentials !== undefined && isBelow(at, credentials));
    if (stats.isFile() && !isMounted) refuseOpenFile(path, stats, uid);
    const text = await readFileText(at, stats, limitsOf(path));
    return stats.isFile() ? { text, source: path, path: at } : { text, source: path };
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

async function readDescriptor(descriptor: number, limits: Limits): Promise<string> {
  const source = `descriptor ${descriptor}`;
  try {
    const stats = fstatSync(descriptor);
    const isPipe = stats.isFIFO() || stats.isSocket();
    const isAny = isPipe || stats.isFile() || stats.isCharacterDevice() || stats.isDirectory();
    if (!isAny || isOwnPipe(descriptor)) throw new JwksError('secret', `${source} was not handed over`);
    if (isPipe) return await readPipe(descriptor, limits);
    const text = readDescriptorText(descriptor, limits);
    // Node hands numbers above 16 on to the processes that it starts; a stream closes its own.
    if (descriptor > 2) closeSync(descriptor);
    return text;
  } catch (error) {
    if (error instanceof JwksError) throw error;
    throw new JwksError('secret', `the secret on ${source} cannot be read: ${describeSystemError(error)}`, {
      cause: error,
    });
  }
}

function limitsOf(source: string): Limits {
  return {
    mostBytes: mostSecretBytes,
    tooLong: () => new JwksError('secret', `the secret in ${source} is longer than 4 KiB`),
    notText: () => new JwksError('secret', `the secret in ${source} is not text in UTF-8`),
  };
}

function exists(path: string): boolean {
  // A file that is there but cannot be looked at, or a link that leads nowhere, is set, and the error belongs to
  // reading it.
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return true;
  }
}

function isBelow(path: string, directory: string): boolean {
  const way = relative(directory, path);
  return way !== '' && !way.startsWith('..') && !isAbsolute(way);
}
