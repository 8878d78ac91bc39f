// Changes of documents in a database: one statement each, sent again as long as its fate is not known.
import { setTimeout as pause } from 'node:timers/promises';
import { JwksError } from '../errors.ts';
import { inDoubt } from './file-faults.ts';
import { type Database, Lost } from './postgres-database.ts';
import { changedOnTheWay, describeFault, leftAsItWas } from './postgres-faults.ts';
import type { Reads } from './postgres-reads.ts';
import { keyOf } from './postgres-rows.ts';
import type { Server } from './postgres-schema.ts';
import { isRetryable } from './postgres-sqlstate.ts';
import type { DocumentName } from './set-id.ts';
import type { Outcome, Shield } from './storage.ts';

export interface PostgresOptions {
  readonly shield?: Shield | undefined;
  /** In milliseconds: so long a change in doubt is tried again, as the same statement; 30 000 if absent. */
  readonly patience?: number | undefined;
}

/** Whether the row is as it was sent. */
interface Written {
  readonly same: boolean;
}

export interface NewRevision {
  readonly document: DocumentName;
  readonly from: number;
  readonly revision: number;
  readonly bytes: Buffer;
}

export class Writes {
  readonly #database: Database;
  readonly #reads: Reads;
  readonly #options: PostgresOptions;

  constructor(database: Database, reads: Reads, options: PostgresOptions) {
    this.#database = database;
    this.#reads = reads;
    this.#options = options;
  }

  /** Throws `unconfirmed` where it cannot be told whether it was done. */
  write(wanted: NewRevision): Promise<Outcome> {
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
    const there = await this.#reads.read(document);
    if ((there?.revision ?? 0) === from) throw leftAsItWas(this.#database.address, document);
    return 'conflict';
  }

  /** Nothing was changed by the last statement: by one before it whose answer was lost, or by somebody else. */
  async #whoWasFirst(wanted: NewRevision, doubt: unknown): Promise<Outcome> {
    const there = await this.#reads.read(wanted.document);
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
