// What a host remembers of a keystore, and that having nowhere to remember is no error.
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import { JwksError } from '../../src/errors.ts';
import { realFileSystem } from '../../src/keystore/file-system.ts';
import { SeenFiles } from '../../src/keystore/seen.ts';
import { documentOf } from '../../src/keystore/set-id.ts';
import { failingAt } from '../support/faulty-file-system.ts';
import { auth } from '../support/keystore.ts';
import { modeOf } from '../support/keystore-files.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const setName = documentOf(auth);
const fingerprint = 'A'.repeat(43);
const other = 'B'.repeat(43);
/** A command that was done there with the secret. */
const opened = (place: string) => ({ place, openedWithSecret: true, acceptRollback: false });
const document = (revision: number, sha256 = `hash ${revision}`) => ({ revision, sha256 });

/** What checking ends with: `fine`, or a code. */
function checked(seenFiles: SeenFiles, now: ReturnType<typeof document>, previous?: string): string {
  try {
    seenFiles.of(fingerprint).check(setName, now, previous);
    return 'fine';
  } catch (error) {
    if (error instanceof JwksError) return error.code;
    throw error;
  }
}

/** The files of a host that has seen revision 5. */
function hostWithFive(): { readonly again: () => SeenFiles; readonly directory: string } {
  const directory = join(temporaryDirectory(), 'state', 'jwks');
  const again = () => new SeenFiles(realFileSystem, directory);
  const seen = again().of(fingerprint);
  seen.check(setName, document(5), undefined);
  seen.save(opened('/keystore'));
  return { again, directory };
}

describe('after revision 5', () => {
  test.each([
    ['the same', document(5), undefined, 'fine'],
    ['an older one', document(4), undefined, 'rolled-back'],
    ['the first', document(1), undefined, 'rolled-back'],
    ['the same number with another hash', document(5, 'other'), undefined, 'rolled-back'],
    ['the next', document(6), 'hash 5', 'fine'],
    ['a next that does not follow', document(6), 'another hash', 'rolled-back'],
    ['a next that follows from nothing', document(6), undefined, 'rolled-back'],
    ['a later one, whose way here nobody saw', document(8), 'hash 7', 'fine'],
  ])('%s', (_, now, previous, expected) => {
    const { again } = hostWithFive();
    expect(checked(again(), now, previous)).toBe(expected);
  });

  test('another document and another keystore are not concerned', () => {
    const { again } = hostWithFive();
    again().of(fingerprint).check('sets/other', document(1), undefined);
    again().of(other).check(setName, document(1), undefined);
  });

  test('it is remembered within one process too, before anything is saved', () => {
    const seen = hostWithFive().again().of(fingerprint);
    seen.check(setName, document(6), 'hash 5');
    expect(() => seen.check(setName, document(5), undefined)).toThrow(JwksError);
  });

  test('a refused one is not remembered, an accepted one is', () => {
    const { again } = hostWithFive();
    const seen = again().of(fingerprint);
    expect(() => seen.check(setName, document(3), undefined)).toThrow(JwksError);
    seen.save(opened('/keystore'));
    expect(checked(again(), document(5))).toBe('fine');
    seen.accept(setName, document(3));
    seen.save({ ...opened('/keystore'), acceptRollback: true });
    expect(checked(again(), document(3))).toBe('fine');
    expect(checked(again(), document(2))).toBe('rolled-back');
  });

  test('a slow reader that saves an older number afterwards does not make the host forget', () => {
    const { again } = hostWithFive();
    const slow = again().of(fingerprint);
    slow.check('sets/slow', document(1), undefined);
    slow.check(setName, document(6), 'hash 5');
    const quick = again().of(fingerprint);
    quick.check(setName, document(7), 'hash 6');
    quick.save(opened('/keystore'));
    slow.save(opened('/keystore'));
    expect(checked(again(), document(6))).toBe('rolled-back');
  });
});

describe('places', () => {
  test('are known once opened with the secret, not by reading', () => {
    const { again } = hostWithFive();
    expect(again().fingerprintAt('/keystore')).toBe(fingerprint);
    const seen = again().of(fingerprint);
    seen.check(setName, document(6), 'hash 5');
    seen.save({ ...opened('/elsewhere'), openedWithSecret: false });
    expect(again().fingerprintAt('/elsewhere')).toBeUndefined();
    expect(checked(again(), document(5))).toBe('rolled-back');
  });

  test('move to the keystore that was opened there with its secret', () => {
    const { again } = hostWithFive();
    again().of(other).save(opened('/keystore'));
    expect(again().fingerprintAt('/keystore')).toBe(other);
    again().of(fingerprint).save(opened('/moved'));
    expect(again().fingerprintAt('/moved')).toBe(fingerprint);
    expect(again().fingerprintAt('/keystore')).toBe(other);
  });

  test('of a keystore can be several', () => {
    const { again } = hostWithFive();
    again().of(fingerprint).save(opened('/copy'));
    expect([again().fingerprintAt('/keystore'), again().fingerprintAt('/copy')]).toEqual([
      fingerprint,
      fingerprint,
    ]);
  });
});

describe('the state file', () => {
  // A worker thread, in which mutation tests run, has the umask of its process.
  test.skipIf(!isMainThread)('is 0600 in 0700, whatever the umask, and leaves nothing beside it', () => {
    const before = process.umask(0);
    try {
      const { directory } = hostWithFive();
      expect(readdirSync(directory)).toEqual([`${fingerprint}.json`]);
      expect([modeOf(directory), modeOf(join(directory, `${fingerprint}.json`))]).toEqual(['0700', '0600']);
    } finally {
      process.umask(before);
    }
  });

  test('has the shape that DESIGN says', () => {
    const { directory } = hostWithFive();
    expect(JSON.parse(readFileSync(join(directory, `${fingerprint}.json`), 'utf8'))).toEqual({
      places: ['/keystore'],
      documents: { [setName]: document(5) },
    });
  });

  test.each([
    '',
    'rubbish',
    'null',
    '[]',
    '7',
    '{}',
    '{"places":{},"documents":[]}',
    '{"places":[],"documents":null}',
    '{"places":[1,null],"documents":{"sets/auth":null}}',
    '{"places":[],"documents":{"sets/auth":"text"}}',
    '{"places":[],"documents":{"sets/auth":{}}}',
    '{"places":[],"documents":{"sets/auth":{"revision":"9","sha256":7}}}',
  ])('that holds %j counts as none, and is replaced', (text) => {
    const { directory, again } = hostWithFive();
    writeFileSync(join(directory, `${fingerprint}.json`), text);
    const seen = again().of(fingerprint);
    seen.check(setName, document(2), undefined);
    seen.save(opened('/keystore'));
    expect(again().fingerprintAt('/keystore')).toBe(fingerprint);
    expect(checked(again(), document(1))).toBe('rolled-back');
  });

  test('that cannot be read or written is no error', () => {
    const { directory, again } = hostWithFive();
    writeFileSync(join(directory, 'notes.txt'), 'not ours');
    mkdirSync(join(directory, `${other}.json`));
    expect(again().fingerprintAt('/elsewhere')).toBeUndefined();
    for (const operation of [
      'readFile',
      'readdir',
      'stat',
      'openNew',
      'write',
      'fsync',
      'rename',
      'unlink',
    ] as const) {
      const seen = new SeenFiles(failingAt(operation, 'EACCES'), directory).of(fingerprint);
      seen.check('sets/other', document(1), undefined);
      seen.save(opened('/another place'));
    }
    chmodSync(directory, 0o700);
  });

  test('that has no place is not written', () => {
    const nowhere = new SeenFiles(realFileSystem, undefined);
    const seen = nowhere.of(fingerprint);
    seen.check(setName, document(5), undefined);
    seen.save(opened('/keystore'));
    expect(nowhere.fingerprintAt('/keystore')).toBeUndefined();
  });
});
