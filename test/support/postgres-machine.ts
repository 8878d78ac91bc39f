// A made-up machine whose keystore is in a schema of its own on the PostgreSQL that tests share.
import pg from 'pg';
import { expect, onTestFinished } from 'vitest';
import { Machine, type Ran, type Settings } from './cli.ts';
import { postgresSchema } from './postgres.ts';

export interface PostgresMachine {
  readonly machine: Machine;
  readonly url: string;
  jwks(line: string, settings?: Settings): Promise<Ran>;
  /** As `jwks`; anything but exit 0 fails the test. */
  ok(line: string, settings?: Settings): Promise<Ran>;
  /** In the keystore's schema, past jwks. */
  sql(text: string): Promise<Record<string, unknown>[]>;
}

export async function postgresMachine(at?: string): Promise<PostgresMachine> {
  const url = at ?? (await postgresSchema());
  const machine = new Machine();
  const jwks = (line: string, settings: Settings = {}) =>
    machine.jwks(line, { ...settings, env: { JWKS_KEYSTORE: url, ...settings.env } });
  return {
    ...{ machine, url, jwks },
    ok: async (line, settings) => {
      const ran = await jwks(line, settings);
      expect({ line, ...ran }).toMatchObject({ line, status: 0 });
      return ran;
    },
    sql: (text) => sqlAt(url, text),
  };
}

async function sqlAt(url: string, text: string): Promise<Record<string, unknown>[]> {
  const at = new URL(url);
  const schema = at.searchParams.get('schema');
  at.search = '';
  const client = new pg.Client({ connectionString: at.href, options: `-c search_path=${schema}` });
  await client.connect();
  onTestFinished(() => client.end().catch(() => {}));
  const { rows } = await client.query(text);
  await client.end();
  return rows;
}
