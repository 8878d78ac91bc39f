// Which system calls a new file and a new directory take: none too many, and none that is left open.
import { lstatSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { realFileSystem } from '../../src/keystore/file-system.ts';
import { makeDirectory, syncDirectory, writeTemporary } from '../../src/keystore/new-file.ts';
import { makeNames, settle } from '../../src/keystore/revision-names.ts';
import { interferedFileSystem, systemError } from '../support/faulty-file-system.ts';
import { bytesOf } from '../support/keystore-files.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const isRoot = process.geteuid?.() === 0;
const owned = { mode: 0o600 };

/** Counts calls by operation; those of one may fail. */
function counted(failing?: string) {
  const counts: Record<string, number> = {};
  const fs = interferedFileSystem((call, proceed) => {
    counts[call.operation] = (counts[call.operation] ?? 0) + 1;
    if (call.operation === failing) throw systemError('EIO');
    return proceed();
  });
  return { fs, counts };
}

describe('a temporary file', () => {
  test('is synced unless it need not be, and is given to nobody whose it is', () => {
    const synced = counted();
    writeTemporary(synced.fs, temporaryDirectory(), bytesOf('text'), owned);
    expect(synced.counts).toEqual({ openNew: 1, fstat: 2, write: 1, fsync: 1, close: 1 });
    const not = counted();
    writeTemporary(not.fs, temporaryDirectory(), bytesOf('text'), { ...owned, isSynced: false });
    expect(not.counts).toEqual({ openNew: 1, fstat: 2, write: 1, close: 1 });
  });

  test('whose closing fails is not closed a second time', () => {
    const { fs, counts } = counted('close');
    expect(() => writeTemporary(fs, temporaryDirectory(), bytesOf('text'), owned)).toThrow('EIO');
    expect(counts['close']).toBe(1);
  });

  test.skipIf(!isRoot)('is given to whom it is to have (skipped: only root gives files away)', () => {
    const path = writeTemporary(realFileSystem, temporaryDirectory(), bytesOf('x'), {
      ...owned,
      uid: 7,
      gid: 8,
    });
    expect([lstatSync(path).uid, lstatSync(path).gid]).toEqual([7, 8]);
    const mine = writeTemporary(realFileSystem, temporaryDirectory(), bytesOf('x'), { ...owned, uid: 7 });
    expect([lstatSync(mine).uid, lstatSync(mine).gid]).toEqual([7, process.getegid?.()]);
  });
});

describe('a directory', () => {
  test('that is there is not made', () => {
    const { fs, counts } = counted();
    expect(makeDirectory(fs, temporaryDirectory(), { mode: 0o750 })).toBe(false);
    expect(counts).toEqual({ stat: 1 });
  });

  test('leaves no descriptor open, also where it is not confirmed', () => {
    const made = counted();
    makeDirectory(made.fs, join(temporaryDirectory(), 'a'), { mode: 0o750 });
    expect(made.counts['close']).toBe(made.counts['openDirectory']);
    const failing = counted('fsync');
    expect(() => syncDirectory(failing.fs, temporaryDirectory())).toThrow('EIO');
    expect(failing.counts).toEqual({ openDirectory: 1, fsync: 1, close: 1 });
  });

  test.skipIf(!isRoot)('is given to a group, whatever its mode (skipped: only root gives them away)', () => {
    const path = join(temporaryDirectory(), 'a');
    makeDirectory(realFileSystem, path, { mode: 0o700, gid: 7 });
    expect(lstatSync(path).gid).toBe(7);
  });
});

describe('names of revisions', () => {
  test('are not synced each, and one that is there is not made again', () => {
    const directory = temporaryDirectory();
    writeFileSync(join(directory, '1.json'), '');
    const { fs, counts } = counted();
    expect(makeNames(fs, directory, 0, 3, owned)).toBe(true);
    expect([counts['link'], counts['fsync']]).toEqual([1, undefined]);
  });

  test('that are said to be there and are not were made by somebody else', () => {
    const fs = interferedFileSystem((call, proceed) => {
      if (call.operation === 'link') throw systemError('EEXIST');
      return proceed();
    });
    expect(makeNames(fs, temporaryDirectory(), 0, 2, owned)).toBe(false);
  });

  test('that are missing keep none from being emptied', () => {
    const directory = temporaryDirectory();
    for (const [name, text] of Object.entries({ '2.json': 'two', '3.json': 'three' }))
      writeFileSync(join(directory, name), text);
    expect(settle(realFileSystem, [directory], 3, bytesOf('three'))).toBe(true);
    expect(lstatSync(join(directory, '2.json')).size).toBe(0);
  });
});
