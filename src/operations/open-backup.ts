// Opens a backup: takes it out of its seal, and proves every document and every key of it before anybody relies on it.
import { JwksError } from '../errors.ts';
import { proveKey } from '../jose/prove/prove-key.ts';
import { parseJwk } from '../jose/read/parse-jwk.ts';
import { openFile, sealedTo } from '../jose/sealed-file.ts';
import { type Backup, backupType, mostBackupBytes, parseBackup } from '../keystore/backup.ts';
import type { Keystore, OpenSet } from '../keystore/keystore.ts';
import { parseRecipientSecret } from '../keystore/recipient.ts';
import { setNameOf } from '../keystore/set-id.ts';
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

export interface Verified {
  readonly sets: readonly OpenSet[];
  /** Keys of an algorithm that this Node does not have: their halves fit, and they were not tried. */
  readonly untried: readonly string[];
}

/** Opens every set and tries every key of a keystore. All sets with a fault are named together. */
export async function proveSets(keystore: Keystore): Promise<Verified> {
  const faults: JwksError[] = [];
  const sets: OpenSet[] = [];
  const untried: string[] = [];
  const manifests = await keystore.reader.readManifests((name, fault) => {
    faults.push(new JwksError(fault.code, `set "${setNameOf(name)}": ${fault.message}`, { cause: fault }));
  });
  for (const { set } of manifests) {
    try {
      const opened = await keystore.openSet(set);
      if (opened === undefined) throw new JwksError('internal', `set "${set}" is gone from the backup`);
      untried.push(...(await proveSet(opened)));
      sets.push(opened);
    } catch (error) {
      if (!(error instanceof JwksError)) throw error;
      faults.push(error);
    }
  }
  const [first] = faults;
  if (first === undefined) return { sets, untried };
  throw new JwksError(first.code, faults.map(({ message }) => message).join('; '), {
    hint: 'nothing was changed; name the sets to restore the others only',
    cause: first,
  });
}

/** Returns the kids that could not be tried here. */
async function proveSet({ manifest, privateKeys }: OpenSet): Promise<string[]> {
  const untried: string[] = [];
  for (const jwk of privateKeys) {
    try {
      await proveKey(parseJwk(jwk, `set "${manifest.set}", key "${jwk.kid}"`));
    } catch (error) {
      if (!(error instanceof JwksError) || error.code !== 'unsupported') throw error;
      untried.push(jwk.kid ?? '');
    }
  }
  return untried;
}

function parseJson(bytes: Uint8Array, source: string): unknown {
  try {
    return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString());
  } catch {
    // What JSON.parse says quotes its input.
    throw new JwksError('damaged', `${source} is no backup of a keystore: it is not JSON`);
  }
}
