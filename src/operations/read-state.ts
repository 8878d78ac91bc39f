// Takes the documents of a keystore as they stand together, while others change it.
import { setTimeout as pause } from 'node:timers/promises';
import { JwksError } from '../errors.ts';
import type { KeystoreState } from '../keystore/backup.ts';
import { inBatches } from '../keystore/in-batches.ts';
import { KnownManifests } from '../keystore/known-manifests.ts';
import type { Manifest } from '../keystore/manifest.ts';
import type { Reader } from '../keystore/reader.ts';
import { digestOf } from '../keystore/set-document.ts';
import { type DocumentName, documentOf } from '../keystore/set-id.ts';
import type { StoredDocument } from '../keystore/storage.ts';

export interface ReadState extends KeystoreState {
  /** Deleted ones too, by set id. */
  readonly manifests: readonly Manifest[];
}

const mostTries = 20;
/** So many documents are taken at a time. */
const together = 128;

/**
 * All documents as they stood together: the master document and the list of sets are the same before and after. The
 * signature of each is verified; one that is damaged ends it with its name. Exit 5 where others never stop, with
 * `nothing`, which says what was not done.
 */
export async function readState(reader: Reader, nothing: string): Promise<ReadState> {
  for (let tries = 1; tries <= mostTries; tries++) {
    const state = await tryToRead(reader);
    if (state !== undefined) return state;
    await pause(Math.random() * 10 * tries);
  }
  throw new JwksError('conflict', `${nothing}: others change the keystore`, {
    hint: 'run it again when less is going on',
  });
}

/** `undefined`: somebody changed what binds the documents together meanwhile. */
async function tryToRead(reader: Reader): Promise<ReadState | undefined> {
  const { storage } = reader;
  await reader.reloadMaster();
  const master = await storage.read('master');
  // What was checked is what is taken.
  if (master === undefined || digestOf(master.bytes) !== reader.masterDigest) return undefined;
  const before = await storage.list();
  const known = new KnownManifests();
  const checked = (await reader.readManifests(undefined, known)).map(({ set }) => documentOf(set));
  const taken = new Map<DocumentName, Taken | undefined>(checked.map((name) => [name, undefined]));
  await inBatches(checked, together, async (name) => void taken.set(name, await take(reader, name, known)));
  const sets = new Map<DocumentName, StoredDocument>();
  const manifests: Manifest[] = [];
  for (const [name, one] of taken) {
    if (one === undefined) return undefined;
    sets.set(name, one.stored);
    manifests.push(one.manifest);
  }
  if (await reader.reloadMaster()) return undefined;
  const after = new Set(await storage.list());
  return after.size === before.length && before.every((name) => after.has(name))
    ? { keystore: reader.master.keystore, identity: reader.fingerprint, master, sets, manifests }
    : undefined;
}

interface Taken {
  readonly stored: StoredDocument;
  readonly manifest: Manifest;
}

/** A set's document, byte for byte the one that was checked; looked at again where it was changed meanwhile. */
async function take(reader: Reader, name: DocumentName, checked: KnownManifests): Promise<Taken | undefined> {
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
