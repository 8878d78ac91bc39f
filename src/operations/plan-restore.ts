// Decides what a restore does with each set of a backup, and proves all of it before anything is written.
import { JwksError } from '../errors.ts';
import type { Keystore } from '../keystore/keystore.ts';
import { Reader } from '../keystore/reader.ts';
import { SeenFiles } from '../keystore/seen.ts';
import { type DocumentName, documentOf } from '../keystore/set-id.ts';
import type { Storage, StoredDocument } from '../keystore/storage.ts';
import { forgetful, pinnedAt, type RestoreRequest, type TakeRequest } from './check-backup.ts';
import type { SetStep } from './decide-restore.ts';
import { decideSteps } from './decide-steps.ts';
import { type Behind, refuseGoingBack } from './going-back.ts';
import type { Access } from './open.ts';
import { anotherBackup, withHint } from './open-backup.ts';
import { openBothWays } from './open-both-ways.ts';
import { fromBackup, type Origin } from './origin.ts';
import { planNew } from './plan-new.ts';
import { refuseOtherKeystore, refuseOtherSigner, refuseOverwriting } from './restore-faults.ts';

export interface RestorePlan {
  /** Where, as people call it. */
  readonly label: string;
  readonly origin: Origin;
  /** The fingerprint of the keystore. */
  readonly identity: string;
  /** It was named, or this host remembers it. */
  readonly isPinned: boolean;
  /** There is no keystore yet: nothing with a master document that can be read. */
  readonly isNew: boolean;
  /** Sets of it are there all the same. */
  readonly isAdopted: boolean;
  /** See `TakeRequest`. */
  readonly isApart: boolean;
  /** Absent: the one that is there stays. */
  readonly master: MasterStep | undefined;
  readonly storage: Storage | undefined;
  /** What is there, open; absent where nothing is, or its master document is to be replaced by a newer one. */
  readonly keystore: Keystore | undefined;
  readonly steps: readonly SetStep[];
  /** What is older than what this host has seen: accepted, or seen elsewhere. */
  readonly behind: readonly Behind[];
  readonly untried: readonly string[];
  /** What opens a set of the origin. */
  readonly holderOf: (name: DocumentName) => Keystore;
}

export interface MasterStep {
  /** The origin's. */
  readonly document: StoredDocument;
  /** The revision that is there, 0 for none. */
  readonly from: number;
  /** Another one than the document's: it is signed anew. */
  readonly revision: number;
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

/** What a restore would do. Refuses (exit 5) where something is there already and `force` is not set. */
export async function planRestore(access: Access, request: RestoreRequest): Promise<RestorePlan> {
  const { storage, master } = await lookAt(access);
  const taken = { ...request, origin: fromBackup, isApart: true };
  if (storage === undefined || master === undefined || master.bytes.length === 0)
    return planNew(access, taken, { storage, master });
  const there = await readUnlessDamaged(access, storage);
  return there === undefined
    ? planNew(access, taken, { storage, master })
    : planInto(access, taken, storage, master, there);
}

async function readUnlessDamaged(access: Access, storage: Storage): Promise<Reader | undefined> {
  try {
    return await Reader.open({ storage, seenFiles: forgetful(access), acceptRollback: true }, undefined);
  } catch (error) {
    if (error instanceof JwksError && error.code === 'damaged') return undefined;
    throw error;
  }
}

async function planInto(
  access: Access,
  request: TakeRequest,
  storage: Storage,
  master: StoredDocument,
  there: Reader,
): Promise<RestorePlan> {
  const { fs, place, stateDirectory, author } = access;
  const { origin } = request;
  refuseOtherKeystore(there, place, request);
  const expected = pinnedAt(access);
  if (expected !== undefined)
    await Reader.open({ storage, seenFiles: forgetful(access), acceptRollback: true }, expected);
  const signer = await withHint(anotherBackup, refuseOtherSigner(there, request));
  const both = await openBothWays(access, request, { storage, master, there, expected, signer });
  const { keystore, sets, opens } = both;
  const { reader } = keystore;
  const identity = reader.fingerprint;
  const seen = new SeenFiles(fs, stateDirectory).apart(identity, place.id());
  const manifests = sets.map(({ manifest }) => manifest);
  const opening = { storage, reader, keystore, seen, opens };
  const steps = await decideSteps(request, manifests, { ...opening, clock: author.now(), origin });
  if (!request.force) refuseOverwriting(steps, access, request);
  const own = {
    revision: reader.master.revision,
    sha256: reader.masterDigest,
    previous: reader.master.previous,
  };
  const states = new Map([
    ['master' as const, own],
    ...steps.map(({ set, state }) => [documentOf(set), state] as const),
  ]);
  return {
    label: place.label,
    origin,
    identity,
    isPinned: expected !== undefined,
    isNew: false,
    isAdopted: false,
    isApart: request.isApart,
    master: undefined,
    storage,
    keystore,
    steps,
    behind: refuseGoingBack(access, identity, states, false),
    untried: both.untried,
    holderOf: both.holderOf,
  };
}
