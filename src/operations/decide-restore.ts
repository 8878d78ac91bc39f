// What a restore does with one set: write it, keep what is there, or keep that and take in what is over.
import { JwksError, shellWord } from '../errors.ts';
import type { Keystore } from '../keystore/keystore.ts';
import type { HistoryEvent, Manifest } from '../keystore/manifest.ts';
import type { Reader } from '../keystore/reader.ts';
import type { Seen } from '../keystore/seen.ts';
import type { SetDocument } from '../keystore/set-document.ts';
import { documentOf, type SetId } from '../keystore/set-id.ts';
import type { Storage, StoredDocument } from '../keystore/storage.ts';
import { nowFor } from '../lifecycle/clock.ts';
import { isTombstone } from '../lifecycle/key.ts';
import { planMerge } from '../lifecycle/plan-merge.ts';
import type { Instant } from '../lifecycle/time.ts';
import { lifeOf } from './change-set.ts';
import { type State, stateOf } from './going-back.ts';
import type { Origin } from './origin.ts';
import { proveSet } from './prove-keystore.ts';

export interface SetStep {
  readonly set: SetId;
  /** After it; where it is merged, until then. */
  readonly revision: number;
  /**
   * - `written` byte for byte
   * - `resealed` its keys, as a new revision: it does not open with what seals now, or its revision is taken
   * - `kept` and `merged` as it is there, without or with what is over in the origin
   * - `deleted` as `kept` or `merged`: it was deleted there, and does not come back
   */
  readonly action: 'written' | 'resealed' | 'kept' | 'merged' | 'deleted';
  /** Something that is no mere name is there. */
  readonly isThere: boolean;
  /** What is there is what the origin has, byte for byte. */
  readonly isSame: boolean;
  /** What is kept takes in what is over in the origin. */
  readonly isBehind: boolean;
  /** The revision that is there, 0 for none. */
  readonly from: number;
  /** The origin's. */
  readonly document: StoredDocument;
  readonly manifest: Manifest;
  /** Whose history goes on: the origin's or that which is there. */
  readonly state: State;
  /** Kids of the origin that are not taken in, since the state that is kept does not have them. */
  readonly lacking: readonly string[];
  /** Kids that are retired or revoked by it. */
  readonly buried: readonly string[];
}

export interface Question {
  readonly storage: Storage | undefined;
  /** Of the keystore, where there is one. */
  readonly reader: Reader | undefined;
  /** The same, open. */
  readonly keystore: Keystore | undefined;
  /** It opens with the keys of the keystore as it is now. */
  readonly opens: boolean;
  readonly document: StoredDocument;
  readonly manifest: Manifest;
  readonly clock: Instant;
  readonly origin: Origin;
  /** What this host has seen at the place. */
  readonly seen: Seen;
}

export async function decideSet(question: Question): Promise<SetStep> {
  const { storage, reader, document, manifest, clock, origin } = question;
  const { set } = manifest;
  const there = await storage?.read(documentOf(set));
  const from = there?.revision ?? 0;
  const isThere = there !== undefined && there.bytes.length > 0;
  const isEqual = isThere && from === document.revision && Buffer.from(document.bytes).equals(there.bytes);
  const isSame = isEqual && question.opens;
  const state = stateOf(document, manifest.previous);
  const base = { set, isThere, isSame, from, document, manifest, state, ...nothingElse };
  if (isSame) return { ...base, revision: from, action: 'kept' };
  const resealed = { ...base, revision: freeRevision(question, from), action: 'resealed' } as const;
  const written = { ...base, revision: document.revision, action: 'written' } as const;
  const put = question.opens ? written : resealed;
  // A name that was made by a restore which was stopped is no state that could be kept.
  if (!isThere && from < document.revision) return put;
  if (!isThere && !origin.isCopied) return resealed;
  const current = isThere ? await readCurrent(reader, set) : undefined;
  const own = current?.document.manifest;
  const isOlder = own !== undefined && own.revision < document.revision;
  if (isOlder && follows(manifest, own, current?.sha256 ?? '')) return put;
  if (current === undefined || own === undefined || (await isBroken(question, current.document))) {
    if (from < document.revision) return put;
    if (isEqual || (from === document.revision && isAsSeen(question))) return resealed;
    throw lost(question);
  }
  if (isOlder) throw forked(set, origin);
  const { steps } = planMerge(lifeOf(own), manifest, nowFor(clock, own.updated));
  const isBehind = steps.length > 0;
  const lacking = manifest.keys.filter(({ held, kid }) => held && own.keys.every((key) => key.kid !== kid));
  const isDeleted = own.deleted !== undefined && manifest.deleted === undefined;
  return {
    ...base,
    revision: own.revision,
    action: isDeleted ? 'deleted' : isBehind ? 'merged' : 'kept',
    isBehind,
    state: { revision: own.revision, sha256: current.sha256, previous: own.previous },
    lacking: isDeleted ? [] : lacking.map(({ kid }) => kid),
    buried: buriedBy(steps, manifest),
  };
}

const nothingElse = { isBehind: false, lacking: [], buried: [] } as const;

/** One that nobody has seen. */
function freeRevision({ seen, document, manifest: { set } }: Question, from: number): number {
  return Math.max(document.revision, from, seen.get(documentOf(set))?.revision ?? 0) + 1;
}

/** What is damaged there was this very document: nothing is lost with it. A copy is the same byte for byte, or none. */
function isAsSeen({ seen, document, manifest: { set, previous }, origin }: Question): boolean {
  const before = seen.get(documentOf(set));
  const { revision, sha256 } = stateOf(document, previous);
  return !origin.isCopied && before?.revision === revision && before.sha256 === sha256;
}

/** `undefined`: it is damaged. */
async function readCurrent(reader: Reader | undefined, set: SetId) {
  try {
    return await reader?.readForChange(set);
  } catch (error) {
    if (error instanceof JwksError && error.code === 'damaged') return undefined;
    throw error;
  }
}

/** The signature says nothing of the sealed half: what is kept must open, and its keys must be good. */
async function isBroken({ keystore }: Question, { manifest: { set } }: SetDocument): Promise<boolean> {
  try {
    const opened = await keystore?.openSet(set);
    if (opened !== undefined) await proveSet(opened);
    return false;
  } catch (error) {
    if (error instanceof JwksError && ['damaged', 'bad-key'].includes(error.code)) return true;
    throw error;
  }
}

/** Of what a merge does only what the origin says: a key whose time was over anyway is none that it buries. */
function buriedBy(steps: readonly { readonly kid: string }[], { keys, updated }: Manifest): string[] {
  const dead = keys.filter((key) => key.revoked !== undefined || isTombstone(key, updated));
  return dead.map(({ kid }) => kid).filter((kid) => steps.some((step) => step.kid === kid));
}

/**
 * Whether a later state may have come from an earlier one: as far as both can tell, nothing was done between but it.
 * What the earlier one had planned for later may have been moved: it counts as far as it was over when the later one
 * was made.
 */
export function follows(later: Manifest, earlier: Manifest, sha256: string): boolean {
  if (!isOneHistory(later, earlier, sha256)) return false;
  const now = later.updated;
  return earlier.keys.every((key) => {
    const after = later.keys.find(({ kid }) => kid === key.kid);
    if (after === undefined || after.thumbprint !== key.thumbprint) return false;
    if (key.revoked !== undefined && after.revoked === undefined) return false;
    return !isTombstone(key, now) || isTombstone(after, now);
  });
}

interface Past {
  readonly revision: number;
  readonly previous?: string | undefined;
  readonly events: readonly HistoryEvent[];
}

/** Whether what both say of the time before the earlier one is the same. `sha256`: of the earlier one. */
export function isOneHistory(later: Past, earlier: Past, sha256: string): boolean {
  if (later.revision === earlier.revision + 1 && later.previous !== sha256) return false;
  const before = new Map(earlier.events.map((event) => [event.id, JSON.stringify(event)]));
  return later.events.every((event) => {
    const own = before.get(event.id);
    return (
      Number.parseInt(event.id, 10) > earlier.revision || own === undefined || own === JSON.stringify(event)
    );
  });
}

function forked(set: SetId, { noun, elsewhere }: Origin): JwksError {
  return new JwksError(
    'conflict',
    `set "${set}" in ${noun} is newer and does not follow from the one that is there`,
    { hint: `their histories were forked: ${elsewhere}` },
  );
}

function lost({ storage, seen, manifest, document, origin }: Question): JwksError {
  const { set, previous } = manifest;
  const name = documentOf(set);
  const path = `${storage?.place ?? ''}/${name}`;
  const isOlder = seen.faultOf(name, stateOf(document, previous), previous) !== undefined;
  const how = isOlder ? `${origin.again} with --accept-rollback` : origin.again;
  const { elsewhere, noun } = origin;
  return new JwksError(
    'damaged',
    `set "${set}" is damaged, and ${noun} has no newer revision to put above it`,
    { hint: path.startsWith('/') ? `move ${shellWord(path)} away and ${how}` : elsewhere },
  );
}
