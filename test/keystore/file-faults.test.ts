// What is said of a directory that cannot be read or written, and what each answer of the system proves.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { JwksError } from '../../src/errors.ts';
import { inDoubt, mayHaveLinked, toStorageError, unlessMissing } from '../../src/keystore/file-faults.ts';
import { FileStorage, isEmptyDirectory, placeOf } from '../../src/keystore/file-storage.ts';
import { realFileSystem } from '../../src/keystore/file-system.ts';
import { failingAt, systemError } from '../support/faulty-file-system.ts';
import { bytesOf, placeWith, revisionsIn, set } from '../support/keystore-files.ts';
import { temporaryDirectory } from '../support/temporary.ts';
import { toldBy } from '../support/told.ts';

const strict = 'it belongs to another user, or its modes are too strict';
const atPath = (code: string, path: string) => Object.assign(systemError(code), { path });

describe('an error of the system', () => {
  const told = (error: unknown) => {
    const { code, message, hint, cause } = toStorageError(error, '/k', 'be read');
    expect([code, cause]).toEqual(['failed', error]);
    return [message, hint];
  };

  test.each([
    ['EACCES', 'permission denied', strict],
    ['EPERM', 'not permitted', strict],
    ['ENOSPC', 'no space left on the disk', 'make room and run it again'],
    ['EDQUOT', 'the disk quota is used up', 'make room and run it again'],
    ['EIO', 'the disk reports an error', undefined],
  ])('%s has its words and its hint', (code, words, hint) => {
    expect(told(systemError(code))).toEqual([`the keystore /k cannot be read: ${words}`, hint]);
  });

  test('names the path, where that tells something', () => {
    const words = 'the keystore /k cannot be read: the disk reports an error';
    expect(told(atPath('EIO', '/k/sets/auth'))[0]).toBe(`${words} (/k/sets/auth)`);
    expect(told(atPath('EIO', '/k'))[0]).toBe(words);
    expect(told(atPath('EIO', '/k/sets/auth/.jwks-abcdefghijkl'))[0]).toBe(words);
    expect(told(Object.assign(systemError('EIO'), { path: 7 }))[0]).toBe(words);
  });

  test('that is ours stays as it is', () => {
    const ours = new JwksError('damaged', 'it is');
    expect(toStorageError(ours, '/k', 'be read')).toBe(ours);
  });
});

describe('a link that was answered by', () => {
  test.each(
    ['EACCES', 'EDQUOT', 'ELOOP', 'EMLINK', 'ENAMETOOLONG', 'ENOENT', 'ENOSPC', 'ENOSYS', 'ENOTDIR']
      .concat(['ENOTSUP', 'EOPNOTSUPP', 'EPERM', 'EROFS', 'EXDEV'])
      .map((code) => [code] as const),
  )('%s was not made', (code) => {
    expect(mayHaveLinked(systemError(code))).toBe(false);
  });

  test.each(['EEXIST', 'EIO', 'ETIMEDOUT', 'ESTALE', 'EINTR', 'XEPERM', 'EPERMX'])(
    '%s may be there',
    (code) => {
      expect(mayHaveLinked(systemError(code))).toBe(true);
    },
  );

  test('what is no answer of the system tells nothing', () => {
    expect(mayHaveLinked(new Error('EIO'))).toBe(false);
  });

  test('something else may be there: that is said, with where to look', () => {
    const cause = systemError('EIO');
    expect(inDoubt('/k', 'master', cause)).toMatchObject({
      ...{ code: 'unconfirmed', cause },
      message:
        'it is not known whether the change of the master document was written to /k: the disk reports an error',
      hint: 'look at it with jwks secret list before anything is done again',
    });
    expect(inDoubt('/k', 'sets/%41uth', cause, 'nobody answers')).toMatchObject({
      message: 'it is not known whether the change of set "Auth" was written to /k: nobody answers',
      hint: 'look at it with jwks list before anything is done again',
    });
  });
});

test('what is missing is something else, and what fails fails', () => {
  const failing = (code: string) => () =>
    unlessMissing<string>(() => {
      throw systemError(code);
    }, 'absent');
  expect([unlessMissing(() => 'there', 'absent'), failing('ENOENT')()]).toEqual(['there', 'absent']);
  expect(failing('ENOTDIR')).toThrow('ENOTDIR');
});

describe('a storage in files', () => {
  test('says which directory has no hard links', async () => {
    const { directory } = await placeWith(1);
    const storage = new FileStorage(directory, { fs: failingAt('link', 'EPERM') });
    expect(await toldBy(() => storage.replace(set, 1, bytesOf('ours')))).toEqual({
      code: 'unsupported',
      message: `the file system of ${directory} has no hard links`,
      hint: 'a keystore needs link(2), which makes each change one atomic step: put it on another file system',
    });
  });

  test('says what it could not do', async () => {
    const { directory } = await placeWith(1);
    const cannot = (what: string) => ({
      ...{ code: 'failed', hint: undefined },
      message: `the keystore ${directory} cannot ${what}: the disk reports an error`,
    });
    const at = (operation: Parameters<typeof failingAt>[0], nth?: number) =>
      new FileStorage(directory, { fs: failingAt(operation, 'EIO', nth) });
    expect(await toldBy(() => at('realpath'))).toEqual(cannot('be found'));
    expect(await toldBy(() => at('stat'))).toEqual(cannot('be read'));
    expect(await toldBy(() => at('subdirectories').list())).toEqual(cannot('be read'));
    expect(await toldBy(() => at('readdir').read(set))).toEqual(cannot('be read'));
    expect(await toldBy(() => at('mkdir').reserve('sets/other'))).toEqual(cannot('be written'));
    expect(await toldBy(() => at('openNew').replace(set, 1, bytesOf('ours')))).toEqual(cannot('be written'));
    expect(await toldBy(() => at('openNew').seed(set, 1, 3, bytesOf('ours')))).toEqual(cannot('be written'));
  });

  test('does not make a keystore that has gone, as a disk that is not mounted any more', async () => {
    const { directory, storage } = await placeWith(1);
    rmSync(directory, { recursive: true });
    expect(await toldBy(() => storage.replace(set, 1, bytesOf('ours')))).toEqual({
      ...{ code: 'not-found', message: `there is no keystore at ${directory}`, hint: undefined },
    });
    expect(await storage.list()).toEqual([]);
    expect(await storage.read(set)).toBeUndefined();
  });

  test('gives up a place that goes away each time', async () => {
    const { directory } = await placeWith(1);
    const storage = new FileStorage(directory, { fs: failingAt('link', 'ENOENT') });
    expect(await toldBy(() => storage.replace(set, 1, bytesOf('ours')))).toEqual({
      ...{ code: 'failed', message: `the keystore ${directory} cannot be written`, hint: undefined },
    });
  });

  test('goes on with a seed that was stopped, and with none that somebody else began', async () => {
    const { place, storage } = await placeWith(2);
    expect(await storage.seed(set, 2, 5, bytesOf('text 5'))).toBe('committed');
    expect(revisionsIn(place)).toEqual(['', '', '', '', 'text 5']);
    expect(await storage.seed(set, 2, 5, bytesOf('text 5'))).toBe('committed');
    expect(await storage.seed(set, 2, 5, bytesOf('another'))).toBe('conflict');
    expect(await storage.seed(set, 2, 7, bytesOf('text 7'))).toBe('conflict');
    expect(revisionsIn(place)).toEqual(['', '', '', '', 'text 5']);
  });

  test('a seed that is there and was not confirmed is made durable, or that is said', async () => {
    const { directory, place, storage } = await placeWith(0);
    expect(await storage.seed(set, 0, 2, bytesOf('text 2'))).toBe('committed');
    const unable = new FileStorage(directory, { fs: failingAt('fsync', 'EIO') });
    writeFileSync(join(place, '1.json'), 'text 1');
    expect(await unable.seed(set, 0, 2, bytesOf('text 2'))).toBe('unknown');
    expect(revisionsIn(place)).toEqual(['text 1', 'text 2']);
    expect(await storage.seed(set, 0, 2, bytesOf('text 2'))).toBe('committed');
    expect(revisionsIn(place)).toEqual(['', 'text 2']);
  });
});

describe('a place', () => {
  test('is known by its real path, also where nothing is yet', () => {
    const directory = temporaryDirectory();
    expect(placeOf(realFileSystem, join(directory, 'a', 'b'))).toBe(join(directory, 'a', 'b'));
    expect(placeOf(realFileSystem, join(directory, 'a', '..', 'b'))).toBe(join(directory, 'b'));
    expect(() => placeOf(failingAt('realpath', 'EACCES'), directory)).toThrow('EACCES');
    expect(() => placeOf(failingAt('realpath', 'ENOENT'), '/')).toThrow('ENOENT');
    expect(placeOf(failingAt('realpath', 'ENOENT', 1), directory)).toBe(
      join(placeOf(realFileSystem, dirname(directory)), directory.slice(dirname(directory).length)),
    );
  });

  test.each<[string, boolean, (directory: string) => void]>([
    ['nothing', true, () => {}],
    ['an empty directory of ours', true, (at) => mkdirSync(join(at, 'sets'))],
    ['a directory more', false, (at) => mkdirSync(join(at, 'other'))],
    ['a file of such a name', false, (at) => writeFileSync(join(at, 'sets'), '')],
    ['a set', false, (at) => mkdirSync(join(at, 'sets', 'auth'), { recursive: true })],
    ['a hidden file', false, (at) => writeFileSync(join(at, '.hidden'), '')],
  ])('with %s in it is empty: %s', (_, isEmpty, prepare) => {
    const directory = temporaryDirectory();
    prepare(directory);
    expect(isEmptyDirectory(realFileSystem, directory)).toBe(isEmpty);
  });
});
