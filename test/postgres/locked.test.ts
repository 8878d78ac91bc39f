// A table that somebody else has locked: the server gives up before we do, and nothing is done later.
import { expect, onTestFinished, test } from 'vitest';
import { parseDatabaseUrl } from '../../src/keystore/database-url.ts';
import { Database } from '../../src/keystore/postgres-database.ts';
import { PostgresStorage } from '../../src/keystore/postgres-storage.ts';
import { postgresMissing, postgresSchema } from '../support/postgres.ts';
import { PostgresProxy } from '../support/postgres-proxy.ts';
import { changed } from '../support/postgres-url.ts';

const missing = await postgresMissing();
const addressOf = (url: string) => parseDatabaseUrl(url, { env: {}, cwd: '/' });

function databaseAt(url: string): Database {
  const database = new Database(addressOf(url));
  onTestFinished(() => database.close());
  return database;
}

async function storageAt(url: string): Promise<PostgresStorage> {
  const storage = new PostgresStorage(addressOf(url));
  onTestFinished(() => storage.close());
  await storage.make();
  return storage;
}

async function storageBehindProxy() {
  const url = await postgresSchema();
  await storageAt(url);
  const proxy = await PostgresProxy.before(url);
  const storage = new PostgresStorage(addressOf(proxy.url(url)));
  onTestFinished(async () => {
    await proxy.close();
    await storage.close();
  });
  return { proxy, storage };
}

if (missing !== undefined) test.skip(`PostgreSQL: ${missing}`, () => {});
else {
  test('each connection has the server give up after 20 seconds, ten before we do', async () => {
    const database = databaseAt(await postgresSchema());
    const ask = () => database.query("SELECT pg_sleep(0.1), current_setting('statement_timeout') AS is");
    const answers = await Promise.all([ask(), ask(), ask()]);
    expect(answers.map(({ rows }) => rows)).toMatchObject(Array.from({ length: 3 }, () => [{ is: '20s' }]));
  });

  test('a change that waits for a lock is known not to be done, and does not come later', async () => {
    const url = changed(await postgresSchema(), { parameters: { max_conns: '1' } });
    await storageAt(url);
    const [holder, waiter] = [databaseAt(url), databaseAt(url)];
    await holder.query('BEGIN');
    await holder.query(`LOCK TABLE ${holder.table}`);
    // As its connection has it, only sooner.
    await waiter.query('SET statement_timeout = 200');
    const insert = `INSERT INTO ${waiter.table} VALUES ('sets', 'late', 1, '')`;
    await expect(waiter.attempt('be written', () => waiter.change(insert, []))).rejects.toMatchObject({
      code: 'failed',
      message: expect.stringContaining('it took too long'),
      hint: expect.stringContaining('locks'),
    });
    await holder.query('COMMIT');
    const { rows } = await waiter.query(`SELECT name FROM ${waiter.table}`);
    expect(rows).toEqual([]);
  });

  test('what the server gave up is no doubt', async () => {
    const { proxy, storage } = await storageBehindProxy();
    proxy.expect(({ text }) =>
      text.includes('pg_notify') ? { delivered: 'never', answer: '57014' } : undefined,
    );
    await expect(storage.replace('sets/a', 0, Buffer.from('x'))).rejects.toMatchObject({ code: 'failed' });
  });

  test('a server that knows no statement_timeout is used without', async () => {
    const { proxy, storage } = await storageBehindProxy();
    proxy.expect(({ text }) => (/^SET/.test(text) ? { delivered: 'never', answer: '42704' } : undefined));
    expect(await storage.replace('sets/a', 0, Buffer.from('x'))).toBe('committed');
    expect(proxy.statements).toContainEqual(expect.stringMatching(/^SET statement_timeout/));
  });
}
