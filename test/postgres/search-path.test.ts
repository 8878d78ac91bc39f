// Functions and operators of other users of the database are never run: CVE-2018-1058.
import { randomBytes } from 'node:crypto';
import { expect, onTestFinished, test, vi } from 'vitest';
import { postgresMissing } from '../support/postgres.ts';
import { postgresMachine } from '../support/postgres-machine.ts';
import { kidsAt } from '../support/postgres-serving.ts';
import { changed } from '../support/postgres-url.ts';
import { serving } from '../support/serving.ts';

const missing = await postgresMissing();

/** As many as a call of ours could mean, had it no schema or no types. */
const traps: readonly (readonly [name: string, argument: string, result: string])[] = [
  ['version', '', 'text'],
  ['obj_description', 'oid, text', 'text'],
  ['obj_description', 'oid, name', 'text'],
  ['current_setting', 'text, boolean', 'text'],
  ['current_setting', 'varchar, boolean', 'text'],
  ['set_config', 'text, text, boolean', 'text'],
  ['set_config', 'varchar, varchar, boolean', 'text'],
  ['to_timestamp', 'text', 'timestamptz'],
  ['to_timestamp', 'double precision', 'timestamptz'],
  ['to_timestamp', 'bigint', 'timestamptz'],
  ['pg_notify', 'text, text', 'void'],
  ['pg_notify', 'varchar, varchar', 'void'],
  ['octet_length', 'bytea', 'int'],
  ['unnest', 'text[]', 'SETOF text'],
  ['unnest', 'bigint[]', 'SETOF bigint'],
  ['unnest', 'float8[]', 'SETOF float8'],
  ['pg_has_role', 'name, oid, text', 'boolean'],
  ['pg_has_role', 'oid, text', 'boolean'],
  ['pg_get_userbyid', 'oid', 'name'],
];
/** Better matches than the catalog's where sides differ in their types or one has none. */
const operators = [
  ['=', 'name', 'varchar'],
  ['=', 'name', 'text'],
  ['=', 'text', 'text'],
  ['=', 'text', 'varchar'],
  ['=', 'varchar', 'varchar'],
  ['=', 'bigint', 'int'],
  ['=', 'bigint', 'bigint'],
  ['=', 'oid', 'oid'],
  ['=', 'bytea', 'bytea'],
  ['>', 'bigint', 'int'],
  ['<=', 'int', 'int'],
  ['<=', 'timestamptz', 'timestamptz'],
  ['>', 'timestamptz', 'timestamptz'],
] as const;

function trapsOf(role: string): string {
  const body = (name: string, value: string) =>
    `LANGUAGE plpgsql AS $$BEGIN INSERT INTO public.called VALUES ('${name}'); ${value}; END$$`;
  return [
    `SET ROLE "${role}"`,
    'CREATE TABLE public.called (name text)',
    'GRANT INSERT ON public.called TO PUBLIC',
    ...traps.map(
      ([name, argument, result]) =>
        `CREATE FUNCTION public.${name}(${argument}) RETURNS ${result} ${body(name, /SETOF|void/.test(result) ? 'RETURN' : 'RETURN NULL')}`,
    ),
    ...operators.flatMap(([name, left, right], index) => [
      `CREATE FUNCTION public.o${index}(${left}, ${right}) RETURNS boolean ${body(`${left} ${name} ${right}`, 'RETURN true')}`,
      `CREATE OPERATOR public.${name} (LEFTARG = ${left}, RIGHTARG = ${right}, FUNCTION = public.o${index})`,
    ]),
    'RESET ROLE',
  ].join(';\n');
}

test.skipIf(missing !== undefined)('functions of another role are not called', async () => {
  const { url, sql } = await postgresMachine();
  const name = `evil_${randomBytes(6).toString('hex')}`;
  await sql(`CREATE DATABASE ${name}`);
  await sql(`CREATE ROLE ${name}`);
  const keystore = changed(url, { database: name, parameters: { schema: 'jwks' } });
  const there = await postgresMachine(keystore);
  onTestFinished(async () => {
    await sql(`DROP DATABASE ${name} WITH (FORCE)`);
  });
  // With it a change sets a parameter, too.
  await sql(`ALTER DATABASE ${name} SET synchronous_commit = off`);
  await there.sql('GRANT CREATE ON SCHEMA public TO PUBLIC');
  await there.sql(trapsOf(name));
  await there.ok('init');
  await there.ok('create --alg ES256 a');
  await there.ok('policy a --rotate-every 90d');
  await there.ok('rotate --due');
  await there.ok('list');
  const server = await serving(there.machine, 'a --rotate-due', { env: { JWKS_KEYSTORE: keystore } });
  await there.ok('rotate a');
  await vi.waitFor(async () => expect(await kidsAt(server.url)).toHaveLength(2));
  expect((await server.stop()).status).toBe(0);
  await there.ok('delete a --yes');
  expect(await there.sql('SELECT DISTINCT name FROM public.called')).toEqual([]);
});
