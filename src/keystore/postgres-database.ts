// The connections to a keystore's database: what server is there, and statements with their fate.
import type pg from 'pg';
import { JwksError } from '../errors.ts';
import type { DatabaseAddress } from './database-url.ts';
import { makePool } from './postgres-client.ts';
import { isInDoubt, toDatabaseError, type Undone } from './postgres-faults.ts';
import { describeServer, type Server, tableOf, toServer } from './postgres-schema.ts';
import { noKeystore } from './reader-faults.ts';

/** The statement was sent, and what became of it is not known. */
export class Lost extends Error {
  constructor(cause: unknown) {
    super('lost', { cause });
  }
}

function heardAlready(): void {}

export class Database {
  readonly address: DatabaseAddress;
  readonly table: string;
  readonly #pool: pg.Pool;
  #server: Promise<Server> | undefined;

  constructor(address: DatabaseAddress) {
    this.address = address;
    this.table = tableOf(address.schema);
    this.#pool = makePool(address);
  }

  /** What is there; asked once, and after a failure or `forget` again. A table of another version is exit 6. */
  server(): Promise<Server> {
    this.#server ??= this.#describe().catch((error: unknown) => {
      this.#server = undefined;
      throw error;
    });
    return this.#server;
  }

  forget(): void {
    this.#server = undefined;
  }

  /** As `server`; no keystore is exit 3. */
  async checked(): Promise<Server> {
    const server = await this.server();
    if (!server.isThere) throw noKeystore(this.address.label);
    return server;
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
   * Carries out one statement that changes something, and returns how many rows it was.
   * @throws Lost where it may have been carried out although no answer came
   */
  async change(text: string, values: readonly unknown[]): Promise<number> {
    const client = await this.#pool.connect();
    // What breaks a connection is also told beside the statement, and would end the process if nobody listened.
    client.on('error', heardAlready);
    let isBroken = true;
    try {
      const { rowCount } = await client.query(text, [...values]);
      isBroken = false;
      return rowCount ?? 0;
    } catch (error) {
      if (isInDoubt(error)) throw new Lost(error);
      isBroken = false;
      throw error;
    } finally {
      client.release(isBroken);
      client.off('error', heardAlready);
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
