// A PostgreSQL of its own for a test: started, restarted, stopped and removed.
import { randomBytes, randomInt } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import pg from 'pg';
import { findPostgres, give, reachable } from './postgres-binaries.ts';
import { logEnd, type PostgresProcess, runInitdb, runPostgres, type StopMode } from './postgres-process.ts';

export interface PostgresOptions {
  /** Lines of postgresql.conf, over ours. */
  readonly settings?: Readonly<Record<string, string>>;
  /** The whole of pg_hba.conf, after one line that lets `sql` in through the socket. */
  readonly hba?: string;
  /** PEM texts. */
  readonly ssl?: { readonly cert: string; readonly key: string };
  /** Directory of the binaries; without it, that of `findPostgres`. */
  readonly binaries?: string | undefined;
}

export type Row = Readonly<Record<string, unknown>>;

export interface PostgresServer {
  /** postgres://postgres:password@127.0.0.1:port/database */
  url(database?: string): string;
  /** The same through the socket, as libpq and pg write it: its directory, percent-encoded, is the host. */
  socketUrl(database?: string): string;
  readonly port: number;
  readonly password: string;
  readonly directory: string;
  readonly dataDirectory: string;
  /** Data and port stay. */
  restart(mode?: StopMode): Promise<void>;
  stop(mode?: StopMode): Promise<void>;
  start(): Promise<void>;
  /** Stops it and removes its data. */
  remove(): Promise<void>;
  /** Rows of the last statement, asked as superuser through the socket. */
  sql(text: string, database?: string): Promise<Row[]>;
}

export async function startPostgres(options: PostgresOptions = {}): Promise<PostgresServer> {
  const found = options.binaries ?? findPostgres();
  if (found === undefined) throw new Error('no PostgreSQL is installed');
  // Not in TMPDIR: a socket's path has 107 bytes at most, and the server's user must come there.
  const directory = mkdtempSync('/tmp/jwks-postgres-');
  try {
    give(directory);
    const bin = reachable(found, join(directory, 'postgres'));
    const password = randomBytes(18).toString('base64url');
    await initialize(bin, directory, password, options);
    return await startAnywhere(bin, directory, password, options);
  } catch (error) {
    rmSync(directory, { recursive: true, force: true });
    throw error;
  }
}

async function initialize(bin: string, directory: string, password: string, options: PostgresOptions) {
  const secret = join(directory, 'password');
  writePrivate(secret, password);
  const argv = ['-U', 'postgres', '--pwfile', secret, '-A', 'scram-sha-256'];
  // Small segments: 16 MB of zeros are most of what is written.
  argv.push('--no-sync', '--wal-segsize=1', '--locale=C', '--encoding=UTF8');
  await runInitdb(bin, directory, argv);
  rmSync(secret);
  const hba = options.hba ?? 'local all all scram-sha-256\nhost all all 127.0.0.1/32 scram-sha-256\n';
  writePrivate(join(directory, 'data/pg_hba.conf'), `local all postgres scram-sha-256\n${hba}`);
  if (options.ssl === undefined) return;
  writePrivate(join(directory, 'data/server.crt'), options.ssl.cert);
  writePrivate(join(directory, 'data/server.key'), options.ssl.key);
}

/** PostgreSQL chooses no port itself, so another process may come between. */
async function startAnywhere(bin: string, directory: string, password: string, options: PostgresOptions) {
  for (let attempt = 1; ; attempt++) {
    const port = await freePort();
    configure(directory, port, options);
    try {
      const running = await runPostgres(bin, directory);
      return serverOf({ bin, directory, port, password, running });
    } catch (error) {
      if (attempt === 5 || !logEnd(directory).includes('Address already in use')) throw error;
    }
  }
}

function configure(directory: string, port: number, { settings, ssl }: PostgresOptions): void {
  const all = {
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: directory,
    password_encryption: 'scram-sha-256',
    fsync: 'off',
    full_page_writes: settings?.['fsync'] === 'on' ? 'on' : 'off',
    // What is written in a minute of tests needs no more.
    max_wal_size: '64MB',
    min_wal_size: '2MB',
    shared_buffers: '16MB',
    ssl: ssl === undefined ? 'off' : 'on',
    ...settings,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name} = '${value.replaceAll("'", "''")}'\n`);
  writePrivate(join(directory, 'data/postgresql.conf'), lines.join(''));
}

/** Below the ports that the system gives away, so that it is still free after a stop. */
async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(20_000, 32_000);
    const isFree = await new Promise<boolean>((resolve) => {
      const server = createServer();
      server.once('error', () => resolve(false));
      server.listen({ host: '127.0.0.1', port, exclusive: true }, () => server.close(() => resolve(true)));
    });
    if (isFree) return port;
  }
}

interface Started {
  readonly bin: string;
  readonly directory: string;
  readonly port: number;
  readonly password: string;
  readonly running: PostgresProcess;
}

function serverOf({ bin, directory, port, password, running }: Started): PostgresServer {
  const urlAt = (host: string, database: string): string =>
    `postgres://postgres:${password}@${host}:${port}/${encodeURIComponent(database)}`;
  const socketUrl = (database = 'postgres'): string => urlAt(encodeURIComponent(directory), database);
  const stop = (mode: StopMode = 'fast'): Promise<void> => running.stop(mode);
  const start = async (): Promise<void> => {
    if (running.hasEnded()) running = await runPostgres(bin, directory);
  };
  return {
    url: (database = 'postgres') => urlAt('127.0.0.1', database),
    socketUrl,
    port,
    password,
    directory,
    dataDirectory: join(directory, 'data'),
    stop,
    start,
    async restart(mode) {
      await stop(mode);
      await start();
    },
    async remove() {
      await stop('immediate');
      rmSync(directory, { recursive: true, force: true });
    },
    sql: (text, database) => ask(socketUrl(database), text),
  };
}

async function ask(connectionString: string, text: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    const answer: pg.QueryResult<Row> | pg.QueryResult<Row>[] = await client.query(text);
    return (Array.isArray(answer) ? answer.at(-1) : answer)?.rows ?? [];
  } finally {
    await client.end();
  }
}

function writePrivate(path: string, text: string): void {
  writeFileSync(path, text, { mode: 0o600 });
  give(path);
}
