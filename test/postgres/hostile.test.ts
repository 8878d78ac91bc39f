// What others put into a keystore's schema: it is refused, and nothing is taken for done that was not.
import { expect, onTestFinished, test, vi } from 'vitest';
import { parseDatabaseUrl } from '../../src/keystore/database-url.ts';
import { mostBytes } from '../../src/keystore/file-system.ts';
import { definitions } from '../../src/keystore/postgres-schema.ts';
import { PostgresStorage } from '../../src/keystore/postgres-storage.ts';
import { postgresMissing } from '../support/postgres.ts';
import { postgresMachine } from '../support/postgres-machine.ts';
import { PostgresProxy } from '../support/postgres-proxy.ts';
import { changed } from '../support/postgres-url.ts';

const missing = await postgresMissing();

const addressOf = (url: string) => parseDatabaseUrl(url, { env: {}, cwd: '/' });

const triggerThat = (does: string) =>
  `CREATE FUNCTION meddle() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN ${does}; END$$;
  CREATE TRIGGER t BEFORE UPDATE ON documents FOR EACH ROW EXECUTE FUNCTION meddle()`;
const nothing = triggerThat('RETURN NULL');
const other = triggerThat("NEW.document := 'x'; RETURN NEW");

async function keystore() {
  const on = await postgresMachine();
  const storage = new PostgresStorage(addressOf(on.url));
  onTestFinished(() => storage.close());
  await storage.make();
  return { ...on, storage };
}

if (missing !== undefined) test.skip(`PostgreSQL: ${missing}`, () => {});
else {
  test('a row that is too large stops nobody who asks for another at the same time', async () => {
    const { storage, sql } = await keystore();
    await storage.replace('sets/a', 0, Buffer.from('good'));
    await sql(
      `INSERT INTO documents SELECT 'sets', 'b', 1, convert_to(repeat('x', ${mostBytes + 1}), 'UTF8')`,
    );
    const [good, large, none] = await Promise.allSettled([
      storage.read('sets/a'),
      storage.read('sets/b'),
      storage.read('sets/c'),
    ]);
    expect(good).toMatchObject({ status: 'fulfilled', value: { revision: 1 } });
    expect(large).toMatchObject({ reason: { code: 'failed', message: 'sets/b is too large' } });
    expect(none).toEqual({ status: 'fulfilled', value: undefined });
  });

  test.each([
    ['has row security', 'ALTER TABLE documents ENABLE ROW LEVEL SECURITY'],
    ['has rules', 'CREATE RULE r AS ON UPDATE TO documents DO INSTEAD NOTHING'],
    ['has triggers', nothing],
    [
      'is no table',
      "ALTER TABLE documents RENAME TO d; CREATE VIEW documents AS TABLE d; COMMENT ON VIEW documents IS 'jwks-keystore schema 1'",
    ],
  ])('a table that %s: exit 6, for all', async (words, statement) => {
    const { ok, jwks, sql } = await postgresMachine();
    await ok('init');
    await sql(statement);
    for (const line of ['list', 'init', 'create --alg ES256 a'])
      expect(await jwks(line)).toMatchObject({ status: 6, stderr: expect.stringContaining(words) });
  });

  test('a schema or a table of somebody else is not made a keystore: exit 6, and it is named', async () => {
    const { url, jwks, ok, sql } = await postgresMachine();
    const { schema } = addressOf(url);
    const evil = `evil_${schema.slice(-8)}`;
    await sql(`CREATE ROLE ${evil}; CREATE SCHEMA ${schema} AUTHORIZATION ${evil}`);
    const refused = { status: 6, stderr: expect.stringContaining(`belongs to the role "${evil}"`) };
    expect(await jwks('init')).toMatchObject(refused);
    const makes = definitions(schema, { hasSchema: true, isCockroach: false }).join(';');
    await sql(`SET ROLE ${evil}; ${makes}; RESET ROLE; ALTER SCHEMA ${schema} OWNER TO CURRENT_USER`);
    expect(await jwks('init')).toMatchObject(refused);
    await sql('ALTER TABLE documents OWNER TO CURRENT_USER');
    await ok('init');
  });

  test('one of a role that it is a member of is', async () => {
    const { url, machine, sql } = await postgresMachine();
    const { schema } = addressOf(url);
    const [group, user] = ['group', 'member'].map((name) => `${name}_${schema.slice(-8)}`);
    await sql(
      `CREATE ROLE ${group}; CREATE ROLE ${user} LOGIN PASSWORD 'pw' IN ROLE ${group};
      CREATE SCHEMA ${schema} AUTHORIZATION ${group}`,
    );
    const keystore = changed(url, { user: user ?? '', password: 'pw' });
    expect(await machine.jwks(['init', '--keystore', keystore])).toMatchObject({ status: 0 });
  });

  test('a process that runs writes nothing to a table that has become a newer version, and reads none', async () => {
    const { storage, sql } = await keystore();
    await storage.replace('sets/a', 0, Buffer.from('old'));
    await sql("COMMENT ON TABLE documents IS 'jwks-keystore schema 2'");
    const began = performance.now();
    const newer = { code: 'newer-format' };
    let revision = 1;
    await vi.waitFor(
      () => expect(storage.replace('sets/a', revision++, Buffer.from('new'))).rejects.toMatchObject(newer),
      { timeout: 5_000 },
    );
    expect(performance.now() - began).toBeLessThan(3_000);
    await expect(storage.read('sets/a')).rejects.toMatchObject(newer);
  });

  test.each([
    ['leaves it as it was', nothing, { code: 'failed', message: /leaves sets\/a as it was/ }],
    ['writes something else', other, { code: 'damaged', message: /something else as sets\/a/ }],
  ])('a database that %s says so', async (_, trigger, error) => {
    const { url, storage, sql } = await keystore();
    await storage.replace('sets/a', 0, Buffer.from('old'));
    const proxy = await PostgresProxy.before(url);
    const behind = new PostgresStorage(addressOf(proxy.url(url)));
    onTestFinished(async () => {
      await proxy.close();
      await behind.close();
    });
    // Between the look at the table and the statement, which is sent once more.
    const fault = { delivered: 'never', answer: '40001', meanwhile: () => sql(trigger) } as const;
    let isFirst = true;
    proxy.expect(({ text }) => {
      if (!isFirst || !text.includes('pg_notify')) return undefined;
      isFirst = false;
      return fault;
    });
    const refused = behind.replace('sets/a', 1, Buffer.from('new'));
    const { code, message } = error;
    await expect(refused).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  });

  test('the reason of a doubt is told in words', async () => {
    const { url, storage } = await keystore();
    await storage.replace('sets/a', 0, Buffer.from('old'));
    const proxy = await PostgresProxy.before(url);
    const behind = new PostgresStorage(addressOf(proxy.url(url)), { patience: 100 });
    onTestFinished(async () => {
      await proxy.close();
      await behind.close();
    });
    proxy.expect(({ text }) =>
      text.includes('pg_notify') ? { delivered: 'before', isGone: true } : undefined,
    );
    await expect(behind.replace('sets/a', 1, Buffer.from('new'))).rejects.toMatchObject({
      code: 'unconfirmed',
      message: expect.stringMatching(/: the connection (?:broke|failed)$/),
    });
  });
}
