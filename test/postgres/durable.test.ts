// What is reported as done is on disk, also where the server answers before it is (synchronous_commit = off).
import { expect, onTestFinished, test } from 'vitest';
import { parseDatabaseUrl } from '../../src/keystore/database-url.ts';
import { PostgresStorage } from '../../src/keystore/postgres-storage.ts';
import { postgresMissing, startPostgres } from '../support/postgres.ts';
import { PostgresProxy } from '../support/postgres-proxy.ts';

const missing = await postgresMissing();
const bytes = Buffer.from('a document');

/** One that writes what it owes to the disk when it must, or after ten seconds. */
async function lazyServer() {
  const server = await startPostgres({ settings: { synchronous_commit: 'off', wal_writer_delay: '10s' } });
  onTestFinished(() => server.remove());
  const at = (url: string) => {
    const storage = new PostgresStorage(parseDatabaseUrl(url, { env: {}, cwd: '/' }));
    onTestFinished(() => storage.close());
    return storage;
  };
  return { server, at };
}

if (missing !== undefined) test.skip(`PostgreSQL: ${missing}`, () => {});
else {
  test('each change is on disk when it is reported', async () => {
    const { server, at } = await lazyServer();
    const storage = at(server.url());
    await storage.make();
    const owed = async () => {
      const [row] = await server.sql(
        'SELECT pg_current_wal_insert_lsn() - pg_current_wal_flush_lsn() AS bytes',
      );
      return Number(row?.['bytes']);
    };
    const after: number[] = [];
    let others = 0;
    for (let revision = 0; revision < 5; revision++) {
      await server.sql(
        `CREATE TABLE IF NOT EXISTS other (number int); INSERT INTO other VALUES (${revision})`,
      );
      others += await owed();
      expect(await storage.replace('sets/a', revision, bytes)).toBe('committed');
      after.push(await owed());
    }
    // What others write is not: the server is as lazy as it was set to be.
    expect(others).toBeGreaterThan(0);
    expect(after).toEqual([0, 0, 0, 0, 0]);
  });

  test('a client that stops in the midst of it keeps no lock', async () => {
    const { server, at } = await lazyServer();
    const proxy = await PostgresProxy.before(server.url());
    onTestFinished(() => proxy.close());
    const [storage, others] = [at(proxy.url(server.url())), at(server.url())];
    await others.make();
    await others.replace('sets/a', 0, bytes);
    // Whatever it says next comes when the others are done.
    const outcomes: unknown[] = [];
    proxy.expect(({ text }) =>
      text.includes('pg_notify') && outcomes.length === 0
        ? {
            delivered: 'before',
            meanwhile: async () => outcomes.push(await others.replace('sets/a', 2, bytes)),
          }
        : undefined,
    );
    await expect(storage.replace('sets/a', 1, bytes)).rejects.toMatchObject({ code: 'unconfirmed' });
    expect(outcomes).toEqual(['committed']);
  });
}
