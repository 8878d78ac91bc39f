// Carries out a restore or a copy, so that one that is stopped can be run again: into nothing the sets first and the
// master document last, since what has none is no keystore; over one that is there the other way round, as a rekey
// does it, so that whoever writes meanwhile seals under a key that stays.
import { JwksError } from '../errors.ts';
import type { Keystore } from '../keystore/keystore.ts';
import { SeenFiles } from '../keystore/seen.ts';
import { digestOf, openSet } from '../keystore/set-document.ts';
import { type DocumentName, documentOf, type SetId } from '../keystore/set-id.ts';
import type { Storage, StoredDocument } from '../keystore/storage.ts';
import { nowFor } from '../lifecycle/clock.ts';
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
  const seen = new Map<DocumentName, { readonly revision: number; readonly sha256: string }>();
  const { master, isNew, origin } = plan;
  if (master !== undefined && !isNew) await write(storage, 'master', master.from, master.document);
  for (const step of plan.steps) {
    progress?.(restored.length, plan.steps.length);
    if (shield?.isPending === true)
      throw new JwksError('interrupted', `set "${step.set}" was not begun; run it again to finish`);
    const name = documentOf(step.set);
    if (step.action === 'written' && plan.keystore !== undefined)
      await claim(plan.keystore, name, step, origin);
    if (step.action === 'written' || step.isSame) await write(storage, name, step.from, step.document);
    else if (step.action === 'merged' && plan.keystore !== undefined)
      await merge(plan.keystore, step, origin);
    const now = await stateOf(storage, plan.keystore, step);
    seen.set(name, now);
    restored.push({ set: step.set, revision: now.revision, action: step.action });
  }
  if (master !== undefined) {
    const { revision, bytes } = master.document;
    seen.set('master', { revision, sha256: digestOf(bytes) });
  }
  // Before the keystore is there: who is stopped after it must not find that it went back.
  remember(access, plan, storage.place, seen);
  if (master !== undefined && isNew) await write(storage, 'master', master.from, master.document);
  return restored;
}

/**
 * The place first, then the master document, as for every change: a `rekey` that comes now writes into the place, and
 * one that came before has taken the key away that the document is sealed under.
 */
async function claim(
  keystore: Keystore,
  name: DocumentName,
  { set, document }: SetStep,
  { elsewhere }: Origin,
): Promise<void> {
  await keystore.reader.storage.reserve(name);
  await keystore.slot.refresh();
  const parsed = await keystore.reader.parse(name, document);
  if ((await openSet(parsed, keystore.slot.unlocked.masterKeys)) !== undefined) return;
  throw new JwksError(
    'damaged',
    `set "${set}" is sealed under a key that this keystore does not hold any more`,
    { hint: `a rekey was made meanwhile: ${elsewhere}` },
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
      const kept = keys.filter((key) => !('isNew' in key));
      return { keys: kept, privateKeys: own.privateKeys, policy: own.manifest.policy, deleted: true, events };
    },
    { force: true },
  );
}

async function stateOf(storage: Storage, keystore: Keystore | undefined, step: SetStep) {
  if (keystore === undefined || step.action === 'written')
    return { revision: step.document.revision, sha256: digestOf(step.document.bytes) };
  const current = await keystore.reader.readForChange(step.set);
  if (current === undefined) throw new JwksError('failed', `set "${step.set}" is gone from ${storage.place}`);
  return { revision: current.document.manifest.revision, sha256: current.sha256 };
}

/** The restored revisions count as the highest from now on; where the keystore is new, nothing else is expected in it. */
function remember(
  { fs, stateDirectory }: Access,
  plan: RestorePlan,
  place: string,
  documents: ReadonlyMap<DocumentName, { readonly revision: number; readonly sha256: string }>,
): void {
  const seen = new SeenFiles(fs, stateDirectory).of(plan.identity);
  for (const [name, document] of documents) seen.accept(name, document);
  if (plan.isNew) for (const name of seen.names()) if (!documents.has(name)) seen.acceptAbsent(name);
  seen.save({ place, openedWithSecret: true, acceptRollback: true });
}
