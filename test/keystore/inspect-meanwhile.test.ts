// What an inspection makes of files that change while it looks, and of what is of no matter.
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ownershipFaults, type Repair } from '../../src/keystore/file-fault.ts';
import { type FileSystem, realFileSystem } from '../../src/keystore/file-system.ts';
import { inspectFiles } from '../../src/keystore/inspect-files.ts';
import { repairFile } from '../../src/keystore/repair-files.ts';
import { digestOf } from '../../src/keystore/set-document.ts';
import { interferedFileSystem } from '../support/faulty-file-system.ts';
import { noon } from '../support/keystore.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const uid = process.geteuid?.() ?? 0;

function placeOf(texts: readonly string[], name = 'sets/auth') {
  const directory = temporaryDirectory();
  const place = join(directory, name);
  mkdirSync(place, { recursive: true, mode: 0o700 });
  const paths = texts.map((text, index) => {
    const path = join(place, `${index + 1}.json`);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  });
  const faults = (fs: FileSystem = realFileSystem) => inspectFiles(fs, directory, noon, uid);
  return { directory, place, paths, faults };
}

/** A call on a path ends otherwise. */
const seenAs = (operation: 'lstat' | 'readFile', path: string, answer: unknown): FileSystem =>
  interferedFileSystem((call, proceed) =>
    call.operation === operation && call.args[0] === path ? answer : proceed(),
  );

describe('what has gone meanwhile', () => {
  test('is no fault', () => {
    const { directory, paths, faults } = placeOf(['one']);
    expect(faults(seenAs('lstat', String(paths[0]), undefined))).toEqual([]);
    writeFileSync(join(directory, 'notes'), '');
    expect(faults(seenAs('lstat', join(directory, 'notes'), undefined))).toEqual([]);
  });

  test('was not the highest and empty', () => {
    const { paths, faults } = placeOf(['', '']);
    const [fault] = faults();
    expect(fault?.isStill?.()).toBe(true);
    rmSync(String(paths[1]));
    expect(fault?.isStill?.()).toBe(false);
  });

  test('was emptied by who wrote the newest', () => {
    const { paths, faults } = placeOf(['one', 'two']);
    expect(faults()).toHaveLength(1);
    expect(faults(seenAs('readFile', String(paths[0]), Buffer.alloc(0)))).toEqual([]);
  });
});

test('as long as one of several is full the fault is still there', () => {
  const { paths, faults } = placeOf(['one', 'two', 'three']);
  const [fault] = faults();
  writeFileSync(String(paths[0]), '');
  expect(fault?.isStill?.()).toBe(true);
  rmSync(String(paths[1]));
  expect(fault?.isStill?.()).toBe(false);
});

test('of several that are still full the last is worth a copy', () => {
  expect(placeOf(['one', 'two', 'three', '']).faults()[0]?.advice).toContain(
    'sets/auth/3.json is still full',
  );
});

test('an emptied revision may have any mode, and a fault of the master document has its name', () => {
  const { paths, faults } = placeOf(['', 'two'], 'master');
  for (const path of paths) chmodSync(path, 0o666);
  expect(faults()).toMatchObject([
    { name: 'master', code: 'mode', message: 'master/2.json has mode 0666, and 0600 is enough' },
  ]);
});

test('faults are in the order of their names, in whichever a file system has them', () => {
  const { directory, faults } = placeOf([]);
  writeFileSync(join(directory, 'a'), '');
  symlinkSync('/nowhere', join(directory, 'b'));
  const backwards = interferedFileSystem((call, proceed) => {
    const answer = proceed();
    return call.operation === 'readdir' ? (answer as string[]).reverse() : answer;
  });
  expect(faults(backwards).map(({ message }) => message.slice(0, 1))).toEqual(['a', 'b']);
});

test('a link to nothing in the place of a set is nothing of a keystore', () => {
  const { directory, faults } = placeOf([]);
  symlinkSync('/nowhere', join(directory, 'sets', 'other'));
  expect(faults()).toMatchObject([{ severity: 'warning', message: 'sets/other is a symbolic link' }]);
});

test.skipIf(uid !== 0)('a directory that shuts its own user out (skipped: only root gives them away)', () => {
  const { directory, place } = placeOf(['one']);
  for (const path of [directory, join(directory, 'sets'), place, join(place, '1.json')])
    chownSync(path, 7, 7);
  chmodSync(place, 0o500);
  expect(inspectFiles(realFileSystem, directory, noon, 7)).toMatchObject([
    { name: 'sets/auth', code: 'closed', advice: `chmod u+rwx ${place}` },
  ]);
});

test("a user's own file is its own", () => {
  const path = join(temporaryDirectory(), 'file');
  writeFileSync(path, '', { mode: 0o600 });
  const stats = Object.assign(lstatSync(path), { uid: 7 });
  expect(ownershipFaults({ path, label: 'it', stats, allowed: 0o600, uid: 7 })).toEqual([]);
});

test('what is no file, or gone, is not emptied, and the others are', () => {
  const { directory, place, paths } = placeOf(['one', 'two', 'three', 'four']);
  const sha256 = (text: string) => digestOf(Buffer.from(text));
  const revisions = ['one', 'two', 'three'].map((text, index) => ({
    revision: index + 1,
    sha256: sha256(text),
  }));
  const repair: Repair = { kind: 'empty', name: 'sets/auth', revisions, newest: 4, isProved: true };
  for (const path of paths.slice(0, 2)) rmSync(path);
  mkdirSync(join(place, '1.json'));
  expect(repairFile(realFileSystem, directory, repair, noon, uid)).toEqual([
    'emptied the superseded sets/auth/3.json',
  ]);
  expect(readFileSync(join(place, '3.json'), 'utf8')).toBe('');
});
