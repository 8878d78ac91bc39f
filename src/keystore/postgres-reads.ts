// Documents read from a database: those that are asked for at once by one statement, as each would wait for an answer.
import { JwksError } from '../errors.ts';
import { mostBytes } from './file-system.ts';
import type { Database } from './postgres-database.ts';
import { documentAt, keyOf, type RowKey } from './postgres-rows.ts';
import type { DocumentName } from './set-id.ts';
import type { StoredDocument } from './storage.ts';

interface Row {
  readonly name: string;
  readonly revision: string;
  readonly document: Buffer | null;
}

interface Waiting {
  readonly name: DocumentName;
  readonly resolve: (document: StoredDocument | undefined) => void;
  readonly reject: (error: unknown) => void;
}

export class Reads {
  readonly #database: Database;
  #waiting: Waiting[] = [];

  constructor(database: Database) {
    this.#database = database;
  }

  read(name: DocumentName): Promise<StoredDocument | undefined> {
    return new Promise((resolve, reject) => {
      if (this.#waiting.length === 0) queueMicrotask(() => void this.#fetch());
      this.#waiting.push({ name, resolve, reject });
    });
  }

  async #fetch(): Promise<void> {
    const waiting = this.#waiting;
    this.#waiting = [];
    try {
      const found = new Map<DocumentName, Row>();
      for (const kind of ['master', 'sets'] as const) {
        const names = waiting.map(({ name }) => keyOf(name)).filter((key) => key.kind === kind);
        if (names.length === 0) continue;
        for (const row of await this.#rows(kind, [...new Set(names.map(({ name }) => name))]))
          found.set(documentAt({ kind, name: row.name }), row);
      }
      for (const one of waiting) settle(one, found.get(one.name));
    } catch (error) {
      for (const { reject } of waiting) reject(error);
    }
  }

  /** What is larger than any document is not even fetched. */
  #rows(kind: RowKey['kind'], names: readonly string[]): Promise<Row[]> {
    const { table } = this.#database;
    const sql = `SELECT name, revision,
        CASE WHEN pg_catalog.octet_length(document) <= $3::int THEN document END AS document
      FROM ${table} WHERE kind = $1::text AND name = ANY($2::text[])`;
    return this.#database.select<Row>(sql, [kind, names, mostBytes]);
  }
}

/** One that is too large stops nobody who asked for another. */
function settle({ name, resolve, reject }: Waiting, row: Row | undefined): void {
  const revision = Number(row?.revision ?? 0);
  if (row === undefined || revision <= 0) resolve(undefined);
  else if (row.document === null) reject(new JwksError('failed', `${name} is too large`));
  else resolve({ revision, bytes: row.document });
}
