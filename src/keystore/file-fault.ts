// What is wrong with files of a keystore and of its user, and what of it can be mended without losing a key.
import type { Stats } from 'node:fs';
import { shellWord } from '../errors.ts';
import type { DocumentName } from './set-id.ts';

export type Repair =
  /** A temporary file that nobody writes any more. */
  | { readonly kind: 'remove'; readonly path: string; readonly label: string }
  /** Takes the bits away that are not allowed. */
  | { readonly kind: 'tighten'; readonly path: string; readonly label: string; readonly allowed: number }
  /** Superseded revisions, lowest first. Only once the newest was opened with the secret, and only what is proved. */
  | {
      readonly kind: 'empty';
      readonly name: DocumentName;
      readonly revisions: readonly FullRevision[];
      readonly newest: number;
      /** That the newest has what they have: else they may be of another history, and hold its only keys. */
      readonly isProved: boolean;
    };

/** A revision below the newest that is not empty. */
export interface FullRevision {
  readonly revision: number;
  /** Absent: it could not be read. */
  readonly sha256: string | undefined;
}

export interface FileFault {
  /** The document that it concerns; absent: none of them. */
  readonly name?: DocumentName | undefined;
  readonly code: string;
  readonly severity: 'error' | 'warning';
  /** What is wrong. */
  readonly message: string;
  /** What to do. */
  readonly advice: string;
  readonly repairs: readonly Repair[];
  /** Looked at a second time, since somebody may just have been writing. Absent: it is sure. */
  readonly isStill?: () => boolean;
}

/** A file as it is looked at. */
export interface Looked {
  readonly path: string;
  /** As messages name it. */
  readonly label: string;
  readonly stats: Stats;
  /** The mode that it may have. */
  readonly allowed: number;
  /** The effective user; `undefined` where the system has no such thing. */
  readonly uid: number | undefined;
  /** Other users of its group may own it. */
  readonly isShared?: boolean;
}

/** Owner and mode. */
export function ownershipFaults({ path, label, stats, allowed, uid, isShared }: Looked): FileFault[] {
  if (uid === undefined) return [];
  const faults: FileFault[] = [];
  if (stats.uid !== uid && stats.uid !== 0 && isShared !== true) {
    faults.push({
      code: 'owner',
      severity: 'error',
      message: `${label} belongs to user ${stats.uid}, and this is user ${uid}`,
      advice: "give it to its keystore's user with chown, or run jwks as its owner",
      repairs: [],
    });
  }
  const excess = stats.mode & 0o777 & ~allowed;
  if (excess !== 0) {
    const isOurs = stats.uid === uid;
    faults.push({
      code: 'mode',
      severity: (excess & 0o022) !== 0 ? 'error' : 'warning',
      message: `${label} has mode ${octal(stats.mode & 0o777)}, and ${octal(allowed)} is enough`,
      advice: isOurs ? 'jwks doctor --repair tightens it' : 'its owner can tighten it with chmod',
      repairs: isOurs ? [{ kind: 'tighten', path, label, allowed }] : [],
    });
  }
  return faults;
}

/** A directory of ours in which its own user can change nothing. Root may do so whatever the mode. */
export function closedFaults({ path, label, stats, uid }: Looked): FileFault[] {
  if (uid === undefined || uid === 0 || stats.uid !== uid || (stats.mode & 0o700) === 0o700) return [];
  const cannot = (stats.mode & 0o500) === 0o500 ? 'change' : 'read';
  return [
    {
      ...{ code: 'closed', severity: 'error', repairs: [] },
      message: `${label} has mode ${octal(stats.mode & 0o777)}, so its owner cannot ${cannot} what is in it`,
      advice: `chmod u+rwx ${shellWord(path)}`,
    },
  ];
}

/** Those of one document and one kind as one: a clone of a repository has the same wrong mode everywhere. */
export function mergeFaults(faults: readonly FileFault[]): FileFault[] {
  const merged = new Map<string, { readonly first: FileFault; count: number; readonly repairs: Repair[] }>();
  for (const [index, fault] of faults.entries()) {
    const { name, code, severity, advice } = fault;
    const key = fault.isStill === undefined ? [name, code, severity, advice].join('\n') : String(index);
    const known = merged.get(key) ?? { first: fault, count: 0, repairs: [] };
    known.count++;
    known.repairs.push(...fault.repairs);
    merged.set(key, known);
  }
  return [...merged.values()].map(({ first, count, repairs }) => {
    const more = count === 1 ? '' : ` (and ${count - 1} more like it)`;
    return { ...first, message: `${first.message}${more}`, repairs };
  });
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0');
}
