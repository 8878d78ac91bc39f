// Secrets that a keystore is to be sealed to, from where a person keeps them.
import { existsSync, readFileSync } from 'node:fs';
import { describeSystemError, JwksError } from '../errors.ts';
import { type FileSystem, realFileSystem } from '../keystore/file-system.ts';
import type { Keystore } from '../keystore/keystore.ts';
import { discard } from '../keystore/new-file.ts';
import { parseRecipient, type Recipient } from '../keystore/recipient.ts';
import { parseSecret, type Secret } from '../keystore/secret.ts';
import { dropFormerFile, exchangeSecretFile } from '../keystore/secret-file.ts';
import {
  type FoundSecret,
  makeSecretFile,
  readSecretFile,
  type SecretSources,
} from '../keystore/secret-sources.ts';
import type { Keeping } from './change-secret.ts';
import { addSecret, hasSlot, type SlotEntry } from './secrets.ts';

type Checks = Pick<SecretSources, 'uid' | 'credentials'>;

/** A public key in a file, as a JWK or PEM. */
export function readRecipient(path: string): Recipient {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new JwksError('not-found', `cannot read ${path}: ${describeSystemError(error)}`, { cause: error });
  }
  return parseRecipient(text, path);
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
  const isMade = !existsSync(path) && makeSecretFile(realFileSystem, path);
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

/** One after the other: with one that is refused, nobody waits for the next. */
export async function readSecrets(paths: readonly string[], checks: Checks): Promise<Secret[]> {
  const secrets: Secret[] = [];
  for (const path of paths) secrets.push(await readSecret(path, checks));
  return secrets;
}

/** Keeps a secret in a file, in place of the one that is there. */
export function inFile(path: string, checks: Checks, fs: FileSystem = realFileSystem): Keeping {
  return {
    store: (text) => exchangeSecretFile(fs, path, text),
    read: async () => (await readSecretFile(path, checks)).text,
    forget: () => dropFormerFile(fs, path),
  };
}
