// Opens a backup: takes it out of its seal.
import { JwksError } from '../errors.ts';
import { openFile, sealedTo } from '../jose/sealed-file.ts';
import { type Backup, backupType, mostBackupBytes, parseBackup } from '../keystore/backup.ts';
import { parseRecipientSecret } from '../keystore/recipient.ts';
import type { KeyText } from './make-backup.ts';

/** The most that is read: sealed to a recipient, a backup is a third larger. */
export const mostFileBytes = 2 * mostBackupBytes;

/** What is damaged in a backup is no file of a keystore, that others could be put beside. */
export const anotherBackup = 'take another copy of the file, or another backup';

/** What is damaged, and has no better hint, gets this one. */
export async function withHint<T>(hint: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    if (!(cause instanceof JwksError) || cause.code !== 'damaged' || cause.hint !== undefined) throw cause;
    throw new JwksError(cause.code, cause.message, { hint, cause });
  }
}

/** Reads a backup. `findKey` gives the private key of the recipient, where the file is sealed to one. */
export function readBackup(
  bytes: Uint8Array,
  source: string,
  findKey: () => Promise<KeyText | undefined>,
): Promise<Backup> {
  return withHint(anotherBackup, read(bytes, source, findKey));
}

async function read(
  bytes: Uint8Array,
  source: string,
  findKey: () => Promise<KeyText | undefined>,
): Promise<Backup> {
  if (bytes.length > mostFileBytes) throw new JwksError('damaged', `${source} is larger than 512 MiB`);
  const value = parseJson(bytes, source);
  const kid = typeof value === 'object' && value !== null ? sealedTo(value, backupType) : undefined;
  if (kid === undefined) return parseBackup(value, source);
  const found = await findKey();
  if (found === undefined) {
    throw new JwksError('secret', `${source} is sealed to the recipient ${kid}`, {
      hint: 'name the file of its private key with --recipient-key',
    });
  }
  const key = parseRecipientSecret(found.text, found.source);
  if (key.kid !== kid)
    throw new JwksError('secret', `${source} is sealed to the recipient ${kid}, not to ${key.kid}`);
  const plain = await openFile({ ...(value as object) }, key);
  if (plain === undefined) throw new JwksError('damaged', `${source} is damaged: it does not open`);
  return parseBackup(parseJson(plain, source), source);
}

function parseJson(bytes: Uint8Array, source: string): unknown {
  try {
    return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString());
  } catch {
    // What JSON.parse says quotes its input.
    throw new JwksError('damaged', `${source} is no backup of a keystore: it is not JSON`);
  }
}
