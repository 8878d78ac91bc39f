// What is in a keystore: sets, their keys with states, and what happens to each next. Needs no secret.
import type { Manifest, ManifestKey } from '../keystore/manifest.ts';
import type { Reader } from '../keystore/reader.ts';
import { type DocumentName, isDigest, type SetId, setNameOf } from '../keystore/set-id.ts';
import { Draft } from '../lifecycle/draft.ts';
import { dueSuccessors, overdueSince } from '../lifecycle/due.ts';
import { isTombstone, type KeyState, stateOf } from '../lifecycle/key.ts';
import { type NextChange, nextChange } from '../lifecycle/next-change.ts';
import { waitsToBeSeen } from '../lifecycle/policy.ts';
import { signersOf } from '../lifecycle/signer.ts';
import type { Instant } from '../lifecycle/time.ts';
import { lifeOf } from './change-set.ts';
import { keysOf, selectSets, skewOf, timeOf } from './select-sets.ts';

export interface ListedKey {
  readonly key: ManifestKey;
  readonly state: KeyState;
  /** It is the one that signs (or, for `enc`, that senders should use). */
  readonly isSigner: boolean;
  readonly next: NextChange;
  /** When policy wants a successor of the one that signs; in the past: it has not been made. */
  readonly successorDue: Instant | undefined;
  /** Since when it should no longer sign. */
  readonly overdueSince: Instant | undefined;
  /** There is one, which may have no date yet. */
  readonly hasSuccessor: boolean;
  /** It has no date before it was found where its policy says. */
  readonly waitsToBeSeen: boolean;
}

export interface ListedSet {
  readonly manifest: Manifest;
  /** The time that the states are of. */
  readonly at: Instant;
  readonly keys: readonly ListedKey[];
}

export interface ListRequest {
  readonly sets: readonly SetId[] | 'all';
  /** Absent: now. */
  readonly at?: Instant | undefined;
  /** Also keys that are retired or revoked. */
  readonly tombstones?: boolean | undefined;
}

/** In the order named, all by set id. One that does not exist is exit 3. */
export async function listSets(reader: Reader, clock: Instant, request: ListRequest): Promise<ListedSet[]> {
  const manifests = await selectSets(reader, request.sets);
  return manifests.map((manifest) => toListedSet(manifest, clock, request));
}

/** So many are described at a time where there are more than can be kept. */
const portion = 256;

/** As `listSets` of the sets of these names, a portion at a time: what was read before is not kept. */
export async function* listInPortions(
  reader: Reader,
  names: readonly DocumentName[],
  clock: Instant,
  request: Omit<ListRequest, 'sets'>,
): AsyncGenerator<ListedSet[]> {
  const sorted = await inOrder(reader, names);
  for (let from = 0; from < sorted.length; from += portion) {
    const manifests = await reader.readEach(sorted.slice(from, from + portion));
    const there = [...manifests.values()].filter(({ deleted }) => deleted === undefined);
    yield there.sort(bySetId).map((manifest) => toListedSet(manifest, clock, request));
  }
}

/** By set id. Of a long one the name is a digest, and the id is in the document. */
async function inOrder(reader: Reader, names: readonly DocumentName[]): Promise<DocumentName[]> {
  const long = await reader.readEach(names.filter(isDigest));
  const idOf = (name: DocumentName): string => long.get(name)?.set ?? setNameOf(name);
  const ids = names.map((name) => [idOf(name), name] as const);
  return ids.sort(([a], [b]) => (a < b ? -1 : 1)).map(([, name]) => name);
}

/** A set at the time asked for, or now. */
export function toListedSet(
  manifest: Manifest,
  clock: Instant,
  request: Omit<ListRequest, 'sets'>,
): ListedSet {
  const at = timeOf(manifest, clock, request.at);
  const there = keysOf(manifest, request.at);
  const signers = new Set(signersOf(there, at, skewOf(manifest, at)));
  const draft = new Draft(lifeOf({ keys: there, policy: manifest.policy }), at);
  const due = new Map(dueSuccessors(draft).map((one) => [one.signer?.kid, one.at]));
  const shown = there.filter((key) => request.tombstones === true || !isTombstone(key, at));
  return {
    manifest,
    at,
    keys: shown.map((key) => ({
      key,
      state: stateOf(key, at),
      isSigner: signers.has(key),
      next: nextChange(key, at),
      successorDue: due.get(key.kid),
      hasSuccessor: draft.next(key) !== undefined,
      waitsToBeSeen: waitsToBeSeen(draft.facts, key),
      overdueSince: signers.has(key) ? overdueSince(draft, key) : undefined,
    })),
  };
}

function bySetId(a: Manifest, b: Manifest): number {
  return a.set < b.set ? -1 : 1;
}
