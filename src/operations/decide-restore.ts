// What a restore does with one set: write it, keep what is there, or keep that and take in what is over.
import { JwksError, shellWord } from '../errors.ts';
import type { HistoryEvent, Manifest } from '../keystore/manifest.ts';
import type { Reader } from '../keystore/reader.ts';
import { documentOf, type SetId } from '../keystore/set-id.ts';
import type { Storage, StoredDocument } from '../keystore/storage.ts';
import { nowFor } from '../lifecycle/clock.ts';
import { isTombstone } from '../lifecycle/key.ts';
import { planMerge } from '../lifecycle/plan-merge.ts';
import type { Instant } from '../lifecycle/time.ts';
import { lifeOf } from './change-set.ts';
import type { Origin } from './origin.ts';

export interface SetStep {
  readonly set: SetId;
  /** After it; where it is merged, until then. */
  readonly revision: number;
  readonly action: 'written' | 'kept' | 'merged';
  /** Something that is no mere name is there. */
  readonly isThere: boolean;
  /** What is there is what the origin has, byte for byte. */
  readonly isSame: boolean;
  /** The revision that is there, 0 for none. */
  readonly from: number;
  /** The origin's. */
  readonly document: StoredDocument;
  readonly manifest: Manifest;
  /** Kids of the origin that are not taken in, since the state that is kept does not have them. */
  readonly lacking: readonly string[];
}

export interface Question {
  readonly storage: Storage | undefined;
  /** Of the keystore, where there is one. */
  readonly reader: Reader | undefined;
  readonly document: StoredDocument;
  readonly manifest: Manifest;
  readonly clock: Instant;
  readonly origin: Origin;
}

export async function decideSet(question: Question): Promise<SetStep> {
  const { storage, reader, document, manifest, clock, origin } = question;
  const { set } = manifest;
  const there = await storage?.read(documentOf(set));
  const from = there?.revision ?? 0;
  const isThere = there !== undefined && there.bytes.length > 0;
  const isSame = isThere && from === document.revision && Buffer.from(document.bytes).equals(there.bytes);
  const base = { set, isThere, isSame, from, document, manifest, lacking: [] } as const;
  const written = { ...base, revision: document.revision, action: 'written' } as const;
  if (isSame) return { ...base, revision: from, action: 'kept' };
  // A name that was made by a restore which was stopped is no state that could be kept.
  if (!isThere && from < document.revision) return written;
  const current = isThere ? await readCurrent(reader, set, from < document.revision) : undefined;
  if (current === undefined && from < document.revision) return written;
  if (current === undefined) throw lost(set, storage, origin);
  if (current.document.manifest.revision < document.revision) {
    if (follows(manifest, current.document.manifest, current.sha256, clock)) return written;
    throw forked(set, origin);
  }
  const { manifest: own } = current.document;
  const isBehind = planMerge(lifeOf(own), manifest, nowFor(clock, own.updated)).steps.length > 0;
  const lacking = manifest.keys.filter(({ held, kid }) => held && own.keys.every((key) => key.kid !== kid));
  const kids = lacking.map(({ kid }) => kid);
  return { ...base, revision: own.revision, action: isBehind ? 'merged' : 'kept', lacking: kids };
}

/** `undefined`: it is damaged, and what replaces it is newer. */
async function readCurrent(reader: Reader | undefined, set: SetId, isReplaced: boolean) {
  if (reader === undefined) return undefined;
  try {
    return await reader.readForChange(set);
  } catch (error) {
    if (isReplaced && error instanceof JwksError && error.code === 'damaged') return undefined;
    throw error;
  }
}

/** Whether a later state may have come from an earlier one: as far as both can tell, nothing was done between but it. */
export function follows(later: Manifest, earlier: Manifest, sha256: string, clock: Instant): boolean {
  if (!isOneHistory(later, earlier, sha256)) return false;
  const now = nowFor(clock, earlier.updated);
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

function lost(set: SetId, storage: Storage | undefined, { noun, again }: Origin): JwksError {
  const path = `${storage?.place ?? ''}/${documentOf(set)}`;
  return new JwksError(
    'damaged',
    `set "${set}" is damaged, and ${noun} has no newer revision to put above it`,
    {
      hint: `move ${shellWord(path)} away and ${again}`,
    },
  );
}
