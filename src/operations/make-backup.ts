// Takes a consistent state of a keystore into one file. Needs no secret: what is private is sealed as it stands.
import { sealFile } from '../jose/sealed-file.ts';
import { backupType, serializeBackup } from '../keystore/backup.ts';
import type { Slot } from '../keystore/master-document.ts';
import type { Reader } from '../keystore/reader.ts';
import { parseRecipient, type Recipient } from '../keystore/recipient.ts';
import { formatInstant, type Instant } from '../lifecycle/time.ts';
import { readState } from './read-state.ts';

/** A key as a JWK or PEM, and what messages call it. */
export interface KeyText {
  readonly text: string;
  readonly source: string;
}

export interface MadeBackup {
  readonly bytes: Buffer;
  /** Those that are not deleted. */
  readonly sets: number;
  /** Private halves and symmetric keys. */
  readonly keys: number;
  /** What opens it. */
  readonly slots: readonly Slot[];
  /** The thumbprint of the recipient's key. */
  readonly recipient: string | undefined;
}

/** A backup of all documents as they stood together. One that is damaged ends it with its name. */
export async function makeBackup(
  reader: Reader,
  clock: Instant,
  sealedTo: KeyText | undefined,
): Promise<MadeBackup> {
  const recipient = sealedTo && parseRecipient(sealedTo.text, sealedTo.source);
  const state = await readState(reader, `no backup was made at ${formatInstant(clock)}`);
  const { manifests, ...documents } = state;
  const plain = serializeBackup({ created: clock, ...documents });
  return {
    bytes: recipient === undefined ? plain : await seal(plain, recipient),
    sets: manifests.filter(({ deleted }) => deleted === undefined).length,
    keys: manifests.flatMap(({ keys }) => keys.filter(({ held }) => held)).length,
    slots: reader.master.slots,
    recipient: recipient?.kid,
  };
}

async function seal(plain: Buffer, recipient: Recipient): Promise<Buffer> {
  return Buffer.from(`${JSON.stringify(await sealFile(plain, recipient, backupType))}\n`);
}
