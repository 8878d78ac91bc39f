// The way to a database: npm's `pg`, which is there only where somebody wants it, and what every connection needs.
import { createRequire } from 'node:module';
import type pg from 'pg';
import { JwksError } from '../errors.ts';
import { readTls } from './database-tls.ts';
import type { DatabaseAddress } from './database-url.ts';
import { readPassword } from './password-file.ts';
import { sqlState } from './postgres-sqlstate.ts';

/**
 * In milliseconds: no statement of ours takes long, so that one that does waits for something. The server gives up
 * first, and says so; where only we did, it could still carry it out long after that was reported.
 */
const longestStatement = 20_000;
const longestAnswer = 30_000;

/** Loaded when it is used, and not bundled. */
function load(): typeof pg {
  try {
    return withNavigator(() => createRequire(import.meta.url)('pg') as typeof pg);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'MODULE_NOT_FOUND')) throw error;
    throw new JwksError(
      'unsupported',
      'a keystore in PostgreSQL needs the npm package pg, which is not installed',
      {
        hint: 'install it beside jwks: npm install -g pg (or, in a project, npm install pg)',
      },
    );
  }
}

/** Where there is no `navigator` (Node 20), pg asks a `Response` where it runs, and that loads all of fetch: 10 ms. */
function withNavigator<T>(action: () => T): T {
  if ('navigator' in globalThis) return action();
  Object.defineProperty(globalThis, 'navigator', { value: { userAgent: 'Node.js' }, configurable: true });
  try {
    return action();
  } finally {
    Reflect.deleteProperty(globalThis, 'navigator');
  }
}

function configOf(address: DatabaseAddress): pg.ClientConfig {
  const { host, port, database, user, connectTimeout } = address;
  return {
    ...{ host, port, database, user },
    // Asked only where the server wants one.
    password: () => passwordOf(address),
    ssl: readTls(address) ?? false,
    connectionTimeoutMillis: connectTimeout,
    query_timeout: longestAnswer,
    keepAlive: true,
    fallback_application_name: 'jwks',
  };
}

function passwordOf(address: DatabaseAddress): string {
  const { label, password, passwordFile } = address;
  const found = password ?? (passwordFile && readPassword(passwordFile, address));
  if (found !== undefined && found !== '') return found;
  throw new JwksError('failed', `the keystore ${label} wants a password, and none is set`, {
    hint: 'set it in PGPASSWORD or PGPASSFILE, or in the URL',
  });
}

/**
 * pg leaves the socket open where a connection fails before it is made (no password, for one), and its pool forgets
 * it: the process would hang until the server ends it, and one that tries again would use up all its connections.
 */
function clientOf({ Client }: typeof pg): typeof pg.Client {
  return class extends Client {
    constructor(config?: string | pg.ClientConfig) {
      super(config);
      let isMade = false;
      const drop = (): void => {
        if (!isMade) this.connection.stream.destroy();
      };
      this.once('connect', () => {
        isMade = true;
      });
      // What breaks a connection is also told beside the statement, and would end the process if nobody listened.
      this.on('error', drop);
      this.connection.on('error', drop).on('errorMessage', drop);
    }
  };
}

/** Connections that are made when they are needed. Throws `unsupported` where there is no pg. */
export function makePool(address: DatabaseAddress): pg.Pool {
  const loaded = load();
  const pool = new loaded.Pool({
    ...configOf(address),
    Client: clientOf(loaded),
    max: address.mostConnections,
    idleTimeoutMillis: 5_000,
    // A command that is done ends, and does not wait for connections that nobody uses.
    allowExitOnIdle: true,
    verify: limit,
  });
  // One that breaks while nobody uses it is replaced; who uses it next hears if that fails.
  pool.on('error', () => {});
  return pool;
}

/** By a statement: as a parameter of the connection pgbouncer refuses it. A server that does not know it goes without. */
function limit(client: pg.PoolClient, done: (error?: Error) => void): void {
  client.query(`SET statement_timeout = ${longestStatement}`).then(
    () => done(),
    (error: Error) => done(/^(?:0A|42)/.test(sqlState(error) ?? '') ? undefined : error),
  );
}

/** A connection of its own, for what stays. Throws as `makePool` does. */
export function makeClient(address: DatabaseAddress): pg.Client {
  const Client = clientOf(load());
  return new Client(configOf(address));
}
