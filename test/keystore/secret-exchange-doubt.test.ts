// What is left alone where a disk does not answer, and why a file could not be read.
import { linkSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readPassword } from '../../src/keystore/password-file.ts';
import { formerFile, unstageSecret } from '../../src/keystore/secret-file.ts';
import { failingAt } from '../support/faulty-file-system.ts';
import { secretFile } from '../support/secret-places.ts';

test('a second name of which nobody can tell whose it is stays', () => {
  const path = secretFile('old');
  linkSync(path, formerFile(path));
  unstageSecret(failingAt('lstat', 'EIO'), path, 'a-name-of-a-slot');
  expect(readFileSync(formerFile(path), 'utf8')).toBe('old');
});

test('a password file that cannot be looked at has the cause with it', () => {
  const asked = { host: 'db', port: 5_432, database: 'auth', user: 'ann' };
  expect(() => readPassword(join('/', 'x'.repeat(300)), asked)).toThrow(
    expect.objectContaining({ cause: expect.objectContaining({ code: 'ENAMETOOLONG' }) }),
  );
});
