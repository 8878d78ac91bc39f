// Secrets that a keystore is to be sealed to, from where a person keeps them.
import { statSync } from 'node:fs';
import { describeSystemError, JwksError, systemCode } from '../errors.ts';
import { type Limits, readFileText } from '../keystore/bounded-text.ts';
import { type FileSystem, realFileSystem } from '../keystore/file-system.ts';
import type { Keystore } from '../keystore/keystore.ts';
import { discard } from '../keystore/new-file.ts';
import { parseRecipient, type Recipient } from '../keystore/recipient.ts';
import { parseSecret, type Secret } from '../keystore/secret.ts';
import {
  dropFormerFile,
  exchangeSecret,
  isStaged,
  readFormer,
  realSecretFile,
  stageSecret,
  unstageSecret,
} from '../keystore/secret-file.ts';
import {
  type FoundSecret,
  makeSecretFile,
  readSecretFile,
  type SecretSources,
} from '../keystore/secret-sources.ts';
import type { Keeping } from './change-secret.ts';
import { addSecret, hasSlot, type SlotEntry } from './secrets.ts';

type Checks = Pick<SecretSources, 'uid' | 'credentials'>;

/** No public key as a JWK or PEM comes near it. */
const mostRecipientBytes = 65_536;

/** A public key in a file, as a JWK or PEM. */
export async function readRecipient(path: string): Promise<Recipient> {
  return parseRecipient(await readKeyText(path), path);
}

async function readKeyText(path: string): Promise<string> {
  const limits: Limits = {
    mostBytes: mostRecipientBytes,
    tooLong: () => new JwksError('bad-key', `${path} is longer than 64 KiB, and holds no public key`),
    notText: () => new JwksError('bad-key', `${path} is not text in UTF-8, and holds no public key`),
  };
  try {
    const stats = statSync(path);
    if (stats.isDirectory())
      throw new JwksError('usage', `${path} is a directory, and no file with a public key`);
    return await readFileText(path, stats, limits);
  } catch (error) {
    if (error instanceof JwksError) throw error;
    const code = ['ENOENT', 'ENOTDIR'].includes(systemCode(error) ?? '') ? 'not-found' : 'failed';
    throw new JwksError(code, `cannot read ${path}: ${describeSystemError(error)}`, { cause: error });
  }
}

/**
 * Seals the keystore to the secret in a file. One that is missing is made, durable and 0600, with a generated secret;
 * it goes again where the change is refused for certain.
 */
export async function addSecretFile(
  keystore: Keystore,
  request: { readonly path: string; readonly label: string | undefined; readonly checks: Checks },
): Promise<SlotEntry & { readonly isMade: boolean }> {
  const { path, label, checks } = request;
  const isThere = realFileSystem.lstat(realSecretFile(realFileSystem, path)) !== undefined;
  const isMade = !isThere && makeSecretFile(realFileSystem, path);
  const key = toSlotKey(await readSecret(path, checks));
  try {
    return { ...(await addSecret(keystore, { key, label })), isMade };
  } catch (error) {
    // Any other error may come after the slot was written, as may a conflict with it.
    const isRefused = error instanceof JwksError && error.code === 'conflict' && !hasSlot(keystore, key);
    if (isMade && isRefused) discard(realFileSystem, path);
    throw error;
  }
}

async function readSecret(path: string, checks: Checks): Promise<Secret> {
  const { text, source } = await readSecretFile(path, checks);
  return parseSecret(text, source);
}

export function toSlotKey(found: Secret | FoundSecret): Secret {
  const secret = 'kind' in found ? found : parseSecret(found.text, found.source);
  if (secret.kind !== 'recipient') return secret;
  throw new JwksError('bad-key', `${secret.source} holds a private key`, {
    hint: 'seal to its public half with --recipient, and keep the private one elsewhere',
  });
}

/** The file that a name stands for, links resolved: where a secret can be kept. */
export function secretFileAt(path: string): string {
  return realSecretFile(realFileSystem, path);
}

/** Keeps a secret in a file (its links resolved), in place of the one that is there. */
export function inPlace(path: string, checks: Checks, fs: FileSystem = realFileSystem): Keeping {
  return {
    read: () => readIfThere(fs, path, checks),
    prepare: (kid, text) => stageSecret(fs, path, kid, text),
    abandon: (kid) => unstageSecret(fs, path, kid),
    isPrepared: (kid) => isStaged(fs, path, kid),
    exchange: (kid) => exchangeSecret(fs, path, kid),
    former: () => readFormer(fs, path),
    forget: (text) => dropFormerFile(fs, path, text),
  };
}

/** Keeps a secret in a file that is not there yet. */
export function inNewFile(path: string, checks: Checks, fs: FileSystem = realFileSystem): Keeping {
  return {
    read: () => readIfThere(fs, path, checks),
    prepare: (_, text) => {
      if (makeSecretFile(fs, path, text)) return;
      // It may be the secret of another keystore.
      throw new JwksError('conflict', `${path} is there already, and not the secret in use`, {
        hint: 'name a file that is not there',
      });
    },
    abandon: (_, text) => {
      if (holds(fs, path, `${text}\n`)) discard(fs, path);
    },
    // It was made whole under its name.
    isPrepared: () => false,
    exchange: () => {},
    former: () => undefined,
    forget: () => true,
  };
}

function holds(fs: FileSystem, path: string, text: string): boolean {
  try {
    return fs.readFile(path).toString() === text;
  } catch {
    return false;
  }
}

async function readIfThere(fs: FileSystem, path: string, checks: Checks): Promise<string | undefined> {
  return fs.lstat(path) === undefined ? undefined : (await readSecretFile(path, checks)).text;
}
