// Copies a keystore to another place, as a restore from a backup that is never a file, and proves what it wrote.
import { JwksError } from '../errors.ts';
import { inBatches } from '../keystore/in-batches.ts';
import { Keystore } from '../keystore/keystore.ts';
import { SeenFiles } from '../keystore/seen.ts';
import { type DocumentName, documentOf } from '../keystore/set-id.ts';
import type { Storage, StoredDocument } from '../keystore/storage.ts';
import { applyRestore, type Restored } from './apply-restore.ts';
import { forgetful, secretFor } from './check-backup.ts';
import { type Access, openKeystore } from './open.ts';
import { fromPlace } from './origin.ts';
import { planOver } from './plan-copy.ts';
import type { RestorePlan } from './plan-restore.ts';
import { proveSets } from './prove-keystore.ts';
import { readState } from './read-state.ts';

/** Both with the same secret: a copy has no other. */
export interface CopyAccess {
  readonly from: Access;
  readonly to: Access;
}

export interface CopyPlan {
  readonly to: Access;
  readonly restore: RestorePlan;
  /** What the target holds afterwards, byte for byte, where a newer state of it is not kept. */
  readonly documents: ReadonlyMap<DocumentName, StoredDocument>;
}

export interface Copied {
  readonly sets: readonly Restored[];
  /** What was read back from the target and proved: sets that are not deleted, and private keys. */
  readonly proved: { readonly sets: number; readonly keys: number };
}

/**
 * Takes the keystore as it stands, proves every key of it with the secret, and decides what is to be written. Exit 6
 * where anything in it is damaged; exit 5 where another keystore is at the target, or another state of this one and
 * `force` is not set. Writes nothing at either place.
 */
export async function planCopy({ from, to }: CopyAccess, force: boolean): Promise<CopyPlan> {
  const access = askingOnce(from);
  await refuseMissing(from);
  const { reader } = await openKeystore(access, undefined);
  const state = await readState(reader, 'nothing was copied');
  reader.remember(true);
  const target = { ...to, ...secretsOf(access), identity: state.identity };
  warnOfOther(target);
  // A copy of what is remembered apart is apart too.
  const isApart = new SeenFiles(from.fs, from.stateDirectory).isApart(state.identity, from.place.id());
  const request = { backup: state, source: from.place.label, origin: fromPlace, sets: [], force, isApart };
  const restore = await planOver(target, request);
  const unchanged = restore.steps.filter(({ action, isSame }) => action === 'written' || isSame);
  const documents = new Map(unchanged.map(({ set, document }) => [documentOf(set), document]));
  if (restore.keystore === undefined || restore.keystore.reader.master.revision === state.master.revision)
    documents.set('master', state.master);
  return { to: target, restore, documents };
}

/** Writes, reads all of it back from the target, and proves every key there. `progress`: how many sets are written. */
export async function applyCopy(
  { to, restore, documents }: CopyPlan,
  progress?: (done: number, of: number) => void,
): Promise<Copied> {
  const sets = await applyRestore(to, restore, progress);
  const storage = await to.place.open();
  // Of ten thousand sets this takes longer than somebody who pressed Ctrl-C would wait.
  const goOn = () => {
    if (to.shield?.isPending === true)
      throw new JwksError('interrupted', 'all of it is written, and not proved yet; run it again');
  };
  await compare(storage, documents, goOn);
  const options = { storage, seenFiles: forgetful(to), acceptRollback: false };
  const keystore = await Keystore.open(options, await secretFor(to), to.author, restore.identity);
  const hint = 'the source is as it was: copy it again, to an empty place';
  const proved = await proveSets(keystore, hint, goOn);
  return {
    sets,
    proved: {
      sets: proved.sets.filter(({ manifest }) => manifest.deleted === undefined).length,
      keys: proved.sets.reduce((sum, { keys }) => sum + keys, 0),
    },
  };
}

/** So many documents are read back together. */
const together = 128;

async function compare(
  storage: Storage,
  documents: ReadonlyMap<DocumentName, StoredDocument>,
  goOn: () => void,
): Promise<void> {
  await inBatches([...documents], together, async ([name, { revision, bytes }]) => {
    goOn();
    const there = await storage.read(name);
    if (there?.revision === revision && Buffer.from(bytes).equals(there.bytes)) return;
    if (there !== undefined && there.revision > revision) {
      throw new JwksError('conflict', `${name} was changed at ${storage.label} while it was copied`, {
        hint: 'all of it is there; see to it that only one of the two places is changed, and run it again',
      });
    }
    throw new JwksError('failed', `${name} does not read at ${storage.label} as it was written`);
  });
}

/** A typed secret is asked for once, and so is one from a pipe. */
function askingOnce(access: Access): Access {
  let asked: ReturnType<Access['askSecret']> | undefined;
  return {
    ...access,
    askSecret: () => {
      asked ??= access.askSecret();
      return asked;
    },
  };
}

function secretsOf({ findSecret, askSecret }: Access): Pick<Access, 'findSecret' | 'askSecret'> {
  return { findSecret, askSecret };
}

/** A name that is misspelled must not be told how to make an empty keystore, which would then be copied. */
async function refuseMissing({ place }: Access): Promise<void> {
  if ((await place.look()) !== 'taken')
    throw new JwksError('not-found', `there is no keystore at ${place.label}`, {
      hint: '--from is the place that it is copied from',
    });
}

function warnOfOther({ fs, stateDirectory, place, identity, warn }: Access): void {
  const before = new SeenFiles(fs, stateDirectory).fingerprintAt(place.id());
  if (before !== undefined && before !== identity)
    warn(`this host has seen another keystore at ${place.label}: ${before}`);
}
