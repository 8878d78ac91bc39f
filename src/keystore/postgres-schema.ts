// The one table that a keystore has in a database, and its version.
import { JwksError } from '../errors.ts';

/** Rises when the table changes in a way that other versions must not write to. */
const schemaVersion = 1;
const marks = /^jwks-keystore schema (\d+)$/;

/** What a connection is told of its server and of the keystore's table. */
export interface Server {
  readonly isThere: boolean;
  readonly hasSchema: boolean;
  /** CockroachDB: no LISTEN, no collations to choose. */
  readonly isCockroach: boolean;
  /** A COMMIT is answered before it is on disk: `synchronous_commit` is off. */
  readonly isLazy: boolean;
}

export function tableOf(schema: string): string {
  return `"${schema}".documents`;
}

/**
 * Parameter: the schema. Tables and not `to_regclass`, which looks at another moment than the rest: who asks while it
 * is made would see the table without its comment.
 */
export const describeServer = `SELECT version() AS version, current_setting('synchronous_commit', true) AS sync,
  n.oid IS NOT NULL AS schema, c.oid IS NOT NULL AS "table", obj_description(c.oid, 'pg_class') AS mark
  FROM (SELECT 1) AS one LEFT JOIN pg_catalog.pg_namespace AS n ON n.nspname = $1
  LEFT JOIN pg_catalog.pg_class AS c ON c.relnamespace = n.oid AND c.relname = 'documents'`;

interface Described {
  readonly version: string;
  readonly sync: string | null;
  readonly schema: boolean;
  readonly table: boolean;
  readonly mark: string | null;
}

/** A table that is not ours, or of a newer version, is exit 6. */
export function toServer(row: Described, label: string): Server {
  if (row.table) {
    const version = marks.exec(row.mark ?? '')?.[1];
    if (version === undefined)
      throw new JwksError(
        'damaged',
        `the table of documents at ${label} is not a keystore's, or lost its comment`,
        {
          hint: `jwks keeps its version there: COMMENT ON TABLE ... IS 'jwks-keystore schema ${schemaVersion}'`,
        },
      );
    if (Number(version) !== schemaVersion)
      throw new JwksError(
        'newer-format',
        `the keystore at ${label} has schema version ${version}, and this jwks knows ${schemaVersion}`,
        {
          hint: 'install the version of jwks that made it, or a newer one',
        },
      );
  }
  return {
    isThere: row.table,
    hasSchema: row.schema,
    isCockroach: isCockroach(row.version),
    isLazy: row.sync === 'off',
  };
}

export function isCockroach(version: string): boolean {
  return /^CockroachDB/.test(version);
}

/**
 * What makes it, one after the other; each may be there already. The table and its comment are one step, and the
 * comment comes before the index: it lets one at a time go on, where two with an index would wait for each other.
 */
export function definitions(schema: string, { hasSchema, isCockroach }: Server): string[] {
  const table = tableOf(schema);
  // An index in the order of a locale breaks when the system's C library changes that order.
  const text = isCockroach ? 'text' : 'text COLLATE "C"';
  return [
    ...(hasSchema ? [] : [`CREATE SCHEMA IF NOT EXISTS "${schema}"`]),
    `CREATE TABLE IF NOT EXISTS ${table} (
      kind ${text} NOT NULL,
      name ${text} NOT NULL,
      revision bigint NOT NULL,
      document bytea NOT NULL,
      next_due timestamptz,
      PRIMARY KEY (kind, name));
    COMMENT ON TABLE ${table} IS 'jwks-keystore schema ${schemaVersion}';
    CREATE INDEX IF NOT EXISTS documents_next_due ON ${table} (next_due)`,
  ];
}
