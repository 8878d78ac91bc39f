// The PostgreSQL that tests share. One of their own is made by postgres-server.ts.
import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { inject } from 'vitest';
import type { SharedPostgres } from './postgres-global.ts';

export { findPostgres } from './postgres-binaries.ts';
export { type PostgresOptions, type PostgresServer, startPostgres } from './postgres-server.ts';

let asked: Promise<SharedPostgres> | undefined;

/** Why tests that need a PostgreSQL are skipped. It starts the shared one. CI has no excuse: there it throws. */
export async function postgresMissing(): Promise<string | undefined> {
  const shared = await sharedPostgres();
  if (!('missing' in shared)) return undefined;
  if (process.env['CI'] === 'true') throw new Error(shared.missing);
  return shared.missing;
}

/** postgres://.../postgres?schema=...: a schema that nobody else has, and that is not made yet. */
export async function postgresSchema(): Promise<string> {
  const shared = await sharedPostgres();
  if ('missing' in shared) throw new Error(shared.missing);
  return `${shared.url}?schema=jwks_${randomBytes(8).toString('hex')}`;
}

function sharedPostgres(): Promise<SharedPostgres> {
  asked ??= askForServer();
  return asked;
}

async function askForServer(): Promise<SharedPostgres> {
  const path = inject('postgresSocket');
  if (path === undefined) throw new Error('vitest runs without test/support/postgres-global.ts');
  return JSON.parse(await text(connect(path)));
}
