// What the revisions of a document say about each other: names are dense, and only the newest is full.
import type { Stats } from 'node:fs';
import type { FileFault, FullRevision } from './file-fault.ts';
import { revisionOf } from './revision-names.ts';
import { saysToFollow } from './said-previous.ts';
import { digestOf } from './set-document.ts';
import type { DocumentName } from './set-id.ts';

export interface Revision {
  readonly revision: number;
  readonly label: string;
  readonly stats: Stats;
}

/** How the place is looked at again. */
interface Look {
  readonly stats: (label: string) => Stats | undefined;
  readonly names: () => readonly string[];
  /** `undefined`: it cannot be read. */
  readonly read: (label: string) => Uint8Array | undefined;
}

export function revisionFaults(name: DocumentName, revisions: readonly Revision[], look: Look): FileFault[] {
  const [newest, ...older] = [...revisions].sort((a, b) => b.revision - a.revision);
  if (newest === undefined) return [];
  const full = older.filter(({ stats }) => stats.size > 0);
  return [
    ...gaps(name, newest.revision, revisions.length),
    ...(newest.stats.size === 0
      ? [empty(name, newest, full.toReversed(), look)]
      : belowFaults(name, newest, full, look)),
  ];
}

function gaps(name: DocumentName, newest: number, count: number): FileFault[] {
  const missing = newest - count;
  if (missing === 0) return [];
  return [
    {
      ...{ name, code: 'revision-gap', severity: 'warning', repairs: [] },
      message: `${missing} of the revisions 1 to ${newest} of ${name} ${missing === 1 ? 'is' : 'are'} not there`,
      advice: 'names are never removed: look at what copies or tidies this directory',
    },
  ];
}

function empty(name: DocumentName, newest: Revision, full: readonly Revision[], look: Look): FileFault {
  const last = full.at(-1);
  const isHighest = () => look.names().every((entry) => (revisionOf(entry) ?? 0) <= newest.revision);
  return {
    ...{ name, code: 'empty-revision', severity: 'error', repairs: [] },
    message: `${newest.label}, the highest revision, is empty`,
    advice:
      last === undefined
        ? 'put it back from a backup'
        : `put it back from a backup; ${last.label} is still full, so keep a copy of that`,
    isStill: () => isHighest() && look.stats(newest.label)?.size === 0,
  };
}

/**
 * What is full below the newest, highest first. It is superseded where a chain of full documents up to the newest
 * says so, each with the hash of the one before; where one says another hash, two histories meet. Of the rest that
 * is not known.
 */
function belowFaults(
  name: DocumentName,
  newest: Revision,
  full: readonly Revision[],
  look: Look,
): FileFault[] {
  const [chained, others]: [FullRevision[], FullRevision[]] = [[], []];
  const forked: number[] = [];
  let above = { revision: newest.revision, bytes: full.length === 0 ? undefined : look.read(newest.label) };
  let isChained = true;
  for (const { revision, label } of full) {
    const bytes = look.read(label);
    const sha256 = bytes && digestOf(bytes);
    const next = above.revision === revision + 1 ? above.bytes : undefined;
    const isFollowed = next && bytes && saysToFollow(next, bytes);
    isChained &&= isFollowed === true;
    above = { revision, bytes };
    // Emptied meanwhile by whoever wrote the newest.
    if (bytes?.length === 0) continue;
    if (isFollowed === false) forked.unshift(revision);
    else (isChained ? chained : others).unshift({ revision, sha256 });
  }
  const isStill = () => full.some(({ label }) => (look.stats(label)?.size ?? 0) > 0);
  return [
    ...supersededFaults(name, newest.revision, chained, true),
    ...supersededFaults(name, newest.revision, others, false),
    ...forkedFaults(name, newest.revision, forked),
  ].map((fault) => ({ ...fault, isStill }));
}

export function supersededFaults(
  name: DocumentName,
  newest: number,
  revisions: readonly FullRevision[],
  isProved: boolean,
): FileFault[] {
  if (revisions.length === 0) return [];
  const isOne = revisions.length === 1;
  const which = `superseded ${isOne ? 'revision' : 'revisions'} of ${name} ${isOne ? 'is' : 'are'} still full`;
  const numbers = describeSome(revisions.map(({ revision }) => revision));
  return [
    {
      ...{ name, code: 'superseded', severity: 'warning' },
      message: `${revisions.length} ${which} (${numbers}), perhaps with private keys that were destroyed since`,
      advice: 'jwks doctor --repair, with the secret, empties what has no other name',
      repairs: [{ kind: 'empty', name, revisions, newest, isProved }],
    },
  ];
}

/** Of another history than the newest, or perhaps. */
export function forkedFaults(name: DocumentName, newest: number, revisions: readonly number[]): FileFault[] {
  if (revisions.length === 0) return [];
  const isOne = revisions.length === 1;
  const which = `revision${isOne ? '' : 's'} ${describeSome(revisions)} of ${name} ${isOne ? 'is' : 'are'} full`;
  return [
    {
      ...{ name, code: 'forked', severity: 'error', repairs: [] },
      message: `${which}, and revision ${newest} does not follow from ${isOne ? 'it' : 'them'}: two histories have met, and one may hold keys that the other does not`,
      advice:
        'keep a copy; in a copy of the keystore without the revisions above, jwks export --private shows the keys of the other history, and jwks import takes them in here; then move the file away',
    },
  ];
}

function describeSome(numbers: readonly number[]): string {
  return numbers.length <= 5 ? numbers.join(', ') : `${numbers[0]} to ${numbers.at(-1)}`;
}
