// The file in which libpq keeps passwords: which line counts, and which file is refused.
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readPassword } from '../../src/keystore/password-file.ts';
import { temporaryDirectory } from '../support/temporary.ts';
import { toldBy } from '../support/told.ts';

const asked = { host: 'db.example', port: 5_432, database: 'auth', user: 'ann' };

function fileOf(text: string, mode = 0o600): string {
  const path = join(temporaryDirectory(), 'pgpass');
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

const read = (text: string, more: Partial<typeof asked> = {}) =>
  readPassword(fileOf(text), { ...asked, ...more });

describe('the password', () => {
  test.each<[string, string | undefined]>([
    ['db.example:5432:auth:ann:word', 'word'],
    ['*:*:*:*:word', 'word'],
    ['db.example:*:auth:*:word\r\n', 'word'],
    ['other:5432:auth:ann:no\ndb.example:5432:auth:ann:word\n*:*:*:*:later', 'word'],
    ['other:5432:auth:ann:no', undefined],
    ['db.example:5433:auth:ann:no', undefined],
    ['db.example:5432:other:ann:no', undefined],
    ['db.example:5432:auth:bob:no', undefined],
    ['#*:*:*:*:no', undefined],
    ['*:*:*:*', undefined],
    // The first that fits counts, also where it has none.
    ['*:*:*:*:\n*:*:*:*:no', undefined],
    ['*:*:*:*:wo\\:rd\\\\', 'wo:rd\\'],
    ['*:*:*:*:word\\', 'word\\'],
    ['*:*:*:*:word:more', 'word'],
    ['', undefined],
  ])('of %j is %j', (text, password) => {
    expect(read(text)).toBe(password);
  });

  test('of a name with a colon or a backslash', () => {
    expect(read('fe80\\:\\:1:5432:a\\\\b:ann:word', { host: 'fe80::1', database: 'a\\b' })).toBe('word');
  });

  test('of this machine is that of its sockets', () => {
    const lines = 'localhost:5432:auth:ann:word';
    expect([
      read(lines, { host: '/run/postgresql' }),
      read(lines),
      read(lines, { host: 'localhost' }),
    ]).toEqual([...['word', undefined, 'word']]);
    expect(read('/run/postgresql:5432:auth:ann:word', { host: '/run/postgresql' })).toBe('word');
  });
});

describe('the file', () => {
  test('need not be there, or be one', () => {
    const directory = temporaryDirectory();
    mkdirSync(join(directory, 'pgpass'));
    expect(readPassword(join(directory, 'missing'), asked)).toBeUndefined();
    expect(readPassword(join(fileOf(''), 'below'), asked)).toBeUndefined();
    expect(readPassword(join(directory, 'pgpass'), asked)).toBeUndefined();
  });

  test.each([0o640, 0o604, 0o610, 0o602])('of mode %o is refused', async (mode) => {
    const path = fileOf('*:*:*:*:word', mode);
    expect(await toldBy(() => readPassword(path, asked))).toEqual({
      ...{
        code: 'failed',
        message: `the password file ${path} is open to others`,
        hint: `chmod 600 ${path}`,
      },
    });
  });

  test('that cannot be looked at is told of', async () => {
    const path = join('/', 'x'.repeat(300));
    expect(await toldBy(() => readPassword(path, asked))).toEqual({
      ...{ code: 'failed', hint: undefined },
      message: `the password file ${path} cannot be read: the name is too long`,
    });
  });
});
