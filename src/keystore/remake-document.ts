// Makes a document anew from one of a backup, where it cannot be put back as it is: it is sealed under a key of before
// a rekey, or its revision is taken by what is damaged.
import { JwksError } from '../errors.ts';
import { SignatureChecker } from '../jose/identity.ts';
import { nowFor } from '../lifecycle/clock.ts';
import type { Instant } from '../lifecycle/time.ts';
import type { Author } from './author.ts';
import { signerOf } from './change-master.ts';
import type { Keystore, OpenSet } from './keystore.ts';
import { type HistoryEvent, mostEvents } from './manifest.ts';
import { openSlots, parseMaster, serializeMaster } from './master-document.ts';
import { digestOf, openSet, serializeSet } from './set-document.ts';
import { documentOf, toActor } from './set-id.ts';
import type { StoredDocument } from './storage.ts';

/** How the new document comes about. */
interface Remaking {
  /** What it is made from. */
  readonly document: StoredDocument;
  readonly revision: number;
  readonly author: Author;
  readonly note: string;
}

/**
 * A set, sealed under the key that seals now. As for every change the place is made first, then the master document
 * is read: see `Keystore.change`.
 */
export async function remakeSet(
  { reader, slot }: Keystore,
  { manifest, privateKeys }: OpenSet,
  remaking: Remaking,
): Promise<StoredDocument> {
  const { document, revision } = remaking;
  const name = documentOf(manifest.set);
  await reader.storage.reserve(name);
  await slot.refresh();
  const { identity, masterKeys } = slot.unlocked;
  const updated = nowFor(remaking.author.now(), manifest.updated);
  const next = {
    ...manifest,
    ...{ revision, previous: previousOf(document, revision), master: reader.master.revision, updated },
    events: [...manifest.events, eventOf(remaking, updated)].slice(-mostEvents),
  };
  const bytes = await serializeSet(next, privateKeys, masterKeys[0], identity);
  await openSet(await reader.parse(name, { revision, bytes }), masterKeys);
  return { revision, bytes };
}

/** The master document, which the secret must open before it is written. */
export async function remakeMaster({ reader, slot }: Keystore, remaking: Remaking): Promise<StoredDocument> {
  const { document, revision } = remaking;
  const { master } = reader;
  const updated = nowFor(remaking.author.now(), master.updated);
  const next = {
    ...master,
    ...{ revision, previous: previousOf(document, revision), updated },
    events: [...master.events, eventOf(remaking, updated)].slice(-mostEvents),
  };
  const bytes = await serializeMaster(next, signerOf(reader, slot.unlocked));
  const made = await parseMaster(bytes, revision, new SignatureChecker());
  if ((await openSlots(made.master.slots, slot.secret)) === undefined)
    throw new JwksError('internal', 'a master document that was just made does not open');
  return { revision, bytes };
}

/** What lies between them nobody has. */
function previousOf(document: StoredDocument, revision: number): string | undefined {
  return revision === document.revision + 1 ? digestOf(document.bytes) : undefined;
}

function eventOf({ revision, author, note }: Remaking, at: Instant): HistoryEvent {
  return { id: `${revision}.1`, at, event: 'restored', by: toActor(author.by), note };
}
