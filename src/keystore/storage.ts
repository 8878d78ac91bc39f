// The port that every backend of a keystore implements, and nothing more.
import type { Instant } from '../lifecycle/time.ts';
import type { DocumentName } from './set-id.ts';

export interface StoredDocument {
  readonly revision: number;
  readonly bytes: Uint8Array;
}

/**
 * - `committed` the revision is there and durable
 * - `conflict` somebody else made that revision first; nothing was changed
 * - `unknown` the revision is there, but the backend did not confirm that it is durable
 */
export type Outcome = 'committed' | 'conflict' | 'unknown';

/** Told around the step that cannot be taken back, so that a signal can wait until it was reported. */
export interface Shield {
  raise(): void;
  /** The step was not taken. */
  lower(): void;
  /** A signal came meanwhile: no further step is to be begun. */
  readonly isPending?: boolean;
}

export interface NextLook {
  readonly name: DocumentName;
  readonly revision: number;
  readonly at: Instant;
}

export interface Storage {
  /** What identifies the place, such as a real path or a URL: the key under which a host remembers it. */
  readonly place: string;
  /** What people and hints call it; a URL has its user, and never a password. */
  readonly label: string;
  /** The sets' documents, also reserved ones that hold nothing yet. In no particular order. */
  list(): Promise<DocumentName[]>;
  /** The highest revision. May be short or empty where it is being superseded: look again. */
  read(name: DocumentName): Promise<StoredDocument | undefined>;
  /** Makes `list` show the name before its first revision exists, so that nobody who lists misses it. */
  reserve(name: DocumentName): Promise<void>;
  /**
   * Makes revision `from + 1`, atomically and once. A revision that was taken is never taken again. Throws
   * `unconfirmed` where it cannot be told whether that was done.
   */
  replace(name: DocumentName, from: number, bytes: Uint8Array): Promise<Outcome>;
  /**
   * Makes `revision` where `from` is the highest that holds anything (0: none does), as a restore needs it: with empty
   * names between them, so that those are taken too. One that was stopped halfway is gone on with.
   */
  seed(name: DocumentName, from: number, revision: number, bytes: Uint8Array): Promise<Outcome>;
  /**
   * A hint, for whoever looks again and again: a text for each document that is another when the document has
   * changed; those of which that cannot be told are left out. A change may leave the text as it was where it comes
   * within two seconds of another one, or by other ways than `replace`.
   */
  stamps?(names: readonly DocumentName[]): Promise<ReadonlyMap<DocumentName, string>>;
  /**
   * A hint: the sets that may have something due by `time`. Left out are those of which `noteDue` was told a later
   * one, within the last day and since their last change.
   */
  due?(time: Instant): Promise<DocumentName[]>;
  /** Keeps when something may next be due in sets, each as of a revision. */
  noteDue?(now: Instant, looks: readonly NextLook[]): Promise<void>;
  /**
   * A hint: calls back whenever something may have changed, at once where it can. Returns what ends it. Whoever
   * follows changes looks again now and then all the same.
   */
  watch?(onChange: () => void): () => void;
}
