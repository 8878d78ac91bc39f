// Has the shared PostgreSQL and one of its own, writes down where, and waits to be killed.
import { writeFileSync } from 'node:fs';
import pg from 'pg';
import { test } from 'vitest';
import { postgresSchema, startPostgres } from './postgres.ts';
import { embeddedPostgres } from './postgres-binaries.ts';

test('waits', async () => {
  const own = await startPostgres({ binaries: embeddedPostgres() });
  const client = new pg.Client({ connectionString: await postgresSchema() });
  await client.connect();
  const { rows } = await client.query("select current_setting('data_directory') as data");
  await client.end();
  writeFileSync(process.env['PLANTED_POSTGRES'] ?? '', JSON.stringify([own.dataDirectory, rows[0].data]));
  await new Promise((resolve) => setTimeout(resolve, 600_000));
});
