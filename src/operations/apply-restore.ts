// Carries out a restore or a copy, so that one that is stopped can be run again: into nothing the sets first and the
// master document last, since what has none is no keystore; over one that is there the other way round, as a rekey
// does it, so that whoever writes meanwhile seals under a key that stays.
import { JwksError } from '../errors.ts';
import type { Keystore } from '../keystore/keystore.ts';
import { remakeMaster, remakeSet } from '../keystore/remake-document.ts';
import { SeenFiles } from '../keystore/seen.ts';
import type { SeenDocument } from '../keystore/seen-file.ts';
import { digestOf, openSet } from '../keystore/set-document.ts';
import { type DocumentName, documentOf, type SetId } from '../keystore/set-id.ts';
import type { Storage, StoredDocument } from '../keystore/storage.ts';
import { nowFor } from '../lifecycle/clock.ts';
import { isNew } from '../lifecycle/draft.ts';
import { planMerge } from '../lifecycle/plan-merge.ts';
import { changeSet, lifeOf } from './change-set.ts';
import type { SetStep } from './decide-restore.ts';
import type { Access } from './open.ts';
import type { Origin } from './origin.ts';
import type { RestorePlan } from './plan-restore.ts';

export interface Restored {
  readonly set: SetId;
  readonly revision: number;
  readonly action: SetStep['action'];
  /** Kids that are retired or revoked by it. */
  readonly buried: readonly string[];
}

/** `progress` is told how many of the sets are done. */
export async function applyRestore(
  access: Access,
  plan: RestorePlan,
  progress?: (done: number, of: number) => void,
): Promise<Restored[]> {
  const { shield } = access;
  const storage = plan.storage ?? (await access.place.make());
  const restored: Restored[] = [];
  const written = new Map<DocumentName, SeenDocument>();
  const { isNew } = plan;
  const master = await masterOf(access, plan);
  if (master !== undefined && !isNew) await write(storage, 'master', master.from, master.document);
  for (const step of plan.steps) {
    progress?.(restored.length, plan.steps.length);
    if (shield?.isPending === true)
      throw new JwksError('interrupted', `set "${step.set}" was not begun; run it again to finish`);
    const now = await applyStep(access, plan, storage, step);
    written.set(documentOf(step.set), now);
    const { set, action, buried } = step;
    restored.push({ set, revision: now.revision, action, buried });
  }
  if (master !== undefined) {
    const { revision, bytes } = master.document;
    written.set('master', { revision, sha256: digestOf(bytes) });
  }
  // Before the keystore is there: who is stopped after it must not find that it went back.
  remember(access, plan, storage.place, written, new Set(await storage.list()));
  if (master !== undefined && isNew) await write(storage, 'master', master.from, master.document);
  return restored;
}

/** The master document to be written; where its revision is taken, signed anew. */
async function masterOf({ author }: Access, { master, holderOf, origin }: RestorePlan) {
  if (master === undefined || master.revision === master.document.revision) return master;
  const { document, revision, from } = master;
  const remaking = { document, revision, author, note: origin.note };
  return { from, document: await remakeMaster(holderOf('master'), remaking) };
}

/** Returns how the set stands after it. */
async function applyStep(
  { author }: Access,
  { keystore, origin, holderOf }: RestorePlan,
  storage: Storage,
  step: SetStep,
): Promise<SeenDocument> {
  const name = documentOf(step.set);
  let { document } = step;
  if (step.action === 'resealed' && keystore !== undefined) {
    const { revision, set } = step;
    const opened = await holderOf(name).openSet(set);
    if (opened === undefined) throw new JwksError('internal', `set "${set}" is not in the backup`);
    document = await remakeSet(keystore, opened, { document, revision, author, note: origin.note });
    await write(storage, name, step.from, document);
  } else if (step.action === 'written' || step.isSame) {
    if (step.action === 'written' && keystore !== undefined) await claim(keystore, name, step, origin);
    await write(storage, name, step.from, document);
  } else if (keystore !== undefined) {
    if (step.isBehind) await merge(keystore, step, origin);
    const current = await keystore.reader.readForChange(step.set);
    if (current === undefined)
      throw new JwksError('failed', `set "${step.set}" is gone from ${storage.label}`);
    return { revision: current.document.manifest.revision, sha256: current.sha256 };
  }
  return { revision: document.revision, sha256: digestOf(document.bytes) };
}

/**
 * The place first, then the master document, as for every change: a `rekey` that comes now writes into the place, and
 * one that came before has taken the key away that the document is sealed under.
 */
async function claim(
  keystore: Keystore,
  name: DocumentName,
  { set, document }: SetStep,
  { elsewhere, isCopied }: Origin,
): Promise<void> {
  await keystore.reader.storage.reserve(name);
  await keystore.slot.refresh();
  const parsed = await keystore.reader.parse(name, document);
  if ((await openSet(parsed, keystore.slot.unlocked.masterKeys)) !== undefined) return;
  throw new JwksError(
    'damaged',
    `set "${set}" is sealed under a key that this keystore does not hold any more`,
    { hint: `a rekey was made meanwhile: ${isCopied ? elsewhere : 'run it again'}` },
  );
}

/** Writes a document as it is, and reads it back. */
async function write(
  storage: Storage,
  name: DocumentName,
  from: number,
  document: StoredDocument,
): Promise<void> {
  const outcome = await storage.seed(name, from, document.revision, document.bytes);
  if (outcome === 'unknown') {
    throw new JwksError('unconfirmed', `${name} is written but the disk did not confirm it`, {
      hint: 'run it again',
    });
  }
  const there = await storage.read(name).catch((cause: unknown) => {
    if (outcome === 'conflict') throw cause;
    throw new JwksError('unconfirmed', `${name} is written and cannot be read again`, {
      hint: 'run it again',
      cause,
    });
  });
  const isOurs = there !== undefined && Buffer.from(document.bytes).equals(there.bytes);
  if (isOurs && there.revision === document.revision) return;
  throw outcome === 'conflict'
    ? new JwksError('conflict', `${name} was changed by others meanwhile`, {
        hint: 'look at it, and run it again',
      })
    : new JwksError('failed', `${name} does not read as it was written`);
}

/** The state that is kept takes in what is over in the origin, as one change like others. */
async function merge(keystore: Keystore, { set, manifest }: SetStep, { note }: Origin): Promise<void> {
  const current = await keystore.reader.readSet(set);
  if (current?.manifest.deleted === undefined) {
    await changeSet(keystore, set, { note, force: true }, (own, now) =>
      planMerge(lifeOf(own.manifest), manifest, nowFor(now, own.manifest.updated)),
    );
    return;
  }
  await keystore.change(
    set,
    (own, now) => {
      if (own === undefined) return undefined;
      const { steps, keys } = planMerge(lifeOf(own.manifest), manifest, now);
      if (steps.length === 0) return undefined;
      const events = steps.map(({ event, kid, reason }) => ({ event, kid, note: `${reason}; ${note}` }));
      const kept = keys.filter((key) => !isNew(key));
      return { keys: kept, privateKeys: own.privateKeys, policy: own.manifest.policy, deleted: true, events };
    },
    { force: true },
  );
}

/**
 * What was restored counts as the highest from now on; where the keystore is new, nothing else is expected in it. At a
 * place that this host does not know it says nothing of the others.
 */
function remember(
  { fs, stateDirectory, acceptRollback }: Access,
  { identity, isNew, isApart }: RestorePlan,
  place: string,
  written: ReadonlyMap<DocumentName, SeenDocument>,
  there: ReadonlySet<DocumentName>,
): void {
  const files = new SeenFiles(fs, stateDirectory);
  const isShared = !isApart && !files.knows(identity, place);
  const seen = isShared ? files.of(identity, place) : files.apart(identity, place);
  if (!isShared) {
    for (const [name, document] of written) seen.accept(name, document);
    const gone = isNew ? seen.names().filter((name) => !written.has(name) && !there.has(name)) : [];
    for (const name of gone) seen.acceptAbsent(name);
  }
  seen.save({ place, openedWithSecret: true, acceptRollback });
}
