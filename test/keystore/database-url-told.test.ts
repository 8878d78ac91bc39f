// What is said of the URL of a keystore that cannot be one, and which texts may have been meant as one.
import { describe, expect, test } from 'vitest';
import { isDatabaseUrl, maybeUrl, misspelled, parseDatabaseUrl } from '../../src/keystore/database-url.ts';
import { toldBy } from '../support/told.ts';

type Env = Readonly<Record<string, string | undefined>>;
const parse = (url: string, env: Env = {}) => parseDatabaseUrl(url, { env, cwd: '/work' });
const example =
  'such as postgres://jwks@db.example.com/auth?schema=jwks, with the password in PGPASSWORD or PGPASSFILE';
const none =
  'the URL of the keystore is none; characters such as @ / ? # in a user, password, database or path are written %40 %2F %3F %23';
const known = 'schema, host, port, sslmode, sslrootcert, sslcert, sslkey, connect_timeout, max_conns';

describe('is refused, with an example', () => {
  test.each([
    ['/srv/keys', none],
    ['postgres:ann', none],
    ['x postgres://db', none],
    ['postgres://ann:1/2@db', none],
    ['postgres://db:x/auth', none],
    ['mysql://db/auth', 'keystores are in directories and at postgres:// URLs, not at mysql:// URLs'],
    [
      'POSTGRES+X://db/auth',
      'keystores are in directories and at postgres:// URLs, not at postgres+x:// URLs',
    ],
    ['postgres://db?schema=Keys', 'the keystore\'s schema is named by a-z, 0-9 and _, not "Keys"'],
    ['postgres://db?schema=pg_x', 'the keystore\'s schema is named by a-z, 0-9 and _, not "pg_x"'],
    ['postgres://db?schema=1a', 'the keystore\'s schema is named by a-z, 0-9 and _, not "1a"'],
    ['postgres://a,b', 'the URL of a keystore names one host; several are for a proxy to choose from'],
    ['postgres://db?port=0', "the keystore's port is a number from 1 to 65535"],
    ['postgres://db?port=65536', "the keystore's port is a number from 1 to 65535"],
    ['postgres://db?port=x1', "the keystore's port is a number from 1 to 65535"],
    ['postgres://db?port=1x', "the keystore's port is a number from 1 to 65535"],
    ['postgres://db?connect_timeout=601', "the keystore's connect_timeout is a number from 1 to 600"],
    ['postgres://db?max_conns=101', "the keystore's max_conns is a number from 1 to 100"],
    ['postgres://db#x', 'the URL of the keystore has a #; in a password it is written %23'],
    ['postgres://db?x=1', `the URL of the keystore has a parameter "x"; known are ${known}`],
    ['postgres://db?host=a&host=b', 'the URL of the keystore has its parameter "host" twice'],
    ['postgres://db?host=', 'the URL of the keystore has its parameter "host" empty'],
    [
      'postgres://db?sslmode=allow',
      'sslmode=allow is not known here; one of disable, require, verify-ca, verify-full, where require is verify-full',
    ],
    [
      'postgres://a%ff@db',
      'the URL of the keystore has a % that stands for no character; itself it is written %25',
    ],
  ])('%s', async (url, message) => {
    expect(await toldBy(() => parse(url))).toEqual({ code: 'usage', message, hint: example });
  });

  test('one that was misspelled, without what of it is a password', () => {
    expect(misspelled()).toMatchObject({
      code: 'usage',
      message:
        'the keystore is named by what looks like a misspelled URL, and no directory of that name is there',
      hint: `${example}; a directory of such a name is to be made beforehand, with mkdir`,
    });
  });
});

describe('is taken', () => {
  test.each([
    [
      'postgres://db?port=1&connect_timeout=1&max_conns=1',
      { port: 1, connectTimeout: 1_000, mostConnections: 1 },
    ],
    [
      'postgres://db?port=65535&connect_timeout=600&max_conns=100',
      { port: 65_535, connectTimeout: 600_000, mostConnections: 100 },
    ],
    [
      'postgres://db',
      { port: 5_432, connectTimeout: 10_000, mostConnections: 4, schema: 'jwks', password: undefined },
    ],
    [`postgres://db?schema=_${'a'.repeat(62)}`, { schema: `_${'a'.repeat(62)}` }],
    ['postgres://db?schema=apg_x', { schema: 'apg_x' }],
    ['postgres://db?&schema=k&', { schema: 'k' }],
    ['postgres://ann:a=b@db', { password: 'a=b' }],
    ['postgres://db?sslkey=/a=b', { tls: { verifiesName: true, files: { key: '/a=b' } } }],
    ['postgres://db?sslrootcert=system', { tls: { verifiesName: true, files: {} } }],
    ['postgres://db?sslmode=verify-ca', { tls: { verifiesName: false, files: {} } }],
    ['postgres://localhost?sslcert=c.pem', { tls: { verifiesName: true, files: { cert: '/work/c.pem' } } }],
    ['postgres://localhost?sslkey=k.pem', { tls: { verifiesName: true, files: { key: '/work/k.pem' } } }],
    ['postgres://localhost?sslmode=disable&sslkey=k.pem', { tls: undefined }],
  ])('%s', (url, address) => {
    expect(parse(url)).toMatchObject(address);
  });

  test('with what variables say of TLS', () => {
    const env = { PGSSLMODE: 'verify-full', PGSSLROOTCERT: 'ca.pem', PGSSLCERT: 'c.pem', PGSSLKEY: '/k.pem' };
    const files = { ca: '/work/ca.pem', cert: '/work/c.pem', key: '/k.pem' };
    expect(parse('postgres://localhost', env).tls).toEqual({ verifiesName: true, files });
    expect(parse('postgres://db', { PGSSLROOTCERT: '' }).tls).toEqual({ verifiesName: true, files: {} });
  });

  test('without a user and a database where nobody says which', () => {
    expect(parse('postgres://db')).toMatchObject({
      user: 'postgres',
      database: 'postgres',
      passwordFile: undefined,
    });
    expect(parse('postgres://db', { PGUSER: 'ann' })).toMatchObject({ user: 'ann', database: 'ann' });
  });
});

describe('may have been meant as one', () => {
  test.each([
    'ann:pw@db',
    'postgres//ann@db',
    'PG://db',
    'pg;//db',
    'http;//db',
    '://db',
    'host=db password=x',
    "  'host = db",
    'hostaddr=1.2.3.4',
    'port=5432',
    'dbname=auth',
    'user=ann',
    'x password =y',
    'a:b\nc@d',
  ])('%j', (text) => {
    expect(maybeUrl(text)).toBe(true);
  });

  test.each([
    '/srv/keys',
    'keys@home',
    'C:\\keys',
    'a:b',
    'my-host=db',
    'password',
    'a//b',
    'ghost//x',
    'useful=1',
  ])('not %j', (text) => {
    expect(maybeUrl(text)).toBe(false);
  });

  test('and is one, whatever else is wrong with it', () => {
    for (const text of [' "postgres://x', "'cockroach:x", 'postgresql:', 'x+y.z-1://db', 'POSTGRES:x'])
      expect([text, isDatabaseUrl(text)]).toEqual([text, true]);
    for (const text of ['x postgres://db', 'p://x', 'postgresx:', '1a://x', 'my postgres:x'])
      expect([text, isDatabaseUrl(text)]).toEqual([text, false]);
  });
});
