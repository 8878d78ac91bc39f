// Decides what a restore does with each set of a backup, and proves all of it before anything is written.
import { JwksError } from '../errors.ts';
import { type KeystoreState, toStorage } from '../keystore/backup.ts';
import { inBatches } from '../keystore/in-batches.ts';
import { Keystore } from '../keystore/keystore.ts';
import type { Manifest } from '../keystore/manifest.ts';
import { Reader } from '../keystore/reader.ts';
import { parseSecret, type Secret } from '../keystore/secret.ts';
import { SeenFiles } from '../keystore/seen.ts';
import { type DocumentName, documentOf, type SetId } from '../keystore/set-id.ts';
import type { Storage, StoredDocument } from '../keystore/storage.ts';
import { decideSet, type Question, type SetStep } from './decide-restore.ts';
import type { Access } from './open.ts';
import { fromBackup, type Origin } from './origin.ts';
import { proveSets, type Verified } from './prove-keystore.ts';
import {
  otherIdentity,
  refuseMislabelled,
  refuseOtherKeystore,
  refuseOtherSigner,
} from './restore-faults.ts';
import { emptyTarget } from './restore-target.ts';

export interface RestoreRequest {
  readonly backup: KeystoreState;
  /** What messages call it. */
  readonly source: string;
  /** Only these; none: all. */
  readonly sets: readonly SetId[];
  /** Into a keystore that has some of them. */
  readonly force: boolean;
}

/** The same, from wherever it is taken. */
export interface TakeRequest extends RestoreRequest {
  readonly origin: Origin;
}

export interface RestorePlan {
  /** Where, as people call it. */
  readonly label: string;
  readonly origin: Origin;
  /** The fingerprint of the keystore. */
  readonly identity: string;
  /** It was named, or this host remembers it. */
  readonly isPinned: boolean;
  /** There is no keystore yet. */
  readonly isNew: boolean;
  /** Absent: the one that is there stays. */
  readonly master: MasterStep | undefined;
  readonly storage: Storage | undefined;
  /** The keystore that is there, open; absent where there is none, or its master document is to be replaced. */
  readonly keystore: Keystore | undefined;
  readonly steps: readonly SetStep[];
  readonly untried: readonly string[];
}

export interface MasterStep {
  readonly document: StoredDocument;
  /** The revision that is there, 0 for none. */
  readonly from: number;
}

/** A place, as far as it is there. */
export interface Target {
  readonly storage: Storage | undefined;
  /** Absent: no keystore is there. An empty one is a name that a restore made which was stopped. */
  readonly master: StoredDocument | undefined;
}

export async function lookAt({ place }: Access): Promise<Target> {
  const storage = (await place.look()) === 'absent' ? undefined : await place.open();
  return { storage, master: await storage?.read('master') };
}

interface Checked extends Verified {
  readonly identity: string;
  readonly isPinned: boolean;
  readonly reader: Reader;
}

/** Opens a backup with the secret and proves every key of it. Writes nothing and looks at no keystore. */
export function checkBackup(access: Access, request: RestoreRequest): Promise<Checked> {
  return checkTaken(access, { ...request, origin: fromBackup });
}

/** The same of what was taken from wherever. */
export async function checkTaken(access: Access, request: TakeRequest): Promise<Checked> {
  const { backup, source, origin } = request;
  const expected = pinnedAt(access);
  const storage = toStorage(source, backup.master, chooseSets(request));
  const options = { storage, seenFiles: forgetful(access), acceptRollback: false };
  const reader = await Reader.open(options, undefined);
  refuseMislabelled(reader, request);
  if (expected !== undefined && expected !== reader.fingerprint)
    throw otherIdentity(source, reader.fingerprint, expected);
  const keystore = await Keystore.open(options, await secretFor(access), access.author, expected);
  const verified = await proveSets(keystore, origin.whenDamaged);
  return { ...verified, identity: reader.fingerprint, isPinned: expected !== undefined, reader };
}

/** What a restore would do. Refuses (exit 5) where something is there already and `force` is not set. */
export async function planRestore(access: Access, request: RestoreRequest): Promise<RestorePlan> {
  const { storage, master } = await lookAt(access);
  const taken = { ...request, origin: fromBackup };
  return storage === undefined || master === undefined || master.bytes.length === 0
    ? planNew(access, taken, { storage, master })
    : planInto(access, taken, storage, master);
}

/** Where there is no keystore: all of it, with its master document. */
export async function planNew(
  access: Access,
  request: TakeRequest,
  { storage, master }: Target,
): Promise<RestorePlan> {
  const { backup, origin } = request;
  const { identity, isPinned, sets, untried, reader } = await checkTaken(access, request);
  const clock = access.author.now();
  const manifests = sets.map(({ manifest }) => manifest);
  if (storage !== undefined)
    await emptyTarget(access.place, storage, { ...backup, manifests, reader, clock });
  const steps = await decideSteps(request, manifests, { storage, reader: undefined, clock, origin });
  return {
    ...{ label: access.place.label, origin, identity, isPinned, isNew: true },
    master: { document: backup.master, from: master?.revision ?? 0 },
    ...{ storage, keystore: undefined, steps, untried },
  };
}

async function planInto(
  access: Access,
  request: TakeRequest,
  storage: Storage,
  master: StoredDocument,
): Promise<RestorePlan> {
  const { fs, place, stateDirectory, acceptRollback, author } = access;
  const { source, origin } = request;
  const strict = { storage, seenFiles: new SeenFiles(fs, stateDirectory), acceptRollback };
  const there = await Reader.open(strict, undefined);
  refuseOtherKeystore(there, place, request);
  const expected = pinnedAt(access);
  if (expected !== undefined) await Reader.open(strict, expected);
  await refuseOtherSigner(there, request);
  const secret = await secretFor(access);
  const open = (from: Storage, isRollbackAccepted: boolean) =>
    Keystore.open(
      { storage: from, seenFiles: forgetful(access), acceptRollback: isRollbackAccepted },
      secret,
      author,
      expected ?? (secret.kind === 'recipient' ? undefined : there.fingerprint),
    );
  // The sets of the backup must open with what the keystore's own master document holds.
  const inBackup = await open(toStorage(source, master, chooseSets(request)), false);
  const { sets, untried } = await proveSets(inBackup, origin.whenDamaged);
  const keystore = await open(storage, true);
  const manifests = sets.map(({ manifest }) => manifest);
  const { reader } = keystore;
  const steps = await decideSteps(request, manifests, { storage, reader, clock: author.now(), origin });
  if (!request.force) refuseOverwriting(steps, access, request);
  return {
    ...{ label: place.label, origin, identity: there.fingerprint, isPinned: expected !== undefined },
    ...{ isNew: false, master: undefined, storage, keystore, steps, untried },
  };
}

/** So many documents are looked at together. */
const together = 64;

/** What to do with each set, by set id. */
export async function decideSteps(
  request: RestoreRequest,
  manifests: readonly Manifest[],
  common: Omit<Question, 'document' | 'manifest'>,
): Promise<SetStep[]> {
  const documents = chooseSets(request);
  const steps: SetStep[] = [];
  await inBatches(manifests, together, async (manifest) => {
    const document = documents.get(documentOf(manifest.set));
    if (document === undefined) throw new JwksError('internal', `set "${manifest.set}" is not in the backup`);
    steps.push(await decideSet({ ...common, document, manifest }));
  });
  return steps.sort((a, b) => (a.set < b.set ? -1 : 1));
}

/** What stands as it is in the backup is no hindrance for the rest: an earlier attempt may have written it. */
function refuseOverwriting(
  steps: readonly SetStep[],
  { place: { label } }: Access,
  { source }: RestoreRequest,
): void {
  const others = steps.filter(({ isThere, isSame }) => isThere && !isSame);
  const isDone = steps.length > 0 && steps.every(({ isSame }) => isSame);
  if (others.length === 0 && !isDone) return;
  const names = (isDone ? steps : others).map(({ set }) => `"${set}"`).join(', ');
  throw new JwksError(
    'conflict',
    isDone
      ? `the keystore at ${label} has ${names} as in ${source} already`
      : `the keystore at ${label} has ${names} already`,
    {
      hint: isDone
        ? undefined
        : 'with --force the higher revision of each is kept, and what is revoked in either stays so',
    },
  );
}

function chooseSets({ backup, source, sets }: RestoreRequest): ReadonlyMap<DocumentName, StoredDocument> {
  if (sets.length === 0) return backup.sets;
  return new Map(
    sets.map((id) => {
      const document = backup.sets.get(documentOf(id));
      if (document === undefined) throw new JwksError('not-found', `${source} has no set "${id}"`);
      return [documentOf(id), document];
    }),
  );
}

function pinnedAt({ fs, place, identity, stateDirectory }: Access): string | undefined {
  return identity ?? new SeenFiles(fs, stateDirectory).fingerprintAt(place.id());
}

/** What a backup holds is no sighting of the keystore. */
export function forgetful({ fs }: Access): SeenFiles {
  return new SeenFiles(fs, undefined);
}

export async function secretFor(access: Access): Promise<Secret> {
  const found = (await access.findSecret()) ?? (await access.askSecret());
  if (found !== undefined) return parseSecret(found.text, found.source);
  throw new JwksError('secret', 'a backup is opened with a secret of its keystore, and none is set', {
    hint: 'name it with --secret-file, JWKS_SECRET_FILE or JWKS_SECRET',
  });
}
