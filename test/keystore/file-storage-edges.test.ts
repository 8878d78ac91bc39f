// A keystore in files at its edges: other histories below the newest, links and directories in the place of files, groups.
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { toStorageError } from '../../src/keystore/file-faults.ts';
import { FileStorage, isEmptyDirectory, placeOf } from '../../src/keystore/file-storage.ts';
import { realFileSystem } from '../../src/keystore/file-system.ts';
import { MemoryStorage } from '../../src/keystore/memory-storage.ts';
import { digestOf } from '../../src/keystore/set-document.ts';
import { StorageUnder } from '../../src/keystore/storage-under.ts';
import { failingAt, interferedFileSystem, systemError } from '../support/faulty-file-system.ts';
import { bytesOf, set } from '../support/keystore-files.ts';
import { temporaryDirectory } from '../support/temporary.ts';
import { toldBy } from '../support/told.ts';

const isRoot = process.geteuid?.() === 0;

/** A document as far as it says what it follows from. */
function documentOf(revision: number, before?: string): string {
  const previous = before === undefined ? undefined : digestOf(bytesOf(before));
  return JSON.stringify({ aad: Buffer.from(JSON.stringify({ revision, previous })).toString('base64url') });
}

const first = documentOf(1);
const second = documentOf(2, first);
const third = documentOf(3, second);

/** A place where these revisions are full. */
function placeOfTexts(texts: readonly string[]) {
  const directory = temporaryDirectory();
  const place = join(directory, set);
  mkdirSync(place, { recursive: true });
  for (const [index, text] of texts.entries()) writeFileSync(join(place, `${index + 1}.json`), text);
  const contents = () => [1, 2, 3].map((revision) => readFileSync(join(place, `${revision}.json`), 'utf8'));
  return { directory, place, contents };
}

describe('what is full below the revision before', () => {
  test.each([
    ['is emptied where each follows from the one before', first, second, third, ['', '', third]],
    ['is kept where another history begins', first, documentOf(2, 'other'), third, [first, '', third]],
    ['is emptied where it cannot be read what follows', 'no document', 'nor this', 'new', ['', '', 'new']],
    // The one before was the base of this very change.
    ['is of no matter for the base', first, second, documentOf(3, 'other'), ['', '', documentOf(3, 'other')]],
  ])('%s', async (_, one, two, three, expected) => {
    const { directory, contents } = placeOfTexts([one, two]);
    expect(await new FileStorage(directory).replace(set, 2, bytesOf(three))).toBe('committed');
    expect(contents()).toEqual(expected);
  });

  test('is left, all of it, where one cannot be looked at', async () => {
    const { directory, contents } = placeOfTexts([first, second]);
    const fs = interferedFileSystem((call, proceed) => {
      if (call.operation === 'lstat' && String(call.args[0]).endsWith('1.json')) throw systemError('EIO');
      return proceed();
    });
    expect(await new FileStorage(directory, { fs }).replace(set, 2, bytesOf(third))).toBe('committed');
    expect(contents()).toEqual([first, second, third]);
  });

  test.each([
    ['is emptied past a pipe that has come in the place of one', 'ENOTFILE', [first, '', third]],
    ['is left where the disk fails', 'EIO', [first, second, third]],
  ])('%s', async (_, code, expected) => {
    const { directory, contents } = placeOfTexts([first, second]);
    const fs = interferedFileSystem((call, proceed) => {
      if (call.operation === 'truncate' && String(call.args[0]).endsWith('1.json')) throw systemError(code);
      return proceed();
    });
    expect(await new FileStorage(directory, { fs }).replace(set, 2, bytesOf(third))).toBe('committed');
    expect(contents()).toEqual(expected);
  });

  test('is emptied although a directory or a link has the name of one', async () => {
    for (const make of [mkdirSync, (path: string) => symlinkSync('/etc/hostname', path)]) {
      const { directory, place } = placeOfTexts([]);
      make(join(place, '1.json'));
      writeFileSync(join(place, '2.json'), second);
      expect(await new FileStorage(directory).replace(set, 2, bytesOf(third))).toBe('committed');
      expect(readFileSync(join(place, '2.json'), 'utf8')).toBe('');
    }
  });
});

test('what is full below a directory of such a name is emptied too', async () => {
  const { directory, place } = placeOfTexts([first]);
  mkdirSync(join(place, '2.json'));
  writeFileSync(join(place, '3.json'), third);
  expect(await new FileStorage(directory).replace(set, 3, bytesOf('new'))).toBe('committed');
  for (const name of ['1.json', '3.json']) expect(readFileSync(join(place, name), 'utf8')).toBe('');
});

describe('a keystore', () => {
  test('that is named by a link is written through it, and what is in it is not', async () => {
    const home = temporaryDirectory();
    const [real, link] = [join(home, 'real'), join(home, 'link')];
    mkdirSync(join(real, 'sets'), { recursive: true });
    symlinkSync(real, link);
    const storage = new FileStorage(link);
    expect(await storage.replace('master', 0, bytesOf('master'))).toBe('committed');
    mkdirSync(join(home, 'elsewhere'));
    symlinkSync(join(home, 'elsewhere'), join(real, set));
    expect(await toldBy(() => storage.replace(set, 0, bytesOf('one')))).toEqual({
      ...{ code: 'damaged', message: `${join(link, set)} is not a directory of its own`, hint: undefined },
    });
  });

  test('that is not there has nothing in it', async () => {
    const storage = new FileStorage(join(temporaryDirectory(), 'missing'));
    expect([await storage.list(), await storage.read('master')]).toEqual([[], undefined]);
  });

  test.skipIf(!isRoot)('whose group has no bits does not give its files to it', async () => {
    const directory = temporaryDirectory();
    chownSync(directory, 0, 7);
    chmodSync(directory, 0o700);
    await new FileStorage(directory).replace(set, 0, bytesOf('one'));
    expect(lstatSync(join(directory, set, '1.json')).gid).not.toBe(7);
  });

  test('is not looked for above what may not be looked at', () => {
    const directory = join(temporaryDirectory(), 'a');
    expect(() => placeOf(failingAt('realpath', 'EACCES', 1), directory)).toThrow('EACCES');
  });

  test('is not made where a link to nothing is', () => {
    const directory = temporaryDirectory();
    symlinkSync('/nowhere', join(directory, 'sets'));
    expect(isEmptyDirectory(realFileSystem, directory)).toBe(false);
  });
});

test('what is thrown and no error at all is told of too', () => {
  expect(toStorageError('a text', '/k', 'be read')).toMatchObject({ code: 'failed', cause: 'a text' });
});

test('under a master document that is not there none is made', async () => {
  const beneath = new MemoryStorage();
  const storage = new StorageUnder({ revision: 7, bytes: bytesOf('master') }, beneath);
  expect(await storage.replace('master', 0, bytesOf('another'))).toBe('conflict');
  expect(await storage.seed('master', 0, 9, bytesOf('another'))).toBe('conflict');
  expect(await beneath.read('master')).toBeUndefined();
});
