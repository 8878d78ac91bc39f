// A keystore in PostgreSQL or CockroachDB: a row for each document, replaced only where its revision is the expected
// one, so that no number can be taken twice. Statements are single, and none holds a lock while we think.
import type { Instant } from '../lifecycle/time.ts';
import type { DatabaseAddress } from './database-url.ts';
import { Database } from './postgres-database.ts';
import { dueSets, noteDue } from './postgres-due.ts';
import { Reads } from './postgres-reads.ts';
import { documentAt, keyOf } from './postgres-rows.ts';
import { definitions, refuseStranger } from './postgres-schema.ts';
import { isAlreadyThere } from './postgres-sqlstate.ts';
import { watchPostgres } from './postgres-watch.ts';
import { type PostgresOptions, Writes } from './postgres-writes.ts';
import type { DocumentName } from './set-id.ts';
import type { NextLook, Outcome, Storage, StoredDocument } from './storage.ts';

export type { PostgresOptions };

/** So many names are asked for at a time: those of a hundred thousand at once would take more memory than all else. */
const page = 5_000;
/** From so many names on it is cheaper to ask for all. */
const many = 1_000;

interface Stamp {
  readonly name: string;
  readonly revision: string;
}

export class PostgresStorage implements Storage {
  readonly place: string;
  readonly label: string;
  readonly #database: Database;
  readonly #reads: Reads;
  readonly #writes: Writes;

  constructor(address: DatabaseAddress, options: PostgresOptions = {}) {
    ({ place: this.place, label: this.label } = address);
    this.#database = new Database(address);
    this.#reads = new Reads(this.#database);
    this.#writes = new Writes(this.#database, this.#reads, options);
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
    const names: DocumentName[] = [];
    // Names are never taken away, so that none is missed between two pages.
    for (let last = ''; ; ) {
      const rows = await this.#database.select<Pick<Stamp, 'name'>>(
        `SELECT name FROM ${this.#database.table} WHERE kind = 'sets' AND name > $1::text
          ORDER BY name LIMIT ${page}`,
        [last],
      );
      for (const { name } of rows) names.push(documentAt({ kind: 'sets', name }));
      last = rows.at(-1)?.name ?? last;
      if (rows.length < page) return names;
    }
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
      const document = documentAt({ kind: 'sets', name });
      if (wanted.has(document)) stamps.set(document, revision);
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
    return this.#writes.write({ document, from, revision: from + 1, bytes: Buffer.from(bytes) });
  }

  async seed(document: DocumentName, from: number, revision: number, bytes: Uint8Array): Promise<Outcome> {
    const there = await this.read(document);
    if (there?.revision === revision && Buffer.from(bytes).equals(there.bytes)) return 'committed';
    return this.#writes.write({ document, from, revision, bytes: Buffer.from(bytes) });
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
}
