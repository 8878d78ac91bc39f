// URLs of keystores in databases: what is taken from where, what is refused, and that no password is ever said.
import { describe, expect, test } from 'vitest';
import { JwksError, withoutPasswords } from '../../src/errors.ts';
import { type DatabaseAddress, isDatabaseUrl, parseDatabaseUrl } from '../../src/keystore/database-url.ts';

type Env = Readonly<Record<string, string | undefined>>;

function parse(url: string, env: Env = {}): DatabaseAddress {
  return parseDatabaseUrl(url, { env, cwd: '/work' });
}

function refusal(url: string, env: Env = {}): JwksError {
  try {
    parse(url, env);
  } catch (error) {
    if (error instanceof JwksError) return error;
  }
  throw new Error(`${url} is taken`);
}

describe('what a URL says', () => {
  test('all of it', () => {
    const url =
      'postgres://ann:s3@db.example:6000/auth?schema=keys&connect_timeout=3&max_conns=9&sslmode=verify-ca&sslrootcert=ca.pem&sslcert=/tls/c.pem&sslkey=/tls/k.pem';
    expect(parse(url)).toEqual({
      label: 'postgres://ann@db.example:6000/auth?schema=keys',
      place: 'postgres://db.example:6000/auth?schema=keys',
      schema: 'keys',
      host: 'db.example',
      port: 6000,
      database: 'auth',
      user: 'ann',
      password: 's3',
      passwordFile: undefined,
      tls: { verifiesName: false, files: { ca: '/work/ca.pem', cert: '/tls/c.pem', key: '/tls/k.pem' } },
      connectTimeout: 3_000,
      mostConnections: 9,
    });
  });

  test.each([
    ['postgres://', 'postgres://postgres@localhost:5432/postgres'],
    ['postgresql://db.example', 'postgres://postgres@db.example:5432/postgres'],
    ['POSTGRES://ann@db.example', 'postgres://ann@db.example:5432/ann'],
    ['cockroach://ann@db.example/auth', 'postgres://ann@db.example:26257/auth'],
    ['postgres://ann@[2001:db8::1]:6000/auth', 'postgres://ann@[2001:db8::1]:6000/auth'],
    ['postgres://[::1]/auth', 'postgres://postgres@[::1]:5432/auth'],
    ['postgres:///auth?host=/run/postgresql', 'postgres://postgres@/auth?host=/run/postgresql&port=5432'],
    ['postgres://ann:pw@/auth?host=/run/pg', 'postgres://ann@/auth?host=/run/pg&port=5432'],
    ['postgres://ann:pw@:6000/auth?host=/run/pg', 'postgres://ann@/auth?host=/run/pg&port=6000'],
    ['postgres://ann:pw@%2Frun%2Fpg/auth', 'postgres://ann@/auth?host=/run/pg&port=5432'],
    ['postgres://ann@%2Frun%2Fpg:6000/a?schema=k', 'postgres://ann@/a?host=/run/pg&port=6000&schema=k'],
    ['postgres://h/auth?host=other.example&port=7', 'postgres://postgres@other.example:7/auth'],
    ['postgres://:5999/auth', 'postgres://postgres@localhost:5999/auth'],
    ['postgres://:5999', 'postgres://postgres@localhost:5999/postgres'],
    ['postgres://ann:pw@:5999/auth', 'postgres://ann@localhost:5999/auth'],
    // What would be another part of the URL, were it not written otherwise.
    [
      'postgres://ann@/a?host=/run/p%26port%3D7%23%20%2B%25',
      'postgres://ann@/a?host=/run/p%26port%3D7%23%20%2B%25&port=5432',
    ],
    ['postgres://ann@/a?host=h%2Fb%3Fx', 'postgres://ann@/a?host=h/b%3Fx&port=5432'],
    ['postgres://ann@/a?host=fe80::1%25eth0', 'postgres://ann@/a?host=fe80%3A%3A1%25eth0&port=5432'],
    // Only % stands for another character, as libpq has it.
    ['postgres://ann@/a?host=/run/c++', 'postgres://ann@/a?host=/run/c%2B%2B&port=5432'],
    [' postgres://db.example/auth\n', 'postgres://postgres@db.example:5432/auth'],
  ])('%s', (url, label) => {
    expect(parse(url).label).toBe(label);
    expect(parse(parse(url).label)).toMatchObject({ label, place: parse(url).place });
  });

  test('a user, a password and a database with any characters in them', () => {
    fromText('p@ss/w?rd#:%\'" \\ü');
    fromText('a:b@c/d');
    function fromText(text: string): void {
      const part = encodeURIComponent(text);
      const address = parse(`postgres://${part}:${part}@db.example/${part}`);
      expect([address.user, address.password, address.database]).toEqual([text, text, text]);
      expect(parse(address.label)).toMatchObject({ user: text, database: text, password: undefined });
    }
  });

  test('a + is a +', () => {
    const { tls } = parse('postgres://db.example/auth?sslrootcert=/etc/c++/a%2Bb%20c.pem');
    expect(tls?.files).toEqual({ ca: '/etc/c++/a+b c.pem' });
  });

  test('no two places are remembered as one', () => {
    const urls = [
      'postgres:///a?host=/p%26schema%3Dk&port=1',
      'postgres:///a?host=/p%26port%3D1&schema=k',
      'postgres:///a?host=/p&port=1&schema=k',
      'postgres:///a?host=h%3A1/a&port=1',
      'postgres://h:1/a',
    ];
    expect(new Set(urls.map((url) => parse(url).place)).size).toBe(urls.length);
    for (const url of urls) expect(parse(parse(url).place).place).toBe(parse(url).place);
  });

  test('an @ in a password need not be written %40', () => {
    expect(parse('postgres://ann:p@:x@db.example/auth')).toMatchObject({ user: 'ann', password: 'p@:x' });
    expect(parse('postgres://ann:p@ss@db.example/auth')).toMatchObject({
      host: 'db.example',
      password: 'p@ss',
    });
  });
});

describe('what a URL leaves out', () => {
  const env = {
    PGHOST: 'pg.example',
    PGPORT: '6001',
    PGUSER: 'bob',
    PGDATABASE: 'base',
    PGPASSWORD: 'word',
    PGSSLMODE: 'verify-ca',
    PGSSLROOTCERT: '/etc/ca.pem',
    USER: 'unix',
  };

  test('is in the environment', () => {
    expect(parse('postgres://', env)).toMatchObject({
      ...{ host: 'pg.example', port: 6001, user: 'bob', database: 'base', password: 'word' },
      tls: { verifiesName: false, files: { ca: '/etc/ca.pem' } },
    });
  });

  test('and what it says wins', () => {
    const url = 'postgres://ann:pw@db.example:6000/auth?sslmode=verify-full&sslrootcert=/my/ca.pem';
    expect(parse(url, env)).toMatchObject({
      ...{ host: 'db.example', port: 6000, user: 'ann', database: 'auth', password: 'pw' },
      tls: { verifiesName: true, files: { ca: '/my/ca.pem' } },
    });
  });

  test('the user is the one of the system, and empty variables are none', () => {
    expect(
      parse('postgres://', {
        USER: 'unix',
        PGHOST: '',
        PGPORT: '',
        PGUSER: '',
        PGPASSWORD: '',
        PGSSLMODE: '',
      }),
    ).toMatchObject({ user: 'unix', database: 'unix', host: 'localhost', port: 5432, password: undefined });
  });

  test.each([
    [{ PGPASSFILE: '/etc/pass', HOME: '/home/ann' }, '/etc/pass'],
    [{ PGPASSFILE: 'pass' }, '/work/pass'],
    [{ HOME: '/home/ann' }, '/home/ann/.pgpass'],
    [{}, undefined],
  ])('passwords of %j', (variables, path) => {
    expect(parse('postgres://db.example', variables).passwordFile).toBe(path);
  });
});

describe('TLS', () => {
  test.each([
    ['postgres://db.example', 'verify-full'],
    ['postgres://10.0.0.1', 'verify-full'],
    ['postgres://[2001:db8::1]', 'verify-full'],
    ['postgres://localhost.example', 'verify-full'],
    ['postgres://127.0.0.1.example', 'verify-full'],
    ['postgres://localhost?host=db.example', 'verify-full'],
    ['postgres://db.example?sslmode=require', 'verify-full'],
    ['postgres://db.example?sslmode=verify-ca', 'verify-ca'],
    ['postgres://db.example?sslmode=disable', 'none'],
    ['postgres://localhost', 'none'],
    ['postgres://127.0.0.1', 'none'],
    ['postgres://[::1]', 'none'],
    ['postgres://db.example?host=/run/pg', 'none'],
    ['postgres://localhost?sslmode=verify-full', 'verify-full'],
    // Who names a CA wants it to be asked.
    ['postgres://localhost?sslrootcert=/ca.pem', 'verify-full'],
  ])('%s: %s', (url, mode) => {
    const { tls } = parse(url);
    expect(tls === undefined ? 'none' : tls.verifiesName ? 'verify-full' : 'verify-ca').toBe(mode);
  });

  test('PGSSLMODE does not count for sockets', () => {
    expect(parse('postgres:///auth?host=/run/pg', { PGSSLMODE: 'verify-full' }).tls).toBeUndefined();
  });
});

describe('what is refused', () => {
  test.each([
    ['mysql://ann:PW@db/auth', 'not at mysql:// URLs'],
    ['postgres://ann:PW@db/auth?schema=Keys', 'schema is named by a-z'],
    ['postgres://ann:PW@db/auth?schema=a%22b', 'schema is named by a-z'],
    ['postgres://ann:PW@db/auth?schema=pg_toast', 'schema is named by a-z'],
    ['postgres://ann:PW@db/auth?schema=', '"schema" empty'],
    ['postgres://ann:PW@db/auth?host=', '"host" empty'],
    ['postgres://ann:PW@db/auth?port', '"port" empty'],
    ['postgres://ann:PW@db/auth?sslrootcert=%', 'has a %'],
    [`postgres://ann:PW@db/auth?schema=${'a'.repeat(64)}`, 'schema is named by a-z'],
    ['postgres://ann:PW@db/auth?sslmode=prefer', 'sslmode=prefer is not known'],
    ['postgres://ann:PW@db/auth?sslmodus=disable', 'a parameter "sslmodus"'],
    ['postgres://ann@db/auth?password=PW', 'a parameter "password"'],
    ['postgres://ann:PW@db/auth?schema=a&schema=b', 'twice'],
    ['postgres://ann:PW@db/auth#x', 'has a #'],
    ['postgres://ann:PW@db:0/auth', 'port is a number'],
    ['postgres://ann:PW@db:99999/auth', 'is none'],
    ['postgres://ann:PW@db/auth?port=99999', 'port is a number'],
    ['postgres://ann:PW@db/auth?connect_timeout=0', 'connect_timeout is a number'],
    ['postgres://ann:PW@db/auth?max_conns=-1', 'max_conns is a number'],
    ['postgres://ann:PW@one,two/auth', 'names one host'],
    ['postgres://ann:PW%@db/auth', 'has a %'],
    ['postgres://ann:PW%ff@db/auth', 'has a %'],
    // What parts a URL stands in a password: the rest of it would be taken for a database, a parameter or a port.
    ['postgres://ann:12/PW@db/auth', 'is none'],
    ['postgres://ann:12?PW@db/auth', 'is none'],
    ['postgres://ann:12#PW@db/auth', 'is none'],
    ['postgres://ann:p@ss/PW@db/auth', 'is none'],
    ['postgres://ann:x/PW@db/auth', 'is none'],
    // What was meant as a URL is not taken for a path, which would be shown.
    ['postgres:/ann:PW@db/auth', 'is none'],
    ['postgres:ann:PW@db/auth', 'is none'],
    ['"postgres://ann:PW@db/auth"', 'is none'],
    ["'cockroach://ann:PW@db/auth'", 'is none'],
  ])('%s', (url, words) => {
    const error = refusal(url);
    expect(isDatabaseUrl(url)).toBe(true);
    expect(error.code).toBe('usage');
    expect(error.message).toContain(words);
    expect(JSON.stringify([error.message, error.hint])).not.toContain('PW');
    expect(error.stack).not.toContain('PW');
    expect(withoutPasswords(`there is nothing at ${url}`)).not.toMatch(/ann.*PW/);
  });

  test('variables that say nonsense', () => {
    expect(refusal('postgres://db.example', { PGPORT: 'x' }).message).toContain('port is a number');
    expect(refusal('postgres://db.example', { PGSSLMODE: 'allow' }).message).toContain('sslmode=allow');
  });

  test('paths are no URLs', () => {
    for (const path of [
      '/srv/jwks',
      'postgres',
      './postgres:x',
      'a:b',
      'C:\\keys',
      'c:/keys',
      'postgres-keys/x',
    ])
      expect(isDatabaseUrl(path), path).toBe(false);
  });
});
