// Opens a backup: takes it out of its seal.
import { JwksError } from '../errors.ts';
import { openFile, sealedTo } from '../jose/sealed-file.ts';
import { type Backup, backupType, mostBackupBytes, parseBackup } from '../keystore/backup.ts';
import { parseRecipientSecret } from '../keystore/recipient.ts';
import type { KeyText } from './make-backup.ts';

/** The most that is read: sealed to a recipient, a backup is a third larger. */
export const mostFileBytes = 2 * mostBackupBytes;

/** Reads a backup. `findKey` gives the private key of the recipient, where the file is sealed to one. */
export async function readBackup(
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
