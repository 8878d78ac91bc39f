// Opens a keystore: finds whom to trust, unlocks it where a secret is needed, and makes it on the first run.
import { JwksError, shellWord } from '../errors.ts';
import type { IdentityAlgorithm } from '../jose/identity.ts';
import type { FileSystem } from '../keystore/file-system.ts';
import { Keystore } from '../keystore/keystore.ts';
import { makeKeystore } from '../keystore/new-keystore.ts';
import type { Place } from '../keystore/place.ts';
import { type Author, Reader, type ReaderOptions } from '../keystore/reader.ts';
import type { Recipient } from '../keystore/recipient.ts';
import { parseSecret, type Secret } from '../keystore/secret.ts';
import { type FoundSecret, makeSecretFile } from '../keystore/secret-sources.ts';
import { SeenFiles } from '../keystore/seen.ts';
import type { Shield, Storage } from '../keystore/storage.ts';

export interface Access {
  readonly fs: FileSystem;
  /** Where the keystore is. */
  readonly place: Place;
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
  const options = await readerOptions(access);
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
export async function openWith(access: Access, secret: Secret): Promise<Keystore> {
  return Keystore.open(await readerOptions(access), secret, access.author, access.identity);
}

/** Opens with the secret. A keystore that is missing is made if this is the default place and `make` is set. */
export async function openKeystore(
  access: Access,
  make: ((made: Made) => void) | undefined,
): Promise<Keystore> {
  if (make !== undefined && access.isDefault && (await access.place.look()) !== 'taken') {
    await refuseVanished(access);
    const made = await initKeystore(access, 'EdDSA').catch(unlessThere);
    if (made !== undefined) make(made);
  }
  const options = await readerOptions(access);
  const found = (await access.findSecret()) ?? (await access.askSecret());
  if (found !== undefined) return unlock(access, options, found);
  await Reader.open(options, access.identity);
  throw new JwksError(
    'secret',
    `the keystore at ${options.storage.label} needs its secret, and none is set`,
    {
      hint: 'name it with --secret-file, JWKS_SECRET_FILE or JWKS_SECRET',
    },
  );
}

/**
 * Makes a keystore at a place that is empty or missing, for the secret that is set; where none is, makes the
 * secret file too. The secret is durable before the keystore is.
 */
export async function initKeystore(
  access: Access,
  alg: IdentityAlgorithm,
  asked?: FoundSecret,
  recipient?: Recipient,
): Promise<Made> {
  const { fs, place, secretFile } = access;
  if ((await place.look()) === 'taken') throw place.taken();
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
    const options = optionsFor(access, await place.make());
    const identity = await makeKeystore(options.storage, secret, access.author, alg, recipient);
    if (identity === undefined) throw place.taken();
    await unlock({ ...access, identity: undefined }, options, found).catch((cause: unknown) => {
      throw new JwksError('unconfirmed', `the keystore at ${place.label} is made, and does not open yet`, {
        hint: 'look at it with jwks secret list before anything is done again',
        cause,
      });
    });
    const ownFile = found.source === secretFile ? secretFile : undefined;
    return { keystore: place.label, identity, secretFile: ownFile, isSecretNew };
  } catch (error) {
    if (isSecretNew) access.warn(`made a secret   ${secretFile}    although the keystore was not made`);
    throw error;
  }
}

/** The default keystore was here and is gone: a new one in its place would sign what nobody can verify. */
async function refuseVanished({
  fs,
  place,
  stateDirectory,
  acceptRollback,
  identity,
}: Access): Promise<void> {
  const where = `there is no keystore at ${place.label}`;
  if (identity !== undefined) {
    throw new JwksError('not-found', `${where}, and so not the one with the fingerprint ${identity}`, {
      hint: makesDefault,
    });
  }
  const known = new SeenFiles(fs, stateDirectory).fingerprintAt(place.id());
  // Looked at again, since others may have made it just now.
  if (known === undefined || acceptRollback || (await place.look()) === 'taken') return;
  throw new JwksError(
    'rolled-back',
    `the keystore at ${place.label} is gone, and this host has seen one there (${known})`,
    {
      hint: 'put it back; or if it was removed on purpose, run once with --accept-rollback',
    },
  );
}

async function unlock(access: Access, options: ReaderOptions, found: FoundSecret): Promise<Keystore> {
  const secret = parseSecret(found.text, found.source);
  const keystore = await Keystore.open(options, secret, access.author, access.identity).catch((error) => {
    throw found.source === access.secretFile ? withWayPast(error, found.source) : error;
  });
  const before = options.seenFiles.fingerprintAt(options.storage.place);
  if (before !== undefined && before !== keystore.reader.fingerprint) {
    access.warn(
      `another keystore is at ${access.place.label} now: ${keystore.reader.fingerprint}, until now ${before}`,
    );
  }
  keystore.reader.remember(true);
  return keystore;
}

/** The user's own secret file is always read first: nobody is asked while it is there. */
function withWayPast(error: unknown, path: string): unknown {
  if (!(error instanceof JwksError) || error.code !== 'secret') return error;
  return new JwksError(error.code, error.message, {
    cause: error,
    hint: `name the right one with --secret-file, or JWKS_SECRET_FILE; a passphrase is asked for when ${shellWord(path)} is moved away`,
  });
}

const makesDefault = 'jwks create SET makes it';

async function readerOptions(access: Access): Promise<ReaderOptions> {
  return optionsFor(access, await access.place.open(access.isDefault ? makesDefault : undefined));
}

function optionsFor({ fs, stateDirectory, acceptRollback }: Access, storage: Storage): ReaderOptions {
  return { storage, seenFiles: new SeenFiles(fs, stateDirectory), acceptRollback };
}

/** On the first run somebody else may make the keystore in the same moment, which is as good. */
function unlessThere(error: unknown): undefined {
  if (error instanceof JwksError && error.code === 'conflict') return undefined;
  throw error;
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
