// Databases that are down, silent, elsewhere, read-only, or hold something else: exit codes, hints and time.
import { createServer } from 'node:net';
import { describe, expect, test } from 'vitest';
import { Machine, type Ran } from '../support/cli.ts';
import { closedPort, listen } from '../support/https-server.ts';
import { postgresMissing, postgresSchema } from '../support/postgres.ts';
import { postgresMachine } from '../support/postgres-machine.ts';
import { changed } from '../support/postgres-url.ts';

const missing = await postgresMissing();

interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly message: string | RegExp;
  readonly hint: string;
}

function refusedAs(ran: Ran, { status, code, message, hint }: Refusal): void {
  expect(ran).toMatchObject({ status, stdout: '' });
  const { error } = JSON.parse(ran.stderr);
  expect(error).toEqual({
    code,
    message: expect.stringMatching(message),
    hint: expect.stringContaining(hint),
  });
}

function run(line: string, url: string): Promise<Ran> {
  return new Machine().jwks(`${line} --format json`, {
    env: { JWKS_KEYSTORE: url, JWKS_SECRET: 'x'.repeat(16) },
  });
}

const lines = ['init', 'list', 'create --alg ES256 a', 'export a', 'rotate --due', 'doctor', 'check'];

test.each(lines)('nobody listens: %s', async (line) => {
  const port = await closedPort();
  refusedAs(await run(line, `postgres://u:PW@localhost:${port}/db`), {
    ...{
      // Where the status is an answer, this is none.
      ...(line === 'check' ? { status: 7, code: 'unreachable' } : { status: 1, code: 'failed' }),
      message: /^the keystore postgres:\S+ cannot be read: nothing listens there$/,
    },
    hint: `pg_isready -h localhost -p ${port}`,
  });
});

test.each(['disable', 'verify-full'])(
  'nobody answers, sslmode=%s: it gives up at connect_timeout',
  async (mode) => {
    const port = await listen(createServer());
    const begin = performance.now();
    const url = `postgres://u:PW@127.0.0.1:${port}/db?connect_timeout=1&sslmode=${mode}`;
    const answers = await Promise.all([run('list', url), run('create --alg ES256 a', url), run('init', url)]);
    for (const ran of answers) {
      refusedAs(ran, {
        status: 1,
        code: 'failed',
        message: 'it does not answer in time',
        hint: 'pg_isready',
      });
    }
    expect(performance.now() - begin).toBeLessThan(2_500);
  },
);

test('who answers is no database', async () => {
  for (const mode of ['disable', 'verify-full']) {
    const port = await listen(createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')));
    const url = `postgres://u:PW@127.0.0.1:${port}/db?connect_timeout=2&sslmode=${mode}`;
    const ran = await run('list', url);
    expect(ran).toMatchObject({ status: 1, stdout: '', stderr: expect.stringContaining('cannot be read: ') });
  }
});

test('no host of that name', async () => {
  refusedAs(await run('list', 'postgres://u:PW@nowhere.invalid/db?connect_timeout=5'), {
    ...{
      status: 1,
      code: 'failed',
      message: /there is no host of that name|cannot be looked up now|in time/,
    },
    hint: 'pg_isready -h nowhere.invalid -p 5432',
  });
});

test('no such socket', async () => {
  refusedAs(await run('list', 'postgres://u:PW@/db?host=/no/where'), {
    ...{ status: 1, code: 'failed', message: 'there is no such socket', hint: 'pg_isready -h /no/where' },
  });
});

describe.skipIf(missing !== undefined)('a server that answers', () => {
  test('has no such database', async () => {
    refusedAs(await run('list', changed(await postgresSchema(), { database: 'not there' })), {
      ...{ status: 3, code: 'not-found', message: 'there is no such database', hint: 'createdb' },
    });
  });

  test.each(lines.filter((line) => line !== 'init'))('has no keystore: %s', async (line) => {
    const url = await postgresSchema();
    const ran = await run(line, url);
    expect(ran).toMatchObject({ status: 3, stdout: '' });
    expect(JSON.parse(ran.stderr).error.message).toMatch(/^there is no keystore at postgres:/);
  });

  test('a table of documents that is not ours, or lost its comment: exit 6, and it is left alone', async () => {
    const { ok, jwks, sql } = await postgresMachine();
    await ok('init');
    await ok('create --alg ES256 a');
    for (const comment of ['NULL', "'orders'", "'jwks-keystore schema x'"]) {
      await sql(`COMMENT ON TABLE documents IS ${comment}`);
      for (const line of comment === 'NULL' ? lines : ['list', 'init'])
        refusedAs(await jwks(`${line} --format json`), {
          ...{ status: 6, code: 'damaged', message: "is not a keystore's, or lost its comment" },
          hint: "IS 'jwks-keystore schema 1'",
        });
    }
    await sql("COMMENT ON TABLE documents IS 'jwks-keystore schema 1'");
    expect((await ok('list -q')).stdout).toBe('a\n');
  });

  test('a table of a newer version: exit 6', async () => {
    const { ok, jwks, sql } = await postgresMachine();
    await ok('init');
    await sql("COMMENT ON TABLE documents IS 'jwks-keystore schema 12'");
    for (const line of lines)
      refusedAs(await jwks(`${line} --format json`), {
        ...{ status: 6, code: 'newer-format', message: 'has schema version 12, and this jwks knows 1' },
        hint: 'install',
      });
  });

  test('a server that can only be read, as a replica is', async () => {
    const { ok, jwks, sql, url, machine } = await postgresMachine();
    await ok('init');
    await ok('create --alg ES256 a');
    const user = `replica_${Date.now()}`;
    await sql(`CREATE ROLE ${user} LOGIN SUPERUSER PASSWORD 'of-replica'`);
    await sql(`ALTER ROLE ${user} SET default_transaction_read_only = on`);
    const env = { JWKS_KEYSTORE: changed(url, { user, password: 'of-replica' }) };
    for (const line of [
      'list',
      'export a',
      'check',
      'history',
      'doctor',
      'sign a',
      `backup ${machine.home}/b`,
    ])
      await ok(line, { env });
    for (const line of ['create --alg ES256 a', 'create --alg ES256 b', 'delete a --yes', 'rekey'])
      refusedAs(await jwks(`${line} --format json`, { env }), {
        ...{
          status: 1,
          code: 'failed',
          message: 'cannot be written: it can only be read',
          hint: 'the primary',
        },
      });
    for (const line of ['rotate a', 'policy a --rotate-every 90d']) {
      const ran = await jwks(line, { env });
      expect(ran).toMatchObject({ status: 1, stderr: expect.stringContaining('it can only be read') });
    }
    const fresh = changed(env.JWKS_KEYSTORE, { parameters: { schema: 'fresh' } });
    refusedAs(await jwks('init --format json', { env: { JWKS_KEYSTORE: fresh } }), {
      ...{ status: 1, code: 'failed', message: 'cannot be made: it can only be read', hint: 'the primary' },
    });
    await ok('create --alg ES256 b');
  });
});
