// What the code of a database's error says of the statement that failed.
// https://www.postgresql.org/docs/current/errcodes-appendix.html
import { systemCode } from '../errors.ts';

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

/** Somebody else has made it: a row, a schema, a table. */
export function isAlreadyThere(error: unknown): boolean {
  return /^(?:23505|42710|42P06|42P07)$/.test(sqlState(error) ?? '');
}
