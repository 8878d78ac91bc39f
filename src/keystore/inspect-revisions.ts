// What the revisions of a document say about each other: names are dense, and only the newest is full.
import type { Stats } from 'node:fs';
import type { FileFault } from './file-fault.ts';
import { revisionOf } from './revision-names.ts';
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
}

export function revisionFaults(name: DocumentName, revisions: readonly Revision[], look: Look): FileFault[] {
  const [newest, ...older] = [...revisions].sort((a, b) => b.revision - a.revision);
  if (newest === undefined) return [];
  const full = older.filter(({ stats }) => stats.size > 0).reverse();
  return [
    ...gaps(name, newest.revision, revisions.length),
    ...(newest.stats.size === 0 ? [empty(name, newest, full, look)] : superseded(name, newest, full, look)),
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

function superseded(
  name: DocumentName,
  newest: Revision,
  full: readonly Revision[],
  look: Look,
): FileFault[] {
  if (full.length === 0) return [];
  const revisions = full.map(({ revision }) => revision);
  const isOne = full.length === 1;
  const which = `superseded ${isOne ? 'revision' : 'revisions'} of ${name} ${isOne ? 'is' : 'are'} still full`;
  return [
    {
      ...{ name, code: 'superseded', severity: 'warning' },
      message: `${full.length} ${which} (${describeSome(revisions)}), perhaps with private keys that were destroyed since`,
      advice: 'jwks doctor --repair, with the secret, empties what has no other name',
      repairs: [{ kind: 'empty', name, revisions, newest: newest.revision }],
      isStill: () => full.some(({ label }) => (look.stats(label)?.size ?? 0) > 0),
    },
  ];
}

function describeSome(numbers: readonly number[]): string {
  return numbers.length <= 5 ? numbers.join(', ') : `${numbers[0]} to ${numbers.at(-1)}`;
}
