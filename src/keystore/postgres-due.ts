// What a database remembers of when a set may next have something due: a column beside the document, and only a hint.
import type { Instant } from '../lifecycle/time.ts';
import type { Database } from './postgres-database.ts';
import { documentAt, keyOf } from './postgres-rows.ts';
import type { DocumentName } from './set-id.ts';
import type { NextLook } from './storage.ts';

/** In seconds: so long a hint is believed at most, so that a wrong one costs no more than that. */
const longestBelief = 86_400;
const batch = 1_000;

/** Every change of a document empties its hint; one that is further ahead than we ever write is none. */
export async function dueSets(database: Database, time: Instant): Promise<DocumentName[]> {
  const sql = `SELECT name FROM ${database.table} WHERE kind = 'sets' AND revision > 0
    AND (next_due IS NULL OR next_due <= pg_catalog.to_timestamp($1::float8)
      OR next_due > pg_catalog.to_timestamp($2::float8))`;
  const rows = await database.select<{ readonly name: string }>(sql, [time, time + longestBelief]);
  return rows.map(({ name }) => documentAt({ kind: 'sets', name }));
}

/** Of many that were looked at together not all are to be looked at together again: `spread` gives 0 to 1. */
export async function noteDue(
  database: Database,
  now: Instant,
  looks: readonly NextLook[],
  spread: () => number = Math.random,
): Promise<void> {
  const sql = `UPDATE ${database.table} AS d SET next_due = pg_catalog.to_timestamp(h.at)
    FROM ROWS FROM (pg_catalog.unnest($1::text[]), pg_catalog.unnest($2::bigint[]), pg_catalog.unnest($3::float8[]))
      AS h(name, revision, at)
    WHERE d.kind = 'sets' AND d.name = h.name AND d.revision = h.revision`;
  for (let from = 0; from < looks.length; from += batch) {
    const some = looks.slice(from, from + batch);
    const names = some.map(({ name }) => keyOf(name).name);
    const dates = some.map(({ at }) => Math.min(at, now + longestBelief * (0.5 + spread() / 2)));
    await database.attempt('be written', async () => {
      await database.writable();
      await database.query(sql, [names, some.map(({ revision }) => revision), dates]);
    });
  }
}
