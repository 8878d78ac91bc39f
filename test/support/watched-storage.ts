// A storage over another one in which a test sees each call, and can do something before it goes on.
import type { DocumentName } from '../../src/keystore/set-id.ts';
import type { Outcome, Storage, StoredDocument } from '../../src/keystore/storage.ts';

export class WatchedStorage implements Storage {
  readonly place: string;
  readonly label: string;
  /** `read master`, `replace sets/auth from 3`, ... in order. */
  readonly calls: string[] = [];
  readonly #beneath: Storage;
  readonly #before: (call: string) => Promise<Outcome | undefined>;

  /** `before` may answer a `replace` in the storage's place. */
  constructor(
    beneath: Storage,
    before: (call: string) => Promise<Outcome | undefined> = async () => undefined,
  ) {
    this.place = beneath.place;
    this.label = beneath.label;
    this.#beneath = beneath;
    this.#before = before;
  }

  async list(): Promise<DocumentName[]> {
    await this.#note('list');
    return this.#beneath.list();
  }

  async read(name: DocumentName): Promise<StoredDocument | undefined> {
    await this.#note(`read ${name}`);
    return this.#beneath.read(name);
  }

  async reserve(name: DocumentName): Promise<void> {
    await this.#note(`reserve ${name}`);
    return this.#beneath.reserve(name);
  }

  async replace(name: DocumentName, from: number, bytes: Uint8Array): Promise<Outcome> {
    return (await this.#note(`replace ${name} from ${from}`)) ?? this.#beneath.replace(name, from, bytes);
  }

  async seed(name: DocumentName, from: number, revision: number, bytes: Uint8Array): Promise<Outcome> {
    const answer = await this.#note(`seed ${name} from ${from} to ${revision}`);
    return answer ?? this.#beneath.seed(name, from, revision, bytes);
  }

  async stamps(names: readonly DocumentName[]): Promise<ReadonlyMap<DocumentName, string>> {
    return (await this.#beneath.stamps?.(names)) ?? new Map();
  }

  #note(call: string): Promise<Outcome | undefined> {
    this.calls.push(call);
    return this.#before(call);
  }
}
