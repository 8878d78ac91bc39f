// What FileStorage leaves behind when the disk or the file system do not do what was hoped.
import { chmodSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { FileStorage, isEmptyDirectory } from '../../src/keystore/file-storage.ts';
import { type FileSystem, realFileSystem } from '../../src/keystore/file-system.ts';
import {
  Death,
  failingAt,
  interferedFileSystem,
  type Operation,
  recordingFileSystem,
  systemError,
} from '../support/faulty-file-system.ts';
import { codeOf } from '../support/keystore.ts';
import {
  bytesOf,
  pathsBelow,
  placeWith,
  revisionsIn,
  set,
  temporariesBelow,
} from '../support/keystore-files.ts';
import { temporaryDirectory } from '../support/temporary.ts';

describe('what is superseded', () => {
  test('is emptied, and its name stays', async () => {
    const { place } = await placeWith(4);
    expect(revisionsIn(place)).toEqual(['', '', '', 'text 4']);
    expect(temporariesBelow(place)).toEqual([]);
  });

  test('is emptied by the next change where the last one could not', async () => {
    const { directory, place, storage } = await placeWith(2);
    const unable = new FileStorage(directory, { fs: failingAt('truncate', 'EIO') });
    for (const from of [2, 3])
      expect(await unable.replace(set, from, bytesOf(`text ${from + 1}`))).toBe('committed');
    expect(revisionsIn(place)).toEqual(['', 'text 2', 'text 3', 'text 4']);
    await storage.replace(set, 4, bytesOf('text 5'));
    expect(revisionsIn(place)).toEqual(['', '', '', '', 'text 5']);
  });

  test('is emptied in the end, also where emptying stopped halfway', async () => {
    const { directory, place, storage } = await placeWith(2);
    const unable = new FileStorage(directory, { fs: failingAt('truncate', 'EIO') });
    for (const from of [2, 3]) await unable.replace(set, from, bytesOf(`text ${from + 1}`));
    // Of three to empty only the first that is tried is.
    const halfway = interferedFileSystem((call, proceed) => {
      if (call.operation === 'truncate' && call.nth > 1) throw systemError('EIO');
      return proceed();
    });
    await new FileStorage(directory, { fs: halfway }).replace(set, 4, bytesOf('text 5'));
    await storage.replace(set, 5, bytesOf('text 6'));
    expect(revisionsIn(place)).toEqual(['', '', '', '', '', 'text 6']);
  });

  test('is emptied also where names of emptied ones were deleted', async () => {
    const { place, storage } = await placeWith(4);
    for (const revision of [1, 2, 3]) rmSync(join(place, `${revision}.json`));
    for (const from of [4, 5]) {
      expect(await storage.replace(set, from, bytesOf(`text ${from + 1}`))).toBe('committed');
    }
    const texts = [4, 5, 6].map((revision) => readFileSync(join(place, `${revision}.json`), 'utf8'));
    expect(texts).toEqual(['', '', 'text 6']);
  });

  test('is emptied in the end, also where only the lowest could not be', async () => {
    const { directory, place, storage } = await placeWith(2);
    const unable = new FileStorage(directory, { fs: failingAt('truncate', 'EIO') });
    for (const from of [2, 3]) await unable.replace(set, from, bytesOf(`text ${from + 1}`));
    const once = new FileStorage(directory, { fs: failingAt('truncate', 'EIO', 1) });
    await once.replace(set, 4, bytesOf('text 5'));
    await storage.replace(set, 5, bytesOf('text 6'));
    expect(revisionsIn(place)).toEqual(['', '', '', '', '', 'text 6']);
  });

  test('is not emptied where the new one does not read back as it was written', async () => {
    const { directory, place } = await placeWith(1);
    const fs = interferedFileSystem((call, proceed) =>
      call.operation === 'readFile' ? bytesOf('tex') : proceed(),
    );
    expect(await new FileStorage(directory, { fs }).replace(set, 1, bytesOf('text 2'))).toBe('committed');
    expect(revisionsIn(place)).toEqual(['text 1', 'text 2']);
  });
});

describe('nothing is changed and nothing is left', () => {
  const operations: Operation[] = ['openNew', 'write', 'fsync', 'fstat', 'close', 'link', 'stat'];
  const codes = ['ENOSPC', 'EIO', 'EMFILE', 'EACCES', 'EROFS', 'EDQUOT'];
  test.each(operations.flatMap((operation) => codes.map((code) => ({ operation, code }))))(
    '$operation: $code',
    async ({ operation, code }) => {
      const { directory, place } = await placeWith(1);
      const before = pathsBelow(directory);
      // Opening takes a `stat` of its own, which goes through.
      const fs = failingAt(operation, code, operation === 'stat' ? 2 : 1);
      const failing = new FileStorage(directory, { fs });
      expect(await codeOf(failing.replace(set, 1, bytesOf('ours')))).toBe('failed');
      expect(revisionsIn(place)).toEqual(['text 1']);
      expect(pathsBelow(directory)).toEqual(before);
    },
  );

  test('a disk that takes fewer bytes than it says', async () => {
    const { directory, place } = await placeWith(1);
    const fs = overlaid({
      write: (descriptor, bytes) => realFileSystem.write(descriptor, bytes.subarray(2)) + 2,
    });
    expect(await codeOf(new FileStorage(directory, { fs }).replace(set, 1, bytesOf('ours')))).toBe('failed');
    expect(revisionsIn(place)).toEqual(['text 1']);
    expect(temporariesBelow(directory)).toEqual([]);
  });
});

test('a disk that takes one byte at a time gets all of them', async () => {
  const { directory, place } = await placeWith(1);
  const fs = overlaid({
    write: (descriptor, bytes) => realFileSystem.write(descriptor, bytes.subarray(0, 1)),
  });
  expect(await new FileStorage(directory, { fs }).replace(set, 1, bytesOf('every byte'))).toBe('committed');
  expect(revisionsIn(place)).toEqual(['', 'every byte']);
});

test.each(['openDirectory', 'fsync'] as const)(
  '%s of the directory fails: unknown, and nothing is emptied',
  async (operation) => {
    const { directory, place } = await placeWith(1);
    // The first fsync is that of the new file.
    const fs = failingAt(operation, 'EIO', operation === 'fsync' ? 2 : 1);
    expect(await new FileStorage(directory, { fs }).replace(set, 1, bytesOf('ours'))).toBe('unknown');
    expect(revisionsIn(place)).toEqual(['text 1', 'ours']);
    expect(temporariesBelow(directory)).toEqual([]);
  },
);

test('the first revision is durable although its place was made by somebody who died before it was', async () => {
  const { directory, place } = await placeWith(0);
  const dying = interferedFileSystem((call, proceed) => {
    if (call.operation === 'openDirectory') throw new Death();
    return proceed();
  });
  await new FileStorage(directory, { fs: dying }).replace(set, 0, bytesOf('never')).catch(() => {});
  mkdirSync(place, { recursive: true });
  const { fs, calls } = recordingFileSystem();
  expect(await new FileStorage(directory, { fs }).replace(set, 0, bytesOf('ours'))).toBe('committed');
  const synced = calls.filter(({ operation }) => operation === 'openDirectory').map(({ args }) => args[0]);
  expect(synced).toEqual(expect.arrayContaining([place, join(directory, 'sets'), directory]));
});

test('the shield is up from the link on, and down again where none was made', async () => {
  const { directory } = await placeWith(1);
  const seen: string[] = [];
  const shield = { raise: () => seen.push('up'), lower: () => seen.push('down') };
  const { fs, calls } = recordingFileSystem();
  const watching = { raise: () => seen.push(`up before ${calls.length}`), lower: () => seen.push('down') };
  await new FileStorage(directory, { fs, shield: watching }).replace(set, 1, bytesOf('ours'));
  const link = calls.findIndex(({ operation }) => operation === 'link');
  expect(seen).toEqual([`up before ${link}`]);
  await new FileStorage(directory, { shield }).replace(set, 1, bytesOf('late'));
  expect(seen.slice(1)).toEqual(['up', 'down']);
});

test('readers never write', async () => {
  const { directory } = await placeWith(2);
  const { fs, calls } = recordingFileSystem();
  const storage = new FileStorage(directory, { fs });
  await storage.list();
  await storage.read(set);
  await storage.read('sets/absent');
  const reading: Operation[] = ['readdir', 'subdirectories', 'readFile', 'lstat', 'stat', 'realpath'];
  expect(calls.filter(({ operation }) => !reading.includes(operation))).toEqual([]);
});

test('names that are no revisions, and hidden ones, are passed over', async () => {
  const { directory, place, storage } = await placeWith(2);
  for (const name of [
    '03.json',
    '9.json.bak',
    '.5.json',
    '1e3.json',
    '-7.json',
    '99999999999999999.json',
    'x.json',
  ])
    writeFileSync(join(place, name), 'rubbish');
  mkdirSync(join(directory, 'sets', '.hidden'));
  expect((await storage.read(set))?.revision).toBe(2);
  expect(await storage.list()).toEqual([set]);
});

test('a directory with only what a stopped init leaves is empty', () => {
  const directory = temporaryDirectory();
  mkdirSync(join(directory, 'master'));
  writeFileSync(join(directory, 'master', '.jwks-abc'), 'half');
  expect(isEmptyDirectory(realFileSystem, directory)).toBe(true);
  linkSync(join(directory, 'master', '.jwks-abc'), join(directory, 'master', '1.json'));
  expect(isEmptyDirectory(realFileSystem, directory)).toBe(false);
});

test.skipIf(process.geteuid?.() === 0)(
  'a directory that may not be read fails (skipped: root may read all)',
  async () => {
    const { directory, storage } = await placeWith(1);
    chmodSync(join(directory, 'sets'), 0);
    expect(await codeOf(storage.list())).toBe('failed');
    chmodSync(join(directory, 'sets'), 0o700);
  },
);

function overlaid(own: Partial<FileSystem>): FileSystem {
  return { ...realFileSystem, ...own };
}
