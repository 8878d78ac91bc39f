// What is shown of a keystore's URL, also of a misspelled one: never its password.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type JwksError, withoutPasswords } from '../../src/errors.ts';
import { DatabasePlace } from '../../src/keystore/database-place.ts';
import { realFileSystem } from '../../src/keystore/file-system.ts';
import { toPlace } from '../../src/keystore/place.ts';
import { temporaryDirectory } from '../support/temporary.ts';

describe('what may be a misspelled URL', () => {
  const at = (text: string, cwd = temporaryDirectory()) =>
    toPlace(text, { env: {}, cwd, fs: realFileSystem, uid: undefined, shield: undefined });

  test.each([
    'postgres//ann:PW@db/auth',
    'postgres;//ann:PW@db/auth',
    'postgres//PW',
    'pg//PW',
    '://ann:PW@db/auth',
    '//ann:PW@db/auth',
    'pg:ann:PW@db/auth',
    'ann:PW@db/auth',
    'ann:P/W/PW@db/auth',
    ':PW@db',
    'host=db user=ann password=PW dbname=auth',
    "host=db password = 'PW'",
    'dbname=PW',
    './ann:PW@db/auth',
  ])('%s is refused, and not quoted', (text) => {
    expect(() => at(text)).toThrow(expect.objectContaining({ code: 'usage' }));
    try {
      at(text);
    } catch (error) {
      const { message, hint, stack } = error as JwksError;
      expect(`${message} ${hint} ${stack}`).not.toContain('PW');
    }
  });

  test('but not where it is a directory', () => {
    const cwd = temporaryDirectory();
    for (const name of ['ann:PW@db', 'password=x']) {
      mkdirSync(join(cwd, name));
      expect(at(name, cwd).label).toBe(join(cwd, name));
    }
  });

  test.each(['a:b', 'x@y', 'x@y:z', 'keys', '/srv//keys', 'keys//own', 'env=prod/keys', 'postgres/keys'])(
    '%s is a path',
    (text) => expect(at(text, '/work').directory).toMatch(/^\//),
  );
});

test('a place says neither its password nor that it has one', () => {
  const place = new DatabasePlace('postgres://ann:PW@db.example/auth', {
    env: { PGPASSWORD: 'PW' },
    cwd: '/',
    shield: undefined,
  });
  expect([place.label, place.id()]).toEqual([
    'postgres://ann@db.example:5432/auth',
    'postgres://db.example:5432/auth',
  ]);
  const { inspect } = process.getBuiltinModule('node:util');
  expect(JSON.stringify(place) + inspect(place, { depth: 9, showHidden: true })).not.toContain('PW');
});

test.each([
  [
    "unknown option '--keystor=postgres://ann:PW@db/auth'",
    "unknown option '--keystor=postgres://ann@db/auth'",
  ],
  ['unknown option --x=postgres://ann:it\'s PW/"#@db/auth', 'unknown option --x=postgres://ann@db/auth'],
  ['a https://ann:PW@proxy:3128/x b@c', 'a https://ann@proxy:3128/x b@c'],
  ['postgres://:PW@db/auth', 'postgres://@db/auth'],
  ['at postgres//ann:PW@db/auth', 'at postgres//ann@db/auth'],
  ['at postgres;//ann:PW@db/auth', 'at postgres;//ann@db/auth'],
  ['at ://ann:PW@db/auth', 'at ://ann@db/auth'],
  ['at pg:ann:PW@db/auth', 'at pg:ann@db/auth'],
  ['host=db password=PW user=a', 'host=db password= user=a'],
  ['postgres://db/auth?user=a&password=PW&x=1', 'postgres://db/auth?user=a&password=&x=1'],
  [
    'the keystore at postgres://db:5432/auth is from ann@host',
    'the keystore at postgres://db:5432/auth is from ann@host',
  ],
  ['the keystore at postgres://ann@db:5432/auth', 'the keystore at postgres://ann@db:5432/auth'],
])('without its password: %s', (text, shown) => {
  expect(withoutPasswords(text)).toBe(shown);
});
