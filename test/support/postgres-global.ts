// What a whole run of the tests has: a directory, and one PostgreSQL. That is started here, in the process that
// outlives all workers, when the first of them asks: a run that needs none pays for a socket.
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { type PostgresServer, startPostgres } from './postgres-server.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Gone when the run is: for what is loaded once by test files that share a process. */
    runDirectory: string;
    /** Whoever connects is told where the server is, or why there is none. */
    postgresSocket: string;
  }
}

export type SharedPostgres = { readonly url: string } | { readonly missing: string };

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const temporary = project.config.env?.['TMPDIR'] ?? tmpdir();
  // A socket's path has 107 bytes at most.
  const directory = mkdtempSync(join(temporary.length > 60 ? '/tmp' : temporary, 'jwks-tests-'));
  // Not all signals leave vitest the time for its teardown.
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
  // Some tests run commands as another user, who reads what lies there.
  chmodSync(directory, 0o711);
  project.provide('runDirectory', directory);
  const path = join(directory, 'postgres');
  let starting: Promise<PostgresServer> | undefined;
  const answer = async (): Promise<SharedPostgres> => {
    try {
      starting ??= startPostgres({ settings: { max_connections: '200' } });
      return { url: (await starting).url() };
    } catch (error) {
      return { missing: error instanceof Error ? error.message : String(error) };
    }
  };
  const listener = createServer((socket) => {
    socket.on('error', () => {});
    void answer().then((shared) => socket.end(JSON.stringify(shared)));
  });
  await new Promise<void>((resolve, reject) => {
    listener.once('error', reject);
    listener.listen(path, resolve);
  });
  listener.unref();
  project.provide('postgresSocket', path);
  return async () => {
    listener.close();
    const server = await starting?.catch(() => undefined);
    await server?.remove();
  };
}
