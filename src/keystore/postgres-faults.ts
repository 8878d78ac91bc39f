// What goes wrong with a database, in our words.
import { JwksError, shellWord, systemCode } from '../errors.ts';
import type { DatabaseAddress } from './database-url.ts';
import { tableOf } from './postgres-schema.ts';
import { sqlState } from './postgres-sqlstate.ts';
import { noKeystore } from './reader-faults.ts';

interface Words {
  readonly code: 'failed' | 'not-found' | 'unsupported';
  readonly why: string;
  readonly hint?: string;
}

/** By SQLSTATE: https://www.postgresql.org/docs/current/errcodes-appendix.html */
const words: readonly (readonly [RegExp, Words])[] = [
  [
    /^28/,
    {
      code: 'failed',
      why: 'it does not let this role in',
      hint: "look at the role's password (in the URL, PGPASSWORD or PGPASSFILE), its certificate (sslcert) and pg_hba.conf",
    },
  ],
  [/^3D000/, { code: 'not-found', why: 'there is no such database', hint: 'make it with createdb' }],
  [
    /^25006/,
    {
      code: 'failed',
      why: 'it can only be read',
      hint: 'it may be a replica: name the primary to change keys',
    },
  ],
  [/^53100/, { code: 'failed', why: 'its disk is full', hint: 'make room and run it again' }],
  [
    /^53/,
    {
      code: 'failed',
      why: 'it has no connection or memory left',
      hint: 'run it again, or raise max_connections',
    },
  ],
  [/^57P0[123]/, { code: 'failed', why: 'it is starting or stopping', hint: 'run it again' }],
  [
    /^57014/,
    {
      code: 'failed',
      why: 'it took too long',
      hint: 'look at what holds locks (pg_locks, pg_blocking_pids), and run it again',
    },
  ],
  [
    /^22021/,
    {
      code: 'unsupported',
      why: 'its encoding cannot hold that name',
      hint: 'make the database with ENCODING UTF8',
    },
  ],
];

const network: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'there is no host of that name',
  EAI_AGAIN: 'the host name cannot be looked up now',
  ETIMEDOUT: 'it does not answer',
  EHOSTUNREACH: 'there is no way to that host',
  ENETUNREACH: 'there is no network',
  ENOENT: 'there is no such socket',
  ECONNRESET: 'the connection broke',
  EPIPE: 'the connection broke',
};

/** What cannot be done with a keystore. */
export type Undone = 'be read' | 'be written' | 'be made';

/** Which right a role lacks for it, and the statement that gives it. */
const rights: Readonly<
  Record<Undone | 'be reached', (address: DatabaseAddress) => { why: string; hint: string }>
> = {
  'be reached': ({ database, user }) => ({
    why: `the role "${user}" may not connect to the database "${database}"`,
    hint: `GRANT CONNECT ON DATABASE ${quoted(database)} TO ${quoted(user)}`,
  }),
  'be read': ({ schema, user }) => ({
    why: `the role "${user}" may not read its table`,
    hint: `GRANT USAGE ON SCHEMA "${schema}" TO ${quoted(user)}; GRANT SELECT ON ${tableOf(schema)} TO ${quoted(user)}`,
  }),
  'be written': ({ schema, user }) => ({
    why: `the role "${user}" may not change its table`,
    hint: `for a role that writes: GRANT SELECT, INSERT, UPDATE ON ${tableOf(schema)} TO ${quoted(user)}`,
  }),
  'be made': ({ schema, database, user }) => ({
    why: `the role "${user}" may not make the schema "${schema}" or a table in it`,
    hint: `GRANT CREATE ON DATABASE ${quoted(database)} TO ${quoted(user)}, or on the schema if it is there; or make both as another role (docs/postgres.md)`,
  }),
};

/** What the server calls the place where it looks whether a role may connect; its words are in its own language. */
function isKeptOut(error: unknown): boolean {
  return Reflect.get(Object(error), 'routine') === 'CheckMyDatabase';
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** Never in the error's own words: some quote what was sent. */
export function toDatabaseError(error: unknown, address: DatabaseAddress, what: Undone): JwksError {
  const { label } = address;
  if (error instanceof JwksError) return error;
  const state = sqlState(error);
  if (state !== undefined && /^(?:42P01|3F000)/.test(state)) return noKeystore(label);
  const known: Words | undefined =
    state === '42501'
      ? { code: 'failed', ...rights[isKeptOut(error) ? 'be reached' : what](address) }
      : wordsFor(state);
  const why = known?.why ?? describeFault(error);
  return new JwksError(known?.code ?? 'failed', `the keystore ${label} cannot ${what}: ${why}`, {
    hint: known?.hint ?? (state === undefined ? hintNetwork(error, address) : undefined),
    // Its message may quote a document; the code does not.
    cause: state === undefined ? error : undefined,
  });
}

function wordsFor(state = ''): Words | undefined {
  return words.find(([pattern]) => pattern.test(state))?.[1];
}

/** Why, in a few words. */
export function describeFault(error: unknown): string {
  const state = sqlState(error);
  if (state === undefined) return whyNetwork(error);
  return wordsFor(state)?.why ?? `the database answers with SQLSTATE ${state}`;
}

/** No row was changed, and nobody else was first. */
export function leftAsItWas({ label, schema }: DatabaseAddress, document: string): JwksError {
  return new JwksError('failed', `the keystore ${label} cannot be written: it leaves ${document} as it was`, {
    hint: `look for triggers, rules and policies on ${tableOf(schema)}`,
  });
}

export function changedOnTheWay({ label, schema }: DatabaseAddress, document: string): JwksError {
  return new JwksError(
    'damaged',
    `the keystore ${label} keeps something else as ${document} than was written`,
    {
      hint: `look for triggers and rules on ${tableOf(schema)}, and put it back from a backup: jwks restore`,
    },
  );
}

function whyNetwork(error: unknown): string {
  const code = systemCode(error) ?? '';
  const text = error instanceof Error ? error.message : '';
  const tls = tlsWords.find(([pattern]) => pattern.test(code));
  if (tls !== undefined) return `${tls[1]} (${code})`;
  if (/time-?out|timed out/i.test(text)) return 'it does not answer in time';
  if (noTls.test(text)) return 'it does not speak TLS';
  if (/terminated|closed|not queryable/i.test(text)) return 'the connection broke';
  return network[code] ?? (code === '' ? 'the connection failed' : code);
}

function hintNetwork(error: unknown, { host, port }: DatabaseAddress): string {
  const code = systemCode(error) ?? '';
  const tls = tlsWords.find(([pattern]) => pattern.test(code));
  if (tls !== undefined) return tls[2];
  if (error instanceof Error && noTls.test(error.message))
    return 'sslmode=disable in the URL goes without, where the network is your own';
  return `see whether it is up: pg_isready -h ${shellWord(host)} -p ${port}`;
}

const noTls = /does not support SSL/i;

/** By code of OpenSSL's and Node's errors: what is wrong, and what to do. */
const tlsWords: readonly (readonly [RegExp, why: string, hint: string])[] = [
  [
    /ALTNAME/,
    'its certificate is for another name',
    'name the host in the URL as its certificate does; sslmode=verify-ca looks past the name',
  ],
  [
    /^ERR_SSL_.*ALERT/,
    'it breaks TLS off',
    'it may not trust the certificate of ours that sslcert=FILE and sslkey=FILE in the URL name',
  ],
  [
    /CERT|SELF_SIGNED|UNABLE_TO/,
    'its certificate is not trusted',
    'name its CA with sslrootcert=FILE in the URL',
  ],
  [/^ERR_(?:TLS|SSL|OSSL)/, 'TLS fails', 'look at the TLS settings of the server, and at those in the URL'],
];
