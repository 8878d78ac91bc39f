// Opens a keystore: finds whom to trust, unlocks it where a secret is needed, and makes it on the first run.
import { join } from 'node:path';
import { describeSystemError, JwksError, shellWord, systemCode } from '../errors.ts';
import type { IdentityAlgorithm } from '../jose/identity.ts';
import { FileStorage, isEmptyDirectory, placeOf, type Shield } from '../keystore/file-storage.ts';
import type { FileSystem } from '../keystore/file-system.ts';
import { Keystore } from '../keystore/keystore.ts';
import { makeDirectory } from '../keystore/new-file.ts';
import { makeKeystore } from '../keystore/new-keystore.ts';
import { refuseForeign } from '../keystore/ownership.ts';
import { type Author, Reader, type ReaderOptions } from '../keystore/reader.ts';
import type { Recipient } from '../keystore/recipient.ts';
import { parseSecret, type Secret } from '../keystore/secret.ts';
import { type FoundSecret, makeSecretFile } from '../keystore/secret-sources.ts';
import { SeenFiles } from '../keystore/seen.ts';

export interface Access {
  readonly fs: FileSystem;
  /** The keystore's directory. */
  readonly directory: string;
  /** It is the default place, the only one where a keystore is made without being asked for. */
  readonly isDefault: boolean;
  /** Where the host remembers what it has seen; absent: nowhere. */
  readonly stateDirectory: string | undefined;
  /** A fingerprint that was named. */
  readonly identity: string | undefined;
  readonly acceptRollback: boolean;
  /** Reads the secret that is set, if one is. */
  readonly findSecret: () => Promise<FoundSecret | undefined>;
  /** Somebody said where the secret is: that it does not open is then an error, also where it is not needed. */
  readonly isSecretNamed: boolean;
  /** Asks a person for it; `undefined` where nobody can be asked. */
  readonly askSecret: () => Promise<FoundSecret | undefined>;
  /** Where a secret file is made where no secret is set; absent: there is no such place. */
  readonly secretFile: string | undefined;
  readonly author: Author;
  readonly uid: number | undefined;
  readonly shield: Shield | undefined;
  /** Says to a person what they should know, and need not act on. */
  readonly warn: (message: string) => void;
}

/** What was made on the way. */
export interface Made {
  readonly keystore: string;
  /** Its fingerprint. */
  readonly identity: string;
  /** The user's own secret file, where it is sealed under that: nobody else has a copy. */
  readonly secretFile: string | undefined;
  /** That file was made too. */
  readonly isSecretNew: boolean;
}

/**
 * Opens for reading, by the first of: the fingerprint that was named, the one that this host remembers for the
 * place, the secret. With none of them, or `unchecked`, the reader is not trusted, and it is for the caller to say
 * so or refuse. Another keystore at a place that is remembered is exit 4, whatever its secret: that only a command
 * which needs the secret takes it for the new one is what keeps a copy of staging from being published as production.
 */
export async function openReader(access: Access, unchecked = false): Promise<Reader> {
  const options = readerOptions(access);
  if (unchecked) return Reader.open(options, undefined);
  const pinned = access.identity ?? options.seenFiles.fingerprintAt(options.storage.place);
  if (pinned !== undefined) return Reader.open(options, pinned);
  try {
    const found = await access.findSecret();
    if (found !== undefined) return (await unlock(access, options, found)).reader;
  } catch (error) {
    // The user's own secret may be that of another keystore, and reading needs none.
    if (access.isSecretNamed || !(error instanceof JwksError) || error.code !== 'secret') throw error;
  }
  return Reader.open(options, undefined);
}

/** Opens with a secret that somebody has just given. */
export function openWith(access: Access, secret: Secret): Promise<Keystore> {
  return Keystore.open(readerOptions(access), secret, access.author, access.identity);
}

/** Opens with the secret. A keystore that is missing is made if this is the default place and `make` is set. */
export async function openKeystore(
  access: Access,
  make: ((made: Made) => void) | undefined,
): Promise<Keystore> {
  if (make !== undefined && access.isDefault && !isKeystore(access)) {
    refuseVanished(access);
    const made = await initKeystore(access, 'EdDSA').catch(unlessThere);
    if (made !== undefined) make(made);
  }
  const options = readerOptions(access);
  const found = (await access.findSecret()) ?? (await access.askSecret());
  if (found !== undefined) return unlock(access, options, found);
  await Reader.open(options, access.identity);
  throw new JwksError(
    'secret',
    `the keystore at ${options.storage.place} needs its secret, and none is set`,
    {
      hint: 'name it with --secret-file, JWKS_SECRET_FILE or JWKS_SECRET',
    },
  );
}

/**
 * Makes a keystore in a directory that is empty or missing, for the secret that is set; where none is, makes the
 * secret file too. The secret is durable before the keystore is.
 */
export async function initKeystore(
  access: Access,
  alg: IdentityAlgorithm,
  asked?: FoundSecret,
  recipient?: Recipient,
): Promise<Made> {
  const { fs, directory, secretFile } = access;
  const stats = attempt(directory, 'be read', () => fs.stat(directory));
  if (stats !== undefined && !stats.isDirectory()) throw notDirectory(directory);
  if (stats !== undefined && !attempt(directory, 'be read', () => isEmptyDirectory(fs, directory))) {
    throw notEmpty(access);
  }
  let isSecretNew = false;
  let found = asked ?? (await access.findSecret());
  if (found === undefined) {
    if (secretFile === undefined) throw noSecretPlace();
    isSecretNew = makeSecretFile(fs, secretFile);
    found = await access.findSecret();
    if (found === undefined) throw new JwksError('failed', `the secret file ${secretFile} is gone again`);
  }
  try {
    const secret = parseSecret(found.text, found.source);
    attempt(directory, 'be made', () => makeDirectory(fs, directory, { mode: 0o700 }));
    const options = readerOptions(access);
    const identity = await makeKeystore(options.storage, secret, access.author, alg, recipient);
    if (identity === undefined) throw notEmpty(access);
    await unlock({ ...access, identity: undefined }, options, found);
    const ownFile = found.source === secretFile ? secretFile : undefined;
    return { keystore: directory, identity, secretFile: ownFile, isSecretNew };
  } catch (error) {
    if (isSecretNew) access.warn(`made a secret   ${secretFile}    although the keystore was not made`);
    throw error;
  }
}

/** The default keystore was here and is gone: a new one in its place would sign what nobody can verify. */
function refuseVanished(access: Access): void {
  const { fs, directory, stateDirectory, acceptRollback, identity } = access;
  if (identity !== undefined)
    throw noKeystoreAt(access, `, and so not the one with the fingerprint ${identity}`);
  const place = attempt(directory, 'be found', () => placeOf(fs, directory));
  const known = new SeenFiles(fs, stateDirectory).fingerprintAt(place);
  // Looked at again, since others may have made it just now.
  if (known === undefined || acceptRollback || isKeystore(access)) return;
  throw new JwksError(
    'rolled-back',
    `the keystore at ${directory} is gone, and this host has seen one there (${known})`,
    {
      hint: 'put it back; or if it was removed on purpose, run once with --accept-rollback',
    },
  );
}

async function unlock(access: Access, options: ReaderOptions, found: FoundSecret): Promise<Keystore> {
  const secret = parseSecret(found.text, found.source);
  const keystore = await Keystore.open(options, secret, access.author, access.identity);
  const before = options.seenFiles.fingerprintAt(options.storage.place);
  if (before !== undefined && before !== keystore.reader.fingerprint) {
    access.warn(
      `another keystore is at ${access.directory} now: ${keystore.reader.fingerprint}, until now ${before}`,
    );
  }
  keystore.reader.remember(true);
  return keystore;
}

function readerOptions(access: Access): ReaderOptions {
  const { fs, directory, uid } = access;
  const stats = lookAt(fs, directory);
  if (stats === undefined) throw noKeystoreAt(access, '');
  if (!stats.isDirectory()) throw notDirectory(directory);
  refuseForeign(directory, stats, uid, 'the keystore');
  return {
    storage: new FileStorage(directory, { fs, shield: access.shield }),
    seenFiles: new SeenFiles(fs, access.stateDirectory),
    acceptRollback: access.acceptRollback,
  };
}

function noKeystoreAt({ directory, isDefault }: Access, more: string): JwksError {
  return new JwksError('not-found', `there is no keystore at ${directory}${more}`, {
    hint: isDefault ? 'jwks create SET makes it' : `jwks init --keystore ${shellWord(directory)}`,
  });
}

function lookAt(fs: FileSystem, path: string): ReturnType<FileSystem['stat']> {
  return attempt(path, 'be found', () => {
    try {
      return fs.stat(path);
    } catch (error) {
      // A part of the path is a file: there is nothing behind it.
      if (systemCode(error) === 'ENOTDIR') return undefined;
      throw error;
    }
  });
}

function isKeystore({ fs, directory }: Access): boolean {
  const stats = lookAt(fs, directory);
  if (stats === undefined || !stats.isDirectory()) return stats !== undefined;
  return !attempt(directory, 'be read', () => isEmptyDirectory(fs, directory));
}

/** What the file system says becomes an error of ours. */
function attempt<T>(directory: string, what: string, action: () => T): T {
  try {
    return action();
  } catch (cause) {
    throw new JwksError('failed', `the keystore ${directory} cannot ${what}: ${describeSystemError(cause)}`, {
      cause,
    });
  }
}

/** On the first run somebody else may make the keystore in the same moment, which is as good. */
function unlessThere(error: unknown): undefined {
  if (error instanceof JwksError && error.code === 'conflict') return undefined;
  throw error;
}

function notEmpty({ fs, directory }: Access): JwksError {
  const isOurs = lookAt(fs, join(directory, 'master')) !== undefined;
  return new JwksError('conflict', `${directory} is not empty`, {
    hint: isOurs ? 'there is a keystore in it already' : 'a keystore needs a directory of its own',
  });
}

function notDirectory(path: string): JwksError {
  return new JwksError('damaged', `${path} is not a directory, and so no keystore`);
}

function noSecretPlace(): JwksError {
  return new JwksError(
    'usage',
    'there is no place for a secret: neither HOME nor XDG_CONFIG_HOME is an absolute path',
    {
      hint: 'name the secret with --secret-file, JWKS_SECRET_FILE or JWKS_SECRET',
    },
  );
}
