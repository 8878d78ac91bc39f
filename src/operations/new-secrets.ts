// Secrets that a keystore is to be sealed to, from where a person keeps them.
import { existsSync, readFileSync } from 'node:fs';
import { describeSystemError, JwksError } from '../errors.ts';
import { type FileSystem, realFileSystem } from '../keystore/file-system.ts';
import type { SlotKey } from '../keystore/master-document.ts';
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

/** The secret in a file. One that is missing is made, durable and 0600, with a generated secret. */
export function secretFile(
  path: string,
  checks: Checks,
): { readonly key: SlotKey; readonly isMade: boolean } {
  const isMade = !existsSync(path) && makeSecretFile(realFileSystem, path);
  return { key: toSlotKey(readSecret(path, checks)), isMade };
}

export function readSecret(path: string, checks: Checks): Secret {
  const { text, source } = readSecretFile(path, checks);
  return parseSecret(text, source);
}

export function toSlotKey(found: Secret | FoundSecret): Secret {
  const secret = 'kind' in found ? found : parseSecret(found.text, found.source);
  if (secret.kind !== 'recipient') return secret;
  throw new JwksError('bad-key', `${secret.source} holds a private key`, {
    hint: 'seal to its public half with --recipient, and keep the private one elsewhere',
  });
}

/** Keeps a secret in a file, in place of the one that is there. */
export function inFile(path: string, checks: Checks, fs: FileSystem = realFileSystem): Keeping {
  return {
    store: (text) => exchangeSecretFile(fs, path, text),
    read: () => readSecretFile(path, checks).text,
    forget: () => dropFormerFile(fs, path),
  };
}
