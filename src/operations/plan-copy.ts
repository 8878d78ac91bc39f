// Decides what a copy does at a place that holds the same keystore already: what is equal is left alone, and what
// differs is for `force`.
import { JwksError } from '../errors.ts';
import { toStorage } from '../keystore/backup.ts';
import { Keystore } from '../keystore/keystore.ts';
import { Reader } from '../keystore/reader.ts';
import { SeenFiles } from '../keystore/seen.ts';
import type { SetId } from '../keystore/set-id.ts';
import { type DocumentName, documentOf } from '../keystore/set-id.ts';
import type { Storage, StoredDocument } from '../keystore/storage.ts';
import { checkTaken, forgetful, secretFor, type TakeRequest } from './check-backup.ts';
import { decideMaster, type Standing } from './decide-master.ts';
import type { SetStep } from './decide-restore.ts';
import { decideSteps } from './decide-steps.ts';
import { refuseGoingBack, type State, stateOf } from './going-back.ts';
import type { Access } from './open.ts';
import { planNew } from './plan-new.ts';
import { lookAt, type RestorePlan } from './plan-restore.ts';
import { proveSets } from './prove-keystore.ts';
import { refuseOtherKeystore } from './restore-faults.ts';

/** What a copy would do. Exit 5 where what is there differs and `force` is not set, or forked. Writes nothing. */
export async function planOver(access: Access, request: TakeRequest): Promise<RestorePlan> {
  const { storage, master: own } = await lookAt(access);
  if (storage === undefined || own === undefined || own.bytes.length === 0)
    return planNew(access, request, { storage, master: own });
  const { place, author } = access;
  const { backup, origin, force } = request;
  // What this host has seen of the source is no yardstick for a copy of it.
  const there = await Reader.open({ storage, seenFiles: forgetful(access), acceptRollback: true }, undefined);
  refuseOtherKeystore(there, place, request);
  const { sets, untried, keystore: taken } = await checkTaken(access, request);
  const source = taken.reader;
  const standing = decideMaster(there, own, source, place, request);
  const keystore = standing === 'behind' ? undefined : await open(access, there, storage);
  const extra = (await storage.list()).filter((name) => !backup.sets.has(name));
  const others = [...(await (keystore?.reader ?? there).readEach(extra)).values()].map(({ set }) => set);
  if (standing === 'ahead') await refuseRekeyed(access, there, own, request);
  const identity = standing === 'ahead' ? there.fingerprint : backup.identity;
  const seen = new SeenFiles(access.fs, access.stateDirectory).apart(identity, place.id());
  const opening = { storage, reader: keystore?.reader ?? there, keystore, seen, opens: () => true };
  const manifests = sets.map(({ manifest }) => manifest);
  const steps = await decideSteps(request, manifests, { ...opening, clock: author.now(), origin });
  if (!force) refuseDifference(standing, steps, others, access, request);
  if (standing === 'behind') refuseAhead(steps, others, access, request);
  const { revision } = backup.master;
  const states = new Map<DocumentName, State>(
    steps.map(({ set, state }) => [documentOf(set), state] as const),
  );
  if (standing !== 'ahead') states.set('master', stateOf(backup.master, source.master.previous));
  return {
    ...{ label: place.label, origin, isPinned: true, isNew: false, isAdopted: false, identity },
    isApart: request.isApart,
    behind: refuseGoingBack(access, identity, states, false),
    master: standing === 'behind' ? { document: backup.master, from: own.revision, revision } : undefined,
    ...{ storage, keystore, steps, untried, holderOf: () => taken },
  };
}

async function open(access: Access, { fingerprint }: Reader, storage: Storage): Promise<Keystore> {
  const options = { storage, seenFiles: forgetful(access), acceptRollback: true };
  return Keystore.open(options, await secretFor(access), access.author, fingerprint);
}

/** Where the target was rekeyed, its key opens nothing that was sealed before. */
async function refuseRekeyed(
  access: Access,
  there: Reader,
  own: StoredDocument,
  { backup, source, origin }: TakeRequest,
): Promise<void> {
  const mixed = await open(access, there, toStorage(source, own, backup.sets));
  try {
    await proveSets(mixed, origin.whenDamaged);
  } catch (cause) {
    if (!(cause instanceof JwksError) || cause.code !== 'damaged') throw cause;
    throw new JwksError(
      'conflict',
      `the keystore at ${access.place.label} was rekeyed, and does not open what ${source} has`,
      { hint: `their histories were forked: ${origin.elsewhere}`, cause },
    );
  }
}

function refuseDifference(
  standing: Standing,
  steps: readonly SetStep[],
  others: readonly SetId[],
  { place: { label } }: Access,
  { source }: TakeRequest,
): void {
  const differing = steps.filter(({ isThere, isSame }) => isThere && !isSame).map(({ set }) => set);
  if (standing === 'same' && differing.length === 0 && others.length === 0) return;
  const master = standing === 'same' ? [] : ['its master document'];
  throw new JwksError(
    'conflict',
    `the keystore at ${label} is not as the one at ${source} in ${few([...master, ...quoted([...differing, ...others])])}`,
    { hint: 'with --force the higher revision of each is kept, and what is revoked in either stays so' },
  );
}

/** A master document is replaced where all the rest is older too: else both were changed since they were one. */
function refuseAhead(
  steps: readonly SetStep[],
  others: readonly SetId[],
  { place: { label } }: Access,
  { origin }: TakeRequest,
): void {
  const ahead = steps.filter(({ action, isSame }) => action !== 'written' && !isSame).map(({ set }) => set);
  if (ahead.length === 0 && others.length === 0) return;
  throw new JwksError(
    'conflict',
    `the keystore at ${label} has an older master document, and newer sets: ${few(quoted([...ahead, ...others]))}`,
    {
      hint: `both were changed since they were one: ${origin.elsewhere}`,
    },
  );
}

function quoted(sets: readonly SetId[]): string[] {
  return sets.map((set) => `"${set}"`);
}

const most = 10;

/** Of ten thousand names nobody reads all. */
function few(names: readonly string[]): string {
  const rest = names.length - most;
  return rest > 0 ? `${names.slice(0, most).join(', ')} and ${rest} more` : names.join(', ');
}
