// The connections to a keystore's database: what server is there, and statements with their fate.
import type pg from 'pg';
import { JwksError } from '../errors.ts';
import type { DatabaseAddress } from './database-url.ts';
import { makePool } from './postgres-client.ts';
import { toDatabaseError, type Undone } from './postgres-faults.ts';
import { describeServer, type Server, tableOf, toServer } from './postgres-schema.ts';
import { isInDoubt } from './postgres-sqlstate.ts';
import { noKeystore } from './reader-faults.ts';

/** In milliseconds: so long what the server said is believed; others may bring the table to a newer version. */
const believed = 5_000;
const believedToWrite = 1_000;

/** The statement was sent, and what became of it is not known. */
export class Lost extends Error {
  constructor(cause: unknown) {
    super('lost', { cause });
  }
}

export class Database {
  readonly address: DatabaseAddress;
  readonly table: string;
  readonly #pool: pg.Pool;
  #described: { readonly server: Promise<Server>; readonly at: number } | undefined;

  constructor(address: DatabaseAddress) {
    this.address = address;
    this.table = tableOf(address.schema);
    this.#pool = makePool(address);
  }

  /** What is there; asked every few seconds, and after a failure. A table that is not to be used is exit 6. */
  server(longest = believed): Promise<Server> {
    const at = performance.now();
    if (this.#described === undefined || at - this.#described.at > longest) {
      const described = { server: this.#describe(), at };
      this.#described = described;
      described.server.catch(() => {
        if (this.#described === described) this.#described = undefined;
      });
    }
    return this.#described.server;
  }

  /** As `server`; no keystore is exit 3. */
  async checked(longest = believed): Promise<Server> {
    const server = await this.server(longest);
    if (!server.isThere) throw noKeystore(this.address.label);
    return server;
  }

  /** As `checked`, before something is written. */
  writable(): Promise<Server> {
    return this.checked(believedToWrite);
  }

  query<T extends object>(text: string, values: readonly unknown[] = []): Promise<pg.QueryResult<T>> {
    return this.#pool.query<T>({ text, values: [...values] });
  }

  select<T extends object>(text: string, values: readonly unknown[] = []): Promise<T[]> {
    return this.attempt('be read', async () => {
      await this.checked();
      return (await this.query<T>(text, values)).rows;
    });
  }

  /**
   * Carries out one statement that changes something, and returns its rows.
   * @throws Lost where it may have been carried out although no answer came
   */
  async change<T extends object>(text: string, values: readonly unknown[]): Promise<T[]> {
    const client = await this.#pool.connect();
    let isBroken = true;
    try {
      const { rows } = await client.query<T>(text, [...values]);
      isBroken = false;
      return rows;
    } catch (error) {
      if (isInDoubt(error)) throw new Lost(error);
      isBroken = false;
      throw error;
    } finally {
      client.release(isBroken);
    }
  }

  /** What the database says becomes an error of ours. */
  async attempt<T>(what: Undone, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw toDatabaseError(error instanceof Lost ? error.cause : error, this.address, what);
    }
  }

  /** Ends all connections. */
  close(): Promise<void> {
    return this.#pool.end();
  }

  async #describe(): Promise<Server> {
    const { schema, label } = this.address;
    const { rows } = await this.query<Parameters<typeof toServer>[0]>(describeServer, [schema]);
    const [row] = rows;
    if (row === undefined) throw new JwksError('failed', `the keystore ${label} gives no answer`);
    return toServer(row, label);
  }
}
