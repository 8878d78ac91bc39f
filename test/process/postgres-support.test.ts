// The PostgreSQL that tests start (test/support/postgres.ts): it starts, keeps its data, and never outlives them.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import pg from 'pg';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { postgresMissing, postgresSchema, startPostgres } from '../support/postgres.ts';
import { debianPostgres, embeddedPostgres } from '../support/postgres-binaries.ts';
import type { PostgresOptions, PostgresServer } from '../support/postgres-server.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const missing = await postgresMissing();
const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');

async function ownPostgres(options: PostgresOptions): Promise<PostgresServer> {
  const server = await startPostgres(options);
  onTestFinished(() => server.remove());
  return server;
}

async function query(connectionString: string, text: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString });
  // Its server goes away under it in one test.
  client.on('error', () => {});
  await client.connect();
  return client.query(text).then(
    ({ rows }) => client.end().then(() => rows),
    (error) => client.end().then(() => Promise.reject(error)),
  );
}

const processOf = (dataDirectory: string): number =>
  Number(readFileSync(join(dataDirectory, 'postmaster.pid'), 'utf8').split('\n')[0]);

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe.skipIf(missing !== undefined)(
  `PostgreSQL${missing === undefined ? '' : ` (skipped: ${missing})`}`,
  () => {
    describe.each([
      ["Debian's", debianPostgres()],
      ['the embedded one', embeddedPostgres()],
    ])('%s', (_, binaries) => {
      test.skipIf(binaries === undefined)('starts, and keeps data and port over restarts', async () => {
        const server = await ownPostgres({ binaries, settings: { max_connections: '17' } });
        expect(
          await server.sql('create table kept (n int); insert into kept values (1) returning n'),
        ).toEqual([{ n: 1 }]);
        for (const mode of ['fast', 'immediate'] as const) {
          const before = processOf(server.dataDirectory);
          await server.restart(mode);
          expect(processOf(server.dataDirectory)).not.toBe(before);
          for (const url of [server.url(), server.socketUrl()]) {
            expect(
              await query(url, "select n, current_setting('max_connections') as most from kept"),
            ).toEqual([{ n: 1, most: '17' }]);
          }
        }
        await server.stop();
        await expect(query(server.url(), 'select 1')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
        await server.start();
        expect(await server.sql('select n from kept')).toEqual([{ n: 1 }]);
      });
    });

    test('takes rules of its own, and needs its password', async () => {
      const server = await ownPostgres({ hba: 'host all all 127.0.0.1/32 reject\n' });
      await expect(query(server.url(), 'select 1')).rejects.toMatchObject({ code: '28000' });
      const wrong = server.socketUrl().replace(server.password, 'wrong');
      await expect(query(wrong, 'select 1')).rejects.toMatchObject({ code: '28P01' });
    });

    test('a setting that it refuses is told with its log', async () => {
      await expect(startPostgres({ settings: { max_connections: 'many' } })).rejects.toThrow(
        /max_connections/,
      );
    });

    test('the shared one gives every test a schema of its own', async () => {
      const [one, other] = [await postgresSchema(), await postgresSchema()];
      expect(one).not.toBe(other);
      expect(new URL(one).searchParams.get('schema')).toMatch(/^jwks_[0-9a-f]{16}$/);
      expect(await query(one, 'show max_connections')).toEqual([{ max_connections: '200' }]);
    });

    test.runIf(process.platform === 'linux')('a killed test run leaves no server and no data', async () => {
      const temporary = temporaryDirectory();
      const said = join(temporary, 'said');
      const { VITEST: _, ...others } = process.env;
      const argv = [vitest, 'run', '--config', 'test/support/planted-postgres.config.ts'];
      const run = spawn(process.execPath, argv, {
        env: { ...others, PLANTED_POSTGRES: said, TMPDIR: temporary },
        stdio: 'ignore',
      });
      onTestFinished(() => void run.kill('SIGKILL'));
      const patience = { timeout: 25_000, interval: 50 };
      const directories: string[] = await vi.waitFor(() => JSON.parse(readFileSync(said, 'utf8')), patience);
      const servers = directories.map(processOf);
      expect(servers.map(isRunning)).toEqual([true, true]);
      run.kill('SIGKILL');
      await expect.poll(() => servers.map(isRunning), patience).toEqual([false, false]);
      await expect
        .poll(() => directories.map((path) => existsSync(dirname(path))), patience)
        .toEqual([false, false]);
    });
  },
);
