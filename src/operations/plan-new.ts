// Decides what a restore or a copy does where there is no master document: all is written, and what is there of the
// same keystore already is kept.
import { JwksError } from '../errors.ts';
import { SeenFiles } from '../keystore/seen.ts';
import { documentOf } from '../keystore/set-id.ts';
import type { StoredDocument } from '../keystore/storage.ts';
import { adoptSets } from './adopt-sets.ts';
import { checkTaken, type TakeRequest } from './check-backup.ts';
import { decideSteps } from './decide-steps.ts';
import { refuseGoingBack, stateOf } from './going-back.ts';
import type { Access } from './open.ts';
import type { MasterStep, RestorePlan, Target } from './plan-restore.ts';
import { refuseOverwriting } from './restore-faults.ts';
import { emptyTarget } from './restore-target.ts';

/** `master` of the target: a mere name, or what is damaged. */
export async function planNew(
  access: Access,
  request: TakeRequest,
  { storage, master }: Target,
): Promise<RestorePlan> {
  const { backup, origin, force } = request;
  refuseDamaged(access, master, force);
  const checked = await checkTaken(access, request);
  const { identity, isPinned, sets, untried } = checked;
  const { reader } = checked.keystore;
  const manifests = sets.map(({ manifest }) => manifest);
  const { place, author, fs, stateDirectory } = access;
  if (storage !== undefined && origin.isCopied)
    await emptyTarget(place, storage, { ...backup, manifests, reader });
  const adopted =
    storage === undefined || origin.isCopied ? undefined : await adoptSets(access, request, storage, checked);
  const keystore = adopted?.keystore;
  const seen = new SeenFiles(fs, stateDirectory).apart(identity, place.id());
  const opening = { storage, reader: keystore?.reader, keystore, seen, opens: () => true };
  const steps = await decideSteps(request, manifests, { ...opening, clock: author.now(), origin });
  // What is kept or leads to what is written is no hindrance: an earlier attempt may have left it.
  if (!force)
    refuseOverwriting(
      steps.filter(({ action }) => !['written', 'kept'].includes(action)),
      access,
      request,
    );
  const states = new Map([
    ['master' as const, stateOf(backup.master, reader.master.previous)],
    ...(adopted?.others ?? []),
    ...steps.map(({ set, state }) => [documentOf(set), state] as const),
  ]);
  return {
    label: place.label,
    origin,
    identity,
    isPinned,
    isNew: true,
    isApart: request.isApart,
    behind: refuseGoingBack(access, identity, states, true),
    isAdopted: steps.some(({ isThere }) => isThere) || (adopted?.others.size ?? 0) > 0,
    master: masterStep(backup.master, master, seen.get('master')?.revision ?? 0),
    storage,
    keystore,
    steps,
    untried,
    holderOf: () => checked.keystore,
  };
}

function refuseDamaged(
  { place: { label } }: Access,
  master: StoredDocument | undefined,
  force: boolean,
): void {
  if (master === undefined || master.bytes.length === 0 || force) return;
  throw new JwksError('damaged', `the master document at ${label} is damaged`, {
    hint: 'with --force that of the backup is put above it, where it opens the sets that are there',
  });
}

/** As it is; where its revision is taken already by what is damaged, as the next one. */
function masterStep(document: StoredDocument, there: StoredDocument | undefined, seen: number): MasterStep {
  const from = there?.revision ?? 0;
  return from < document.revision
    ? { document, from, revision: document.revision }
    : { document, from, revision: Math.max(from, seen) + 1 };
}
