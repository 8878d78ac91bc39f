// Takes a consistent state of a keystore into one file. Needs no secret: what is private is sealed as it stands.
import { setTimeout as pause } from 'node:timers/promises';
import { JwksError } from '../errors.ts';
import { sealFile } from '../jose/sealed-file.ts';
import { backupType, serializeBackup } from '../keystore/backup.ts';
import { KnownManifests } from '../keystore/known-manifests.ts';
import type { Manifest } from '../keystore/manifest.ts';
import type { Slot } from '../keystore/master-document.ts';
import type { Reader } from '../keystore/reader.ts';
import { parseRecipient, type Recipient } from '../keystore/recipient.ts';
import { digestOf } from '../keystore/set-document.ts';
import { type DocumentName, documentOf } from '../keystore/set-id.ts';
import type { StoredDocument } from '../keystore/storage.ts';
import { formatInstant, type Instant } from '../lifecycle/time.ts';

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

const mostTries = 20;

/**
 * All documents as they stood together: the master document and the list of sets are the same before and after. The
 * signature of each is verified; one that is damaged ends it with its name.
 */
export async function makeBackup(
  reader: Reader,
  clock: Instant,
  sealedTo: KeyText | undefined,
): Promise<MadeBackup> {
  const recipient = sealedTo && parseRecipient(sealedTo.text, sealedTo.source);
  for (let tries = 1; tries <= mostTries; tries++) {
    const state = await readState(reader);
    if (state !== undefined) {
      const plain = serializeBackup({
        created: clock,
        keystore: reader.master.keystore,
        identity: reader.fingerprint,
        ...state,
      });
      const { manifests } = state;
      return {
        bytes: recipient === undefined ? plain : await seal(plain, recipient),
        sets: manifests.filter(({ deleted }) => deleted === undefined).length,
        keys: manifests.flatMap(({ keys }) => keys.filter(({ held }) => held)).length,
        slots: reader.master.slots,
        recipient: recipient?.kid,
      };
    }
    await pause(Math.random() * 10 * tries);
  }
  throw new JwksError(
    'conflict',
    `no backup was made at ${formatInstant(clock)}: others change the keystore`,
    {
      hint: 'run it again when less is going on',
    },
  );
}

interface State {
  readonly master: StoredDocument;
  readonly sets: ReadonlyMap<DocumentName, StoredDocument>;
  readonly manifests: readonly Manifest[];
}

/** `undefined`: somebody changed what binds the documents together meanwhile. */
async function readState(reader: Reader): Promise<State | undefined> {
  const { storage } = reader;
  await reader.reloadMaster();
  const master = await storage.read('master');
  // What was checked is what is taken.
  if (master === undefined || digestOf(master.bytes) !== reader.masterDigest) return undefined;
  const before = await storage.list();
  const known = new KnownManifests();
  const sets = new Map<DocumentName, StoredDocument>();
  const manifests: Manifest[] = [];
  for (const { set } of await reader.readManifests(undefined, known)) {
    const taken = await take(reader, documentOf(set), known);
    if (taken === undefined) return undefined;
    sets.set(documentOf(set), taken.stored);
    manifests.push(taken.manifest);
  }
  if (await reader.reloadMaster()) return undefined;
  const after = new Set(await storage.list());
  return after.size === before.length && before.every((name) => after.has(name))
    ? { master, sets, manifests }
    : undefined;
}

/** A set's document, byte for byte the one that was checked; looked at again where it was changed meanwhile. */
async function take(reader: Reader, name: DocumentName, checked: KnownManifests) {
  let known = checked;
  for (let tries = 1; tries <= mostTries; tries++) {
    const stored = await reader.storage.read(name);
    const own = known.get(name);
    if (stored !== undefined && own?.sha256 === digestOf(stored.bytes))
      return { stored, manifest: own.manifest };
    known = new KnownManifests();
    await reader.readEach([name], undefined, known);
  }
  return undefined;
}

async function seal(plain: Buffer, recipient: Recipient): Promise<Buffer> {
  return Buffer.from(`${JSON.stringify(await sealFile(plain, recipient, backupType))}\n`);
}
