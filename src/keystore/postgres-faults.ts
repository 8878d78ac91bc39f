// What goes wrong with a database, in our words.
import { JwksError, shellWord, systemCode } from '../errors.ts';
import type { DatabaseAddress } from './database-url.ts';
import { noKeystore } from './reader-faults.ts';

/** An error's SQLSTATE where the server gave it; what the client or the network says has none. */
export function sqlState(error: unknown): string | undefined {
  const code = systemCode(error);
  return code !== undefined && /^[0-9A-Z]{5}$/.test(code) && isFromServer(error) ? code : undefined;
}

/** `pg` puts the server's own `severity` beside it. */
function isFromServer(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'severity' in error;
}

/**
 * Whether a statement that ended so may still have been carried out: the connection broke, or the server was stopped
 * or does not know itself (CockroachDB's 40003).
 */
export function isInDoubt(error: unknown): boolean {
  const state = sqlState(error);
  return state === undefined || /^(?:08|57P|40003)/.test(state);
}

/** It was not carried out, and the same statement may be now. */
export function isRetryable(error: unknown): boolean {
  return /^(?:40001|40P01|55P03)$/.test(sqlState(error) ?? '');
}

export function isAlreadyThere(error: unknown): boolean {
  return /^(?:23505|42P06|42P07)$/.test(sqlState(error) ?? '');
}

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
      hint: "look at the role's password (in the URL, PGPASSWORD or PGPASSFILE) and at pg_hba.conf",
    },
  ],
  [/^3D000/, { code: 'not-found', why: 'there is no such database', hint: 'make it with createdb' }],
  [
    /^42501/,
    {
      code: 'failed',
      why: 'this role has no right to do that',
      hint: 'docs/postgres.md names the rights of a role that writes and of one that reads',
    },
  ],
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
  [/^57P03/, { code: 'failed', why: 'it is starting or stopping', hint: 'run it again' }],
  [/^57014/, { code: 'failed', why: 'it took too long', hint: 'look at what holds locks, and run it again' }],
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

/** `what` the database cannot: `be read`. Never the error's own words: some quote what was sent. */
export function toDatabaseError(error: unknown, address: DatabaseAddress, what: string): JwksError {
  const { label } = address;
  if (error instanceof JwksError) return error;
  const state = sqlState(error);
  if (state !== undefined && /^(?:42P01|3F000)/.test(state)) return noKeystore(label);
  const known = words.find(([pattern]) => pattern.test(state ?? ''))?.[1];
  const why =
    known?.why ?? (state === undefined ? whyNetwork(error) : `the database answers with SQLSTATE ${state}`);
  return new JwksError(known?.code ?? 'failed', `the keystore ${label} cannot ${what}: ${why}`, {
    hint: known?.hint ?? (state === undefined ? hintNetwork(error, address) : undefined),
    // Its message may quote a document; the code does not.
    cause: state === undefined ? error : undefined,
  });
}

function whyNetwork(error: unknown): string {
  const code = systemCode(error) ?? '';
  const text = error instanceof Error ? error.message : '';
  if (isTls(code, text)) return `its certificate is not trusted (${code === '' ? 'no TLS there' : code})`;
  if (/time-?out|timed out/i.test(text)) return 'it does not answer in time';
  if (/does not support SSL/i.test(text)) return 'it does not speak TLS';
  if (/password must be a string|no password/i.test(text)) return 'it wants a password, and none is set';
  if (/terminated|closed|not queryable/i.test(text)) return 'the connection broke';
  return network[code] ?? (code === '' ? 'the connection failed' : code);
}

function hintNetwork(error: unknown, { host, port }: DatabaseAddress): string {
  const code = systemCode(error) ?? '';
  const text = error instanceof Error ? error.message : '';
  if (isTls(code, text))
    return 'name the CA with sslrootcert=FILE in the URL; sslmode=verify-ca looks past the name in it';
  if (/does not support SSL/i.test(text))
    return 'sslmode=disable in the URL goes without, where the network is your own';
  if (/password must be a string|no password/i.test(text))
    return 'set it in PGPASSWORD or PGPASSFILE, or in the URL';
  return `see whether it is up: pg_isready -h ${shellWord(host)} -p ${port}`;
}

function isTls(code: string, text: string): boolean {
  return /CERT|SELF_SIGNED|UNABLE_TO|ERR_TLS|ERR_SSL/.test(code) || /certificate/i.test(text);
}
