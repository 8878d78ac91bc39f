// What every backend must do, on a real PostgreSQL.
import { setTimeout as pause } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { parseDatabaseUrl } from '../../src/keystore/database-url.ts';
import { PostgresStorage } from '../../src/keystore/postgres-storage.ts';
import { postgresMissing, postgresSchema } from '../support/postgres.ts';
import { storageContract } from '../support/storage-contract.ts';

const missing = await postgresMissing();

async function openAt(url: string): Promise<PostgresStorage> {
  const storage = new PostgresStorage(parseDatabaseUrl(url, { env: {}, cwd: '/' }));
  onTestFinished(() => storage.close());
  return storage;
}

if (missing !== undefined) test.skip(`PostgreSQL: ${missing}`, () => {});
else {
  storageContract('PostgreSQL', async () => {
    const url = await postgresSchema();
    const storage = await openAt(url);
    await storage.make();
    return { storage, again: () => openAt(url) };
  });

  test('making it again changes nothing, also by many at once', async () => {
    const url = await postgresSchema();
    const places = await Promise.all(Array.from({ length: 10 }, () => openAt(url)));
    // Some begin when others are in the midst of it.
    await Promise.all(places.map((storage, index) => pause(index).then(() => storage.make())));
    await places[0]?.replace('sets/a', 0, Buffer.from('one'));
    await Promise.all(places.map((storage) => storage.make()));
    expect(await places[1]?.read('sets/a')).toEqual({ revision: 1, bytes: Buffer.from('one') });
  });
}
