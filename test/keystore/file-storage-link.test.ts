// The one step that makes a revision: how link(2) can end, and what each ending means.
import { rmSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { FileStorage } from '../../src/keystore/file-storage.ts';
import { type FileSystem, realFileSystem } from '../../src/keystore/file-system.ts';
import {
  failingAt,
  interferedFileSystem,
  recordingFileSystem,
  systemError,
} from '../support/faulty-file-system.ts';
import { codeOf } from '../support/keystore.ts';
import { bytesOf, placeWith, revisionsIn, set, temporariesBelow } from '../support/keystore-files.ts';

describe('the link', () => {
  test('EEXIST and one link of ours: somebody was first', async () => {
    const { directory, place } = await placeWith(1);
    const fs = interferedFileSystem((call, proceed) => {
      if (call.operation === 'link') writeFileSync(String(call.args[1]), 'theirs');
      return proceed();
    });
    expect(await new FileStorage(directory, { fs }).replace(set, 1, bytesOf('ours'))).toBe('conflict');
    expect(revisionsIn(place)).toEqual(['text 1', 'theirs']);
    expect(temporariesBelow(directory)).toEqual([]);
  });

  test.each(['EEXIST', 'EIO', 'ENOENT', 'EPERM', 'ESTALE'])(
    '%s and two links of ours: it was made, only the answer was lost',
    async (code) => {
      const { directory, place } = await placeWith(1);
      const fs = interferedFileSystem((call, proceed) => {
        proceed();
        if (call.operation === 'link') throw systemError(code);
        return undefined;
      });
      const passing = overlaid({ link: fs.link });
      expect(await new FileStorage(directory, { fs: passing }).replace(set, 1, bytesOf('ours'))).toBe(
        'committed',
      );
      expect(revisionsIn(place)).toEqual(['', 'ours']);
      expect(temporariesBelow(directory)).toEqual([]);
    },
  );

  // The reply is lost, and so is the one to the question how many links there are.
  const silent = (code: string, isMade: boolean): FileSystem => {
    let isLinking = false;
    return overlaid({
      link(existing, path) {
        isLinking = true;
        if (isMade) realFileSystem.link(existing, path);
        throw systemError(code);
      },
      lstat(path) {
        if (isLinking) throw systemError(code);
        return realFileSystem.lstat(path);
      },
    });
  };

  describe.each([true, false])('and nobody answers how many links there are (it was made: %s)', (isMade) => {
    test.each(['EIO', 'ETIMEDOUT', 'ESTALE', 'EINTR', 'EEXIST'])('%s: it is not known', async (code) => {
      const { directory, place } = await placeWith(1);
      const told: string[] = [];
      const shield = { raise: () => void told.push('raise'), lower: () => void told.push('lower') };
      const storage = new FileStorage(directory, { fs: silent(code, isMade), shield });
      await expect(storage.replace(set, 1, bytesOf('ours'))).rejects.toMatchObject({
        code: 'unconfirmed',
        message: expect.stringContaining('it is not known whether the change of set "auth" was written'),
        hint: 'look at it with jwks list before anything is done again',
      });
      expect(told).toEqual(['raise']);
      expect(revisionsIn(place)).toEqual(isMade ? ['text 1', 'ours'] : ['text 1']);
      expect(temporariesBelow(directory)).toEqual([]);
    });
  });

  test.each(['ENOSPC', 'EROFS', 'EACCES', 'EDQUOT', 'EMLINK'])(
    '%s is said before anything is done, whoever does not answer afterwards',
    async (code) => {
      const { directory, place } = await placeWith(1);
      const storage = new FileStorage(directory, { fs: silent(code, false) });
      expect(await codeOf(storage.replace(set, 1, bytesOf('ours')))).toBe('failed');
      expect(revisionsIn(place)).toEqual(['text 1']);
    },
  );

  test('ENOENT: starts again, also with the place of the set', async () => {
    const { directory, place } = await placeWith(0);
    const fs = interferedFileSystem((call, proceed) => {
      if (call.operation === 'link' && call.nth === 1) rmSync(place, { recursive: true });
      return proceed();
    });
    expect(await new FileStorage(directory, { fs }).replace(set, 0, bytesOf('ours'))).toBe('committed');
    expect(revisionsIn(place)).toEqual(['ours']);
  });

  test('ENOENT without end is given up', async () => {
    const { directory, place } = await placeWith(1);
    const storage = new FileStorage(directory, { fs: failingAt('link', 'ENOENT') });
    expect(await codeOf(storage.replace(set, 1, bytesOf('ours')))).toBe('failed');
    expect(revisionsIn(place)).toEqual(['text 1']);
  });

  test.each(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'])('%s: there are no hard links', async (code) => {
    const { directory, place } = await placeWith(1);
    const storage = new FileStorage(directory, { fs: failingAt('link', code) });
    expect(await codeOf(storage.replace(set, 1, bytesOf('ours')))).toBe('unsupported');
    expect(revisionsIn(place)).toEqual(['text 1']);
    expect(temporariesBelow(directory)).toEqual([]);
  });

  test('is made of a file that is whole and on the disk, and the directory follows', async () => {
    const { directory } = await placeWith(1);
    const { fs, calls } = recordingFileSystem();
    await new FileStorage(directory, { fs }).replace(set, 1, bytesOf('ours'));
    const order = calls
      .map(({ operation }) => operation)
      .filter((name) => /^(?:write|fsync|link|truncate)$/.test(name));
    expect(order).toEqual(['write', 'fsync', 'link', 'fsync', 'truncate']);
  });
});

function overlaid(own: Partial<FileSystem>): FileSystem {
  return { ...realFileSystem, ...own };
}
