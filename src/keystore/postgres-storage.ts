// A keystore in PostgreSQL or CockroachDB: a row for each document, replaced only where its revision is the expected
// one, so that no number can be taken twice. Statements are single, and none holds a lock while we think.
import { setTimeout as pause } from 'node:timers/promises';
import { JwksError } from '../errors.ts';
import type { Instant } from '../lifecycle/time.ts';
import type { DatabaseAddress } from './database-url.ts';
import { inDoubt } from './file-faults.ts';
import { Database, Lost } from './postgres-database.ts';
import { dueSets, noteDue } from './postgres-due.ts';
import {
  changedOnTheWay,
  describeFault,
  isAlreadyThere,
  isRetryable,
  leftAsItWas,
} from './postgres-faults.ts';
import { keyOf, Reads } from './postgres-reads.ts';
import { definitions, refuseStranger, type Server } from './postgres-schema.ts';
import { watchPostgres } from './postgres-watch.ts';
import type { DocumentName } from './set-id.ts';
import type { NextLook, Outcome, Shield, Storage, StoredDocument } from './storage.ts';

export interface PostgresOptions {
  readonly shield?: Shield | undefined;
  /** In milliseconds: so long a change in doubt is tried again, as the same statement; 30 000 if absent. */
  readonly patience?: number | undefined;
}

/** From so many names on it is cheaper to ask for all. */
const many = 1_000;

interface Stamp {
  readonly name: string;
  readonly revision: string;
}

/** Whether the row is as it was sent. */
interface Written {
  readonly same: boolean;
}

interface NewRevision {
  readonly document: DocumentName;
  readonly from: number;
  readonly revision: number;
  readonly bytes: Buffer;
}

export class PostgresStorage implements Storage {
  readonly place: string;
  readonly label: string;
  readonly #database: Database;
  readonly #reads: Reads;
  readonly #options: PostgresOptions;

  constructor(address: DatabaseAddress, options: PostgresOptions = {}) {
    ({ place: this.place, label: this.label } = address);
    this.#options = options;
    this.#database = new Database(address);
    this.#reads = new Reads(this.#database);
  }

  /** Whether the keystore's table is there. A table of another version, or not ours, is exit 6. */
  async isThere(): Promise<boolean> {
    return (await this.#database.attempt('be read', () => this.#database.server())).isThere;
  }

  /** Makes schema and table, each where it is not there. */
  async make(): Promise<void> {
    const database = this.#database;
    await database.attempt('be made', async () => {
      const server = await database.server(0);
      refuseStranger(server, database.address);
      if (server.isThere) return;
      for (const statement of definitions(database.address.schema, server)) {
        // Two that make it at once: IF NOT EXISTS looks, and somebody else is first.
        await database.query(statement).catch((error: unknown) => {
          if (!isAlreadyThere(error)) throw error;
        });
      }
      // Somebody may have been first.
      refuseStranger(await database.server(0), database.address);
    });
  }

  async list(): Promise<DocumentName[]> {
    const rows = await this.#database.select<Stamp>(
      `SELECT name FROM ${this.#database.table} WHERE kind = 'sets'`,
    );
    return rows.map(({ name }): DocumentName => `sets/${name}`);
  }

  read(name: DocumentName): Promise<StoredDocument | undefined> {
    return this.#reads.read(name);
  }

  async stamps(names: readonly DocumentName[]): Promise<Map<DocumentName, string>> {
    const wanted = new Set(names);
    const own = names.length > many ? '' : ' AND name = ANY($1::text[])';
    const values = own === '' ? [] : [names.map((name) => keyOf(name).name)];
    const { table } = this.#database;
    const sql = `SELECT name, revision FROM ${table} WHERE kind = 'sets' AND revision > 0${own}`;
    const stamps = new Map<DocumentName, string>();
    for (const { name, revision } of await this.#database.select<Stamp>(sql, values)) {
      if (wanted.has(`sets/${name}`)) stamps.set(`sets/${name}`, revision);
    }
    return stamps;
  }

  async reserve(document: DocumentName): Promise<void> {
    const { kind, name } = keyOf(document);
    const database = this.#database;
    const sql = `INSERT INTO ${database.table} (kind, name, revision, document) VALUES ($1::text, $2::text, 0, ''::bytea)
      ON CONFLICT (kind, name) DO NOTHING`;
    await database.attempt('be written', async () => {
      await database.writable();
      await database.query(sql, [kind, name]);
    });
  }

  replace(document: DocumentName, from: number, bytes: Uint8Array): Promise<Outcome> {
    return this.#write({ document, from, revision: from + 1, bytes: Buffer.from(bytes) });
  }

  async seed(document: DocumentName, from: number, revision: number, bytes: Uint8Array): Promise<Outcome> {
    const there = await this.read(document);
    if (there?.revision === revision && Buffer.from(bytes).equals(there.bytes)) return 'committed';
    return this.#write({ document, from, revision, bytes: Buffer.from(bytes) });
  }

  due(time: Instant): Promise<DocumentName[]> {
    return dueSets(this.#database, time);
  }

  noteDue(now: Instant, looks: readonly NextLook[]): Promise<void> {
    return noteDue(this.#database, now, looks);
  }

  watch(onChange: () => void): () => void {
    return watchPostgres(this.#database.address, onChange);
  }

  /** Ends all connections. */
  close(): Promise<void> {
    return this.#database.close();
  }

  #write(wanted: NewRevision): Promise<Outcome> {
    return this.#database.attempt('be written', async () => {
      const server = await this.#database.writable();
      this.#options.shield?.raise();
      try {
        const outcome = await this.#untilKnown(server, wanted);
        if (outcome === 'spoiled') throw changedOnTheWay(this.#database.address, wanted.document);
        if (outcome === 'conflict') this.#options.shield?.lower();
        return outcome;
      } catch (error) {
        // What is in doubt may have been done, and is to be reported before a signal ends the process.
        if (!isUnconfirmed(error)) this.#options.shield?.lower();
        throw error;
      }
    });
  }

  /**
   * The same statement as long as its fate is not known: an earlier one that is carried out late changes what it is
   * compared with, so that only one of them can succeed.
   */
  async #untilKnown(server: Server, wanted: NewRevision): Promise<Outcome | 'spoiled'> {
    const { document } = wanted;
    const { label } = this.#database.address;
    const giveUp = performance.now() + (this.#options.patience ?? 30_000);
    let doubt: unknown;
    for (let tries = 1; ; tries++) {
      try {
        const [written] = await this.#writeOnce(server, wanted);
        if (written !== undefined) return written.same ? 'committed' : 'spoiled';
        return await (doubt === undefined ? this.#whyNot(wanted) : this.#whoWasFirst(wanted, doubt));
      } catch (error) {
        if (error instanceof Lost) doubt ??= error.cause;
        else if (doubt === undefined ? !isRetryable(error) : isUnconfirmed(error)) throw error;
        if (performance.now() > giveUp)
          throw doubt === undefined ? error : inDoubt(label, document, doubt, describeFault(doubt));
      }
      await pause(Math.random() * Math.min(50 * 2 ** tries, 2_000));
    }
  }

  #writeOnce(server: Server, { document, from, revision, bytes }: NewRevision): Promise<Written[]> {
    const { table, address } = this.#database;
    const { kind, name } = keyOf(document);
    const values = [kind, name, revision, bytes, from];
    const changed = `${
      from === 0
        ? `INSERT INTO ${table} AS d (kind, name, revision, document) VALUES ($1::text, $2::text, $3::bigint, $4::bytea)
           ON CONFLICT (kind, name) DO UPDATE SET revision = excluded.revision, document = excluded.document,
           next_due = NULL WHERE d.revision = $5::bigint`
        : `UPDATE ${table} SET revision = $3::bigint, document = $4::bytea, next_due = NULL
           WHERE kind = $1::text AND name = $2::text AND revision = $5::bigint`
    } RETURNING revision = $3::bigint AND document = $4::bytea AS same`;
    if (server.isCockroach) return this.#database.change<Written>(changed, values);
    // Holds for the transaction, which is this statement. One of several would keep its lock while we are stopped.
    const durably = server.isLazy
      ? `, pg_catalog.set_config('synchronous_commit'::text, 'on'::text, true)`
      : '';
    // Not which document: whoever may connect to the database hears it.
    const told = `WITH changed AS (${changed})
      SELECT same, pg_catalog.pg_notify('jwks'::text, $6::text)${durably} FROM changed`;
    return this.#database.change<Written>(told, [...values, address.schema]);
  }

  /** Nothing was changed, and nothing is in doubt: others were first, or the database lets nobody change it. */
  async #whyNot({ document, from }: NewRevision): Promise<Outcome> {
    const there = await this.read(document);
    if ((there?.revision ?? 0) === from) throw leftAsItWas(this.#database.address, document);
    return 'conflict';
  }

  /** Nothing was changed by the last statement: by one before it whose answer was lost, or by somebody else. */
  async #whoWasFirst(wanted: NewRevision, doubt: unknown): Promise<Outcome> {
    const there = await this.read(wanted.document);
    if (there === undefined || there.revision < wanted.revision) return 'conflict';
    if (there.revision === wanted.revision)
      return wanted.bytes.equals(there.bytes) ? 'committed' : 'conflict';
    // Somebody may have gone on from ours.
    throw inDoubt(this.#database.address.label, wanted.document, doubt, describeFault(doubt));
  }
}

function isUnconfirmed(error: unknown): boolean {
  return error instanceof JwksError && error.code === 'unconfirmed';
}
