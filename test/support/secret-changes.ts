// `secret change` in a directory with a keystore and its secret, on any file system. A thread without vitest loads it.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { FileStorage } from '../../src/keystore/file-storage.ts';
import { type FileSystem, realFileSystem } from '../../src/keystore/file-system.ts';
import { Keystore } from '../../src/keystore/keystore.ts';
import { parseSecret, type Secret } from '../../src/keystore/secret.ts';
import { SeenFiles } from '../../src/keystore/seen.ts';
import { toInstant } from '../../src/lifecycle/time.ts';
import { type ChangedSecret, changeSecret } from '../../src/operations/change-secret.ts';
import { inNewFile, inPlace } from '../../src/operations/new-secrets.ts';

const author = { now: () => toInstant(Date.parse('2026-02-01T12:00:00Z') / 1000), by: 'alice@laptop' };
const checks = { uid: process.geteuid?.(), credentials: undefined };

export function openIn(
  directory: string,
  secret: Secret,
  fs: FileSystem = realFileSystem,
): Promise<Keystore> {
  const storage = new FileStorage(join(directory, 'keystore'), { fs });
  const seenFiles = new SeenFiles(realFileSystem, undefined);
  return Keystore.open({ storage, seenFiles, acceptRollback: false }, secret, author, undefined);
}

export const secretIn = (directory: string, name = 'secret'): Secret =>
  parseSecret(readFileSync(join(directory, name), 'utf8'), name);

interface Asked {
  readonly fs?: FileSystem;
  /** Another file for the new secret. */
  readonly into?: string | undefined;
  /** No file for it, but this one. */
  readonly passphrase?: string | undefined;
}

export async function changeIn(
  directory: string,
  { fs = realFileSystem, into, passphrase }: Asked = {},
): Promise<ChangedSecret> {
  const keystore = await openIn(directory, secretIn(directory), fs);
  const own = inPlace(join(directory, 'secret'), checks, fs);
  const named = into === undefined ? own : inNewFile(join(directory, into), checks, fs);
  return changeSecret(keystore, {
    text: passphrase,
    source: 'the file',
    keeping: passphrase === undefined ? named : undefined,
    own,
    open: (secret) => openIn(directory, secret, fs),
  });
}
