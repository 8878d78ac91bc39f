// A storage whose documents a test puts there by hand, as somebody who can write files would.
import { MemoryStorage } from '../../src/keystore/memory-storage.ts';
import type { DocumentName } from '../../src/keystore/set-id.ts';
import type { Outcome, Storage, StoredDocument } from '../../src/keystore/storage.ts';

export class TamperedStorage implements Storage {
  readonly place = 'memory:';
  readonly label = 'memory:';
  readonly #beneath: Storage;
  readonly #planted = new Map<DocumentName, StoredDocument>();

  constructor(beneath: Storage = new MemoryStorage()) {
    this.#beneath = beneath;
  }

  plant(name: DocumentName, document: StoredDocument): void {
    this.#planted.set(name, document);
  }

  async list(): Promise<DocumentName[]> {
    const planted = [...this.#planted.keys()].filter((name) => name !== 'master');
    return [...new Set([...(await this.#beneath.list()), ...planted])];
  }

  async read(name: DocumentName): Promise<StoredDocument | undefined> {
    return this.#planted.get(name) ?? this.#beneath.read(name);
  }

  reserve(name: DocumentName): Promise<void> {
    return this.#beneath.reserve(name);
  }

  replace(name: DocumentName, from: number, bytes: Uint8Array): Promise<Outcome> {
    return this.#beneath.replace(name, from, bytes);
  }

  seed(name: DocumentName, from: number, revision: number, bytes: Uint8Array): Promise<Outcome> {
    return this.#beneath.seed(name, from, revision, bytes);
  }
}
