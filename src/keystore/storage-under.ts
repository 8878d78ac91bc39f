// The sets of a place under a master document that is not there: what a restore sees where the master document is lost.
import type { DocumentName } from './set-id.ts';
import type { Outcome, Storage, StoredDocument } from './storage.ts';

export class StorageUnder implements Storage {
  readonly place: string;
  readonly label: string;
  readonly #master: StoredDocument;
  readonly #sets: Storage;

  constructor(master: StoredDocument, sets: Storage) {
    this.place = sets.place;
    this.label = sets.label;
    this.#master = master;
    this.#sets = sets;
  }

  list(): Promise<DocumentName[]> {
    return this.#sets.list();
  }

  async read(name: DocumentName): Promise<StoredDocument | undefined> {
    return name === 'master' ? this.#master : this.#sets.read(name);
  }

  reserve(name: DocumentName): Promise<void> {
    return this.#sets.reserve(name);
  }

  async replace(name: DocumentName, from: number, bytes: Uint8Array): Promise<Outcome> {
    return name === 'master' ? 'conflict' : this.#sets.replace(name, from, bytes);
  }

  async seed(name: DocumentName, from: number, revision: number, bytes: Uint8Array): Promise<Outcome> {
    return name === 'master' ? 'conflict' : this.#sets.seed(name, from, revision, bytes);
  }
}
