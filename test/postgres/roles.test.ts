// The least rights with which a keystore in PostgreSQL is written, read and made.
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseDatabaseUrl } from '../../src/keystore/database-url.ts';
import { definitions } from '../../src/keystore/postgres-schema.ts';
import type { Ran, Settings } from '../support/cli.ts';
import { postgresMissing } from '../support/postgres.ts';
import { type PostgresMachine, postgresMachine } from '../support/postgres-machine.ts';
import { changed } from '../support/postgres-url.ts';

const missing = await postgresMissing();
const password = 'of-a-role';

interface Role {
  readonly url: string;
  jwks(line: string, settings?: Settings): Promise<Ran>;
}

/** A role with these rights, where $S is the schema and $R the role. */
async function role(on: PostgresMachine, name: string, grants: string): Promise<Role> {
  const { schema } = parseDatabaseUrl(on.url, { env: {}, cwd: '/' });
  const user = `${name}_${schema.slice(-8)}`;
  await on.sql(`CREATE ROLE "${user}" LOGIN PASSWORD '${password}'`);
  if (grants !== '') await on.sql(grants.replaceAll('$S', `"${schema}"`).replaceAll('$R', `"${user}"`));
  const url = changed(on.url, { user, password });
  return {
    url,
    jwks: (line, settings = {}) =>
      on.machine.jwks(line, { ...settings, env: { JWKS_KEYSTORE: url, ...settings.env } }),
  };
}

const writes = 'GRANT USAGE ON SCHEMA $S TO $R; GRANT SELECT, INSERT, UPDATE ON $S.documents TO $R';
const reads = 'GRANT USAGE ON SCHEMA $S TO $R; GRANT SELECT ON $S.documents TO $R';

async function keystore(): Promise<PostgresMachine & { readonly identity: string }> {
  const made = await postgresMachine();
  const { identity } = JSON.parse((await made.ok('init --format json')).stdout);
  return { ...made, identity };
}

/** The machine's own secret is not there, nor what it remembers. */
function elsewhere(on: PostgresMachine): Settings {
  return {
    env: { XDG_CONFIG_HOME: join(on.machine.home, 'none'), XDG_STATE_HOME: join(on.machine.home, 'none') },
  };
}

function refusedAs(ran: Ran, why: RegExp, hint: RegExp): void {
  expect(ran).toMatchObject({ status: 1, stdout: '', stderr: expect.stringMatching(why) });
  expect(ran.stderr.split('\n').find((line) => line.startsWith('hint: '))).toMatch(hint);
}

describe.skipIf(missing !== undefined)('a role that writes', () => {
  test('needs USAGE on the schema, and SELECT, INSERT and UPDATE on the table, for all commands', async () => {
    const on = await keystore();
    const writer = await role(on, 'writer', writes);
    const [fresh, other] = ['new', 'other'].map((name) => join(on.machine.home, name));
    const lines = [
      'create --alg ES256 a one',
      'create --alg ES256 a two',
      'create --alg ES256 b',
      'rotate a',
      'rotate a --cancel',
      'rotate --due',
      'retire a one',
      'revoke a two',
      'policy --all --rotate-every 90d',
      'rotate --due',
      `secret add --label other --new-secret-file ${other}`,
      'secret list',
      `secret change --new-secret-file ${fresh}`,
      `rekey --secret-file ${fresh} --secret-file ${other}`,
    ];
    const afterwards = [
      'sign b',
      'check',
      'doctor',
      'history a',
      `export a -o ${on.machine.home}/a.json`,
      `import c ${on.machine.home}/a.json`,
      'backup copy.json',
      'delete b --yes',
      'secret remove other --yes',
      'restore copy.json b --force --yes',
    ];
    for (const line of [...lines, ...afterwards]) {
      const env = afterwards.includes(line) ? { JWKS_SECRET_FILE: fresh } : {};
      const ran = await writer.jwks(line, { env });
      expect({ line, ...ran }).toMatchObject({ line, status: 0 });
    }
  });

  test('puts a whole keystore back into an empty table', async () => {
    const on = await keystore();
    await on.ok('create --alg ES256 a one');
    await on.ok('backup copy.json');
    await on.sql('DELETE FROM documents');
    const writer = await role(on, 'writer', writes);
    expect(await writer.jwks('restore copy.json')).toMatchObject({ status: 0 });
    expect((await writer.jwks('list -q')).stdout).toBe('a\n');
  });

  test('makes no keystore, but in a table that is there', async () => {
    const on = await keystore();
    const writer = await role(on, 'writer', writes);
    await on.sql('DELETE FROM documents');
    expect(await writer.jwks('init')).toMatchObject({ status: 0 });
    expect(await writer.jwks('init')).toMatchObject({ status: 5 });
  });
});

describe.skipIf(missing !== undefined)('a role that reads', () => {
  test('needs USAGE and SELECT, and no secret', async () => {
    const on = await keystore();
    await on.ok('create --alg ES256 a one');
    const reader = await role(on, 'reader', reads);
    for (const line of ['list', 'get a', 'export a', 'check', 'history', 'timeline a', 'backup copy.json']) {
      const ran = await reader.jwks(`${line} --identity ${on.identity}`, elsewhere(on));
      expect({ line, ...ran }).toMatchObject({ status: 0 });
    }
  });

  test('is told what it lacks for more', async () => {
    const on = await keystore();
    await on.ok('create --alg ES256 a one');
    const reader = await role(on, 'reader', reads);
    for (const line of [
      'create --alg ES256 a two',
      'create --alg ES256 b',
      'rotate a',
      'delete a --yes',
      'rekey',
    ]) {
      const why = /^jwks: the keystore \S+ cannot be written: the role "reader_\w+" may not change its table/;
      refusedAs(
        await reader.jwks(line),
        why,
        /GRANT SELECT, INSERT, UPDATE ON "\w+".documents TO "reader_\w+"/,
      );
    }
    expect((await on.ok('list -q')).stdout).toBe('a\n');
  });
});

describe.skipIf(missing !== undefined)('too few rights', () => {
  test.each([
    ['none', ''],
    ['the schema alone', 'GRANT USAGE ON SCHEMA $S TO $R'],
    ['the table alone', 'GRANT SELECT, INSERT, UPDATE ON $S.documents TO $R'],
  ])('%s', async (_, grants) => {
    const on = await keystore();
    const poor = await role(on, 'poor', grants);
    const hint = /GRANT USAGE ON SCHEMA "\w+" TO "poor_\w+"; GRANT SELECT ON "\w+".documents TO "poor_\w+"/;
    for (const line of ['list', 'create --alg ES256 a', 'init', 'doctor'])
      refusedAs(await poor.jwks(line), /the role "poor_\w+" may not read its table/, hint);
  });

  test('no connection to the database', async () => {
    const on = await keystore();
    const name = `closed_${Date.now()}`;
    await on.sql(`CREATE DATABASE ${name}`);
    await on.sql(`REVOKE CONNECT ON DATABASE ${name} FROM PUBLIC`);
    const poor = await role(on, 'poor', '');
    const ran = await on.machine.jwks(['list', '--keystore', changed(poor.url, { database: name })]);
    refusedAs(ran, /the role "poor_\w+" may not connect to the database "closed_\d+"/, /GRANT CONNECT ON/);
  });
});

describe.skipIf(missing !== undefined)('making a keystore', () => {
  test('takes CREATE on the database', async () => {
    const on = await postgresMachine();
    const maker = await role(on, 'maker', '');
    refusedAs(
      await maker.jwks('init'),
      /the role "maker_\w+" may not make the schema "\w+" or a table in it/,
      /GRANT CREATE ON DATABASE "postgres" TO "maker_\w+"/,
    );
    expect((await on.jwks('list')).status).toBe(3);
    const other = await role(on, 'other', 'GRANT CREATE ON DATABASE postgres TO $R');
    expect(await other.jwks('init')).toMatchObject({ status: 0 });
    expect(await other.jwks('create --alg ES256 a')).toMatchObject({ status: 0 });
  });

  test('or CREATE on a schema that is there', async () => {
    const on = await postgresMachine();
    const { schema } = parseDatabaseUrl(on.url, { env: {}, cwd: '/' });
    await on.sql(`CREATE SCHEMA ${schema}`);
    const user = await role(on, 'user', 'GRANT USAGE ON SCHEMA $S TO $R');
    refusedAs(await user.jwks('init'), /may not make the schema/, /GRANT CREATE/);
    const maker = await role(on, 'maker', 'GRANT USAGE, CREATE ON SCHEMA $S TO $R');
    expect(await maker.jwks('init')).toMatchObject({ status: 0 });
  });

  test('or nothing, where an administrator has made schema and table', async () => {
    const on = await postgresMachine();
    const { schema } = parseDatabaseUrl(on.url, { env: {}, cwd: '/' });
    const server = { isThere: false, hasSchema: false, isCockroach: false, isLazy: false };
    await on.sql(definitions(schema, server).join(';\n'));
    const writer = await role(on, 'writer', writes);
    expect(await writer.jwks('list')).toMatchObject({ status: 3 });
    expect(await writer.jwks('init')).toMatchObject({ status: 0 });
    expect(await writer.jwks('create --alg ES256 a')).toMatchObject({ status: 0 });
    expect(await writer.jwks('init')).toMatchObject({ status: 5 });
  });
});
