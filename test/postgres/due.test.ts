// What `rotate --due` looks at in a database: what may be due, by a hint that is never trusted for long.
import { describe, expect, onTestFinished, test } from 'vitest';
import { parseDatabaseUrl } from '../../src/keystore/database-url.ts';
import { PostgresStorage } from '../../src/keystore/postgres-storage.ts';
import type { Instant } from '../../src/lifecycle/time.ts';
import { postgresMissing } from '../support/postgres.ts';
import { postgresMachine } from '../support/postgres-machine.ts';

const day = 86_400;
const missing = await postgresMissing();

async function keystore() {
  const { machine, url, jwks, ok, sql } = await postgresMachine();
  await ok('init');
  for (const set of ['a', 'b', 'c']) await ok(`create --alg ES256 ${set} ${set}1`);
  await ok('policy --all --rotate-every 90d');
  const storage = new PostgresStorage(parseDatabaseUrl(url, { env: {}, cwd: '/' }));
  onTestFinished(() => storage.close());
  const lookedAt = async () => (await storage.due(machine.now)).map((name) => name.slice(5)).sort();
  const wait = (seconds: number) => {
    machine.now = (machine.now + seconds) as Instant;
  };
  return { machine, jwks, ok, sql, lookedAt, wait };
}

describe.skipIf(missing !== undefined)('rotate --due on PostgreSQL', () => {
  test('looks at all once, then at none before the next may be due, and at each once a day', async () => {
    const { ok, lookedAt, wait } = await keystore();
    expect(await lookedAt()).toEqual(['a', 'b', 'c']);
    expect((await ok('rotate --due')).stderr).toMatch(/^jwks: nothing is due/);
    expect(await lookedAt()).toEqual([]);
    expect((await ok('rotate --due')).stderr).toBe('jwks: nothing is due\n');
    wait(day / 2 - 1);
    expect(await lookedAt()).toEqual([]);
    wait(day / 2 + 1);
    expect(await lookedAt()).toEqual(['a', 'b', 'c']);
  });

  test('a change of any kind has a set looked at again', async () => {
    const { ok, lookedAt } = await keystore();
    await ok('rotate --due');
    await ok('create --alg ES256 b b2');
    expect(await lookedAt()).toEqual(['b']);
    await ok('delete c --yes');
    expect(await lookedAt()).toEqual(['b', 'c']);
    await ok('rotate --due');
    // What is deleted has nothing due for ever, and is not looked at each time either.
    expect(await lookedAt()).toEqual([]);
    await ok('rekey');
    expect(await lookedAt()).toEqual(['a', 'b', 'c']);
  });

  test('what is due is done, whichever hint says otherwise', async () => {
    const { ok, sql, wait } = await keystore();
    await ok('rotate --due');
    await sql("UPDATE documents SET next_due = now() + interval '100 years'");
    wait(88 * day);
    const { stdout } = await ok('rotate --due -q');
    expect(stdout.trim().split('\n')).toHaveLength(3);
  });

  test('a wrong hint costs a day at most', async () => {
    const { ok, sql, machine, wait } = await keystore();
    wait(88 * day);
    await sql(`UPDATE documents SET next_due = to_timestamp(${machine.now + day - 1})`);
    expect((await ok('rotate --due -q')).stdout).toBe('');
    wait(day);
    expect((await ok('rotate --due -q')).stdout.trim().split('\n')).toHaveLength(3);
  });

  test('a successor that waits to be seen is looked for each time', async () => {
    const { ok, lookedAt } = await keystore();
    await ok('policy a --published-at https://127.0.0.1:1/jwks.json');
    await ok('rotate a');
    const ran = await ok('rotate b');
    expect(ran.status).toBe(0);
    await ok('rotate --due b c');
    expect(await lookedAt()).toContain('a');
  });

  test('a set that is gone is missed, though nothing of it is due', async () => {
    const { ok, jwks, sql } = await keystore();
    await ok('rotate --due');
    await sql("DELETE FROM documents WHERE name = 'b'");
    expect(await jwks('rotate --due')).toMatchObject({
      status: 6,
      stderr: expect.stringMatching(/b is gone/),
    });
  });

  test('a dry run keeps nothing in mind', async () => {
    const { ok, lookedAt } = await keystore();
    await ok('rotate --due --dry-run');
    expect(await lookedAt()).toEqual(['a', 'b', 'c']);
  });
});
