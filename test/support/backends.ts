// The backends on which a test tries an order of steps: memory, and PostgreSQL where there is one.
import { onTestFinished } from 'vitest';
import { parseDatabaseUrl } from '../../src/keystore/database-url.ts';
import { MemoryStorage } from '../../src/keystore/memory-storage.ts';
import { PostgresStorage } from '../../src/keystore/postgres-storage.ts';
import type { Storage } from '../../src/keystore/storage.ts';
import { postgresMissing, postgresSchema } from './postgres.ts';

/** Makes an empty one. */
export type Backend = () => Promise<Storage>;

export async function backends(): Promise<[string, Backend][]> {
  const missing = await postgresMissing();
  const memory: [string, Backend] = ['memory', async () => new MemoryStorage()];
  if (missing === undefined) return [memory, ['PostgreSQL', makePostgres]];
  console.log(`PostgreSQL: ${missing}`);
  return [memory];
}

async function makePostgres(): Promise<Storage> {
  const storage = new PostgresStorage(parseDatabaseUrl(await postgresSchema(), { env: {}, cwd: '/' }));
  onTestFinished(() => storage.close());
  await storage.make();
  return storage;
}
