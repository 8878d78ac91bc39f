// A keystore in memory: for tests, and for programs that keep nothing.
import type { DocumentName } from './set-id.ts';
import type { Outcome, Storage, StoredDocument } from './storage.ts';

export class MemoryStorage implements Storage {
  readonly place: string;
  readonly label: string;
  readonly #documents: Map<DocumentName, StoredDocument | undefined>;

  /** `documents` are what is in it at first, and are not copied. */
  constructor(place = 'memory:', documents: Iterable<readonly [DocumentName, StoredDocument]> = []) {
    this.place = place;
    this.label = place;
    this.#documents = new Map(documents);
  }

  async list(): Promise<DocumentName[]> {
    return [...this.#documents.keys()].filter((name) => name !== 'master');
  }

  async read(name: DocumentName): Promise<StoredDocument | undefined> {
    return this.#documents.get(name);
  }

  async reserve(name: DocumentName): Promise<void> {
    if (!this.#documents.has(name)) this.#documents.set(name, undefined);
  }

  async replace(name: DocumentName, from: number, bytes: Uint8Array): Promise<Outcome> {
    return this.seed(name, from, from + 1, bytes);
  }

  async seed(name: DocumentName, from: number, revision: number, bytes: Uint8Array): Promise<Outcome> {
    if ((this.#documents.get(name)?.revision ?? 0) !== from) return 'conflict';
    this.#documents.set(name, { revision, bytes: Uint8Array.from(bytes) });
    return 'committed';
  }
}
