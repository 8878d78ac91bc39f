// A keystore's place in a database. What speaks to it is loaded when it is used.
import { JwksError, shellWord } from '../errors.ts';
import { type DatabaseAddress, parseDatabaseUrl, type UrlContext } from './database-url.ts';
import type { Place } from './place.ts';
import type { PostgresOptions, PostgresStorage } from './postgres-storage.ts';
import type { Storage } from './storage.ts';

export class DatabasePlace implements Place {
  readonly directory = undefined;
  readonly label: string;
  /** Private to the class, so that nothing which prints a place prints its password. */
  readonly #address: DatabaseAddress;
  readonly #options: PostgresOptions;
  #storage: PostgresStorage | undefined;

  constructor(url: string, context: UrlContext & PostgresOptions) {
    this.#address = parseDatabaseUrl(url, context);
    this.#options = context;
    this.label = this.#address.label;
  }

  id(): string {
    return this.#address.place;
  }

  async look(): Promise<'absent' | 'empty' | 'taken'> {
    const storage = await this.#connect();
    if (!(await storage.isThere())) return 'absent';
    const isTaken = (await storage.read('master')) !== undefined || (await storage.list()).length > 0;
    return isTaken ? 'taken' : 'empty';
  }

  async open(hint = `jwks init --keystore ${shellWord(this.label)}`): Promise<Storage> {
    const storage = await this.#connect();
    if (await storage.isThere()) return storage;
    throw new JwksError('not-found', `there is no keystore at ${this.label}`, { hint });
  }

  async make(): Promise<Storage> {
    const storage = await this.#connect();
    await storage.make();
    return storage;
  }

  taken(): JwksError {
    return new JwksError('conflict', `there is a keystore at ${this.label} already`, {
      hint: 'another one in the same database has a schema of its own: ?schema=NAME in the URL',
    });
  }

  hasOthers(): boolean {
    return false;
  }

  /** One for as long as the process runs. */
  async #connect(): Promise<PostgresStorage> {
    if (this.#storage === undefined) {
      const { PostgresStorage } = await import('./postgres-storage.ts');
      this.#storage ??= new PostgresStorage(this.#address, this.#options);
    }
    return this.#storage;
  }
}
