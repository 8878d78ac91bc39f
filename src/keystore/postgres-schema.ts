// The one table that a keystore has in a database, and its version.
import { JwksError } from '../errors.ts';
import type { DatabaseAddress } from './database-url.ts';

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
  /** Who has the schema or the table and could put anything there, unless that is us or who may do so anyway. */
  readonly stranger: string | undefined;
}

/** As SQL has it. The name of a schema was checked, and needs no escape. */
export function tableOf(schema: string): string {
  return `"${schema}".documents`;
}

/**
 * Here and in every other statement functions are the catalog's by name, and arguments are typed: others may make
 * functions in `public` that fit better, which would run with the rights of whoever runs jwks (CVE-2018-1058).
 *
 * Parameter: the schema. Tables and not `to_regclass`, which looks at another moment than the rest: who asks while it
 * is made would see the table without its comment.
 */
export const describeServer = `SELECT pg_catalog.version() AS version,
  pg_catalog.current_setting('synchronous_commit'::text, true) AS sync,
  n.oid IS NOT NULL AS schema, c.oid IS NOT NULL AS "table",
  pg_catalog.obj_description(c.oid, 'pg_class'::name) AS mark,
  CASE WHEN c.relkind <> 'r'::"char" THEN 'is no table'
    WHEN c.relrowsecurity THEN 'has row security'
    WHEN EXISTS (SELECT FROM pg_catalog.pg_rewrite AS r WHERE r.ev_class = c.oid) THEN 'has rules'
    WHEN EXISTS (SELECT FROM pg_catalog.pg_trigger AS t WHERE t.tgrelid = c.oid AND NOT t.tgisinternal)
      THEN 'has triggers' END AS oddity,
  (SELECT o.rolname::text FROM pg_catalog.pg_roles AS o, pg_catalog.pg_roles AS me, pg_catalog.pg_database AS d
    WHERE o.oid IN (n.nspowner, c.relowner) AND me.rolname = CURRENT_USER
    AND d.datname = pg_catalog.current_database() AND NOT o.rolsuper AND o.oid <> d.datdba
    AND o.rolname <> 'pg_database_owner'::name AND o.oid <> me.oid
    AND (me.rolsuper OR NOT pg_catalog.pg_has_role(o.oid, 'MEMBER'::text)) LIMIT 1) AS stranger
  FROM (SELECT 1) AS one LEFT JOIN pg_catalog.pg_namespace AS n ON n.nspname = $1::name
  LEFT JOIN pg_catalog.pg_class AS c ON c.relnamespace = n.oid AND c.relname = 'documents'`;

interface Described {
  readonly version: string;
  readonly sync: string | null;
  readonly schema: boolean;
  readonly table: boolean;
  readonly mark: string | null;
  readonly oddity: string | null;
  readonly stranger: string | null;
}

/** A table that is not ours, or of a newer version, is exit 6. */
export function toServer(row: Described, label: string): Server {
  if (row.table) {
    if (row.oddity !== null)
      throw new JwksError('untrusted-file', `the table of documents at ${label} ${row.oddity}`, {
        hint: 'what others put between jwks and its documents can change or hide them: take it away',
      });
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
    stranger: row.stranger ?? undefined,
  };
}

/** What is made is not made in a place of somebody else. A superuser is in all roles, and counts as none of them. */
export function refuseStranger({ stranger }: Server, { label, schema }: DatabaseAddress): void {
  if (stranger === undefined) return;
  throw new JwksError(
    'untrusted-file',
    `the schema or the table at ${label} belongs to the role "${stranger}"`,
    {
      hint: `take another schema (?schema=NAME), or give it to a role that you trust: ALTER SCHEMA "${schema}" OWNER TO ..., ALTER TABLE ${tableOf(schema)} OWNER TO ...`,
    },
  );
}

export function isCockroach(version: string): boolean {
  return /^CockroachDB/.test(version);
}

/**
 * What makes it, one after the other; each may be there already. The table and its comment are one step, and the
 * comment comes before the index: it lets one at a time go on, where two with an index would wait for each other.
 */
export function definitions(
  schema: string,
  { hasSchema, isCockroach }: Pick<Server, 'hasSchema' | 'isCockroach'>,
): string[] {
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
