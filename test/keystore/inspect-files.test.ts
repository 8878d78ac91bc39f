// What may lie in a keystore's directory, with which owners and modes, and what of it is mended.
import { existsSync, linkSync, mkdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { FileFault, Repair } from '../../src/keystore/file-fault.ts';
import { type FileSystem, realFileSystem } from '../../src/keystore/file-system.ts';
import { inspectFiles } from '../../src/keystore/inspect-files.ts';
import { repairFile } from '../../src/keystore/repair-files.ts';
import { failingAt, interferedFileSystem, systemError } from '../support/faulty-file-system.ts';
import { noon } from '../support/keystore.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const uid = process.geteuid?.() ?? 0;
const set = 'sets/auth';
const file = 'sets/auth/1.json';

function keystoreDirectory(): string {
  const directory = temporaryDirectory();
  for (const path of ['master', set]) mkdirSync(join(directory, path), { recursive: true, mode: 0o700 });
  for (const path of ['master/1.json', file]) writeFileSync(join(directory, path), 'text', { mode: 0o600 });
  return directory;
}

function faultsAfter(change: (directory: string) => void, fs: FileSystem = realFileSystem, by = uid) {
  const directory = keystoreDirectory();
  change(directory);
  const faults = inspectFiles(fs, directory, noon, by);
  return { directory, faults: faults.map(({ isStill: _, ...fault }) => fault) };
}

const look = 'nothing reads it: look what it is, and move it away';
const put = 'put what it leads to in its place, or remove it';
const fault = (
  code: string,
  severity: FileFault['severity'],
  message: string,
  advice: string,
  name?: string,
) => ({
  ...{ name, code, severity, message, advice, repairs: [] },
});

test('a keystore, also one that git keeps, is as it should be, and one that is not there too', () => {
  const { faults } = faultsAfter((directory) => {
    for (const name of ['.git', 'lost+found']) mkdirSync(join(directory, name));
    for (const name of ['.gitattributes', '.gitignore']) writeFileSync(join(directory, name), '');
  });
  expect(faults).toEqual([]);
  expect(inspectFiles(realFileSystem, '/nowhere', noon, uid)).toEqual([]);
});

describe('what does not belong there', () => {
  test.each<[string, (at: (path: string) => string) => void, ReturnType<typeof fault>[]]>([
    [
      'a file',
      (at) => writeFileSync(at('notes'), ''),
      [fault('stray-file', 'warning', 'notes is nothing of a keystore', look)],
    ],
    [
      'a link',
      (at) => symlinkSync('/nowhere', at('notes')),
      [fault('symbolic-link', 'warning', 'notes is a symbolic link', look)],
    ],
    [
      'a copy of a set',
      (at) => mkdirSync(at('sets/auth copy')),
      [fault('stray-file', 'warning', 'sets/auth copy is nothing of a keystore', look)],
    ],
    [
      'a file in the place of a set',
      (at) => writeFileSync(at('sets/other'), ''),
      [fault('stray-file', 'warning', 'sets/other is nothing of a keystore', look)],
    ],
    [
      'a link in the place of a set',
      (at) => symlinkSync('auth', at('sets/other')),
      [
        fault(
          ...(['symbolic-link', 'error'] as const),
          'sets/other is a symbolic link, and nothing is written through one',
          ...([put, 'sets/other'] as const),
        ),
      ],
    ],
    [
      'a copy of a revision',
      (at) => writeFileSync(at('sets/auth/1.json.bak'), ''),
      [fault('stray-file', 'warning', 'sets/auth/1.json.bak is nothing of a keystore', look, set)],
    ],
    [
      'a directory in the place of a revision',
      (at) => mkdirSync(at('sets/auth/2.json')),
      [fault('stray-file', 'error', 'sets/auth/2.json is not what its name says', put, set)],
    ],
    [
      'a directory that is called as a temporary file',
      (at) => mkdirSync(at('sets/auth/.jwks-abcdefghijkl')),
      [fault('stray-file', 'warning', 'sets/auth/.jwks-abcdefghijkl is nothing of a keystore', look, set)],
    ],
  ])('%s', (_, change, expected) => {
    expect(faultsAfter((directory) => change((path) => join(directory, path))).faults).toEqual(expected);
  });

  test('a file in the place of all sets', () => {
    const directory = temporaryDirectory();
    writeFileSync(join(directory, 'sets'), '');
    expect(inspectFiles(realFileSystem, directory, noon, uid)).toEqual([
      fault('stray-file', 'error', 'sets is not what its name says', put),
    ]);
  });

  test('a second name, but for that of a temporary file', () => {
    const shared = temporaryDirectory();
    const { faults } = faultsAfter((directory) => linkSync(join(directory, file), join(shared, 'copy')));
    expect(faults).toEqual([
      fault(
        ...(['hard-link', 'warning', `${file} has 2 names, so a copy made with links shares it`] as const),
        'the next change empties it under all of them: copy a keystore with cp -a, without links',
        set,
      ),
    ]);
    const own = (directory: string) =>
      linkSync(join(directory, file), join(directory, set, '.jwks-abcdefghijkl'));
    expect(faultsAfter(own).faults.map(({ code }) => code)).toEqual(['temporary-file']);
  });
});

describe('a temporary file', () => {
  const label = 'sets/auth/.jwks-abcdefghijkl';
  const aged = (seconds: number) => (directory: string) => {
    writeFileSync(join(directory, label), '');
    utimesSync(join(directory, label), noon - seconds, noon - seconds);
  };

  test('of an hour ago may still be written', () => {
    expect(faultsAfter(aged(3_600)).faults).toEqual([
      fault(
        ...([
          'temporary-file',
          'warning',
          `${label} is a temporary file that is less than an hour old`,
        ] as const),
        ...(['perhaps somebody is writing: look again later', set] as const),
      ),
    ]);
  });

  test('of more is removed, if it is still as old then', () => {
    const { directory, faults } = faultsAfter(aged(3_601));
    const path = join(directory, label);
    const repair: Repair = { kind: 'remove', path, label };
    expect(faults).toEqual([
      {
        ...{ name: set, code: 'temporary-file', severity: 'warning', repairs: [repair] },
        message: `${label} is a temporary file that somebody left behind more than an hour ago`,
        advice: 'jwks doctor --repair removes it',
      },
    ]);
    utimesSync(path, noon - 3_600, noon - 3_600);
    expect(repairFile(realFileSystem, directory, repair, noon, uid)).toEqual([]);
    utimesSync(path, noon - 3_601, noon - 3_601);
    expect(repairFile(realFileSystem, directory, repair, noon, uid)).toEqual([`removed ${label}`]);
    expect([existsSync(path), repairFile(realFileSystem, directory, repair, noon, uid)]).toEqual([false, []]);
    mkdirSync(path);
    utimesSync(path, 0, 0);
    expect(repairFile(realFileSystem, directory, repair, noon, uid)).toEqual([]);
  });
});

describe('what cannot be looked at', () => {
  test.each(['readdir', 'lstat'] as const)('%s', (operation) => {
    const fs = interferedFileSystem((call, proceed) => {
      if (call.operation === operation && String(call.args[0]).endsWith('sets/auth'))
        throw systemError('EIO');
      return proceed();
    });
    const { directory, faults } = faultsAfter(() => {}, fs);
    const path = join(directory, set);
    const [words, advice] =
      operation === 'readdir'
        ? ['read', 'look at its owner and mode, and at the disk']
        : ['looked at', 'look at the disk'];
    const message = `${path} cannot be ${words}: the disk reports an error`;
    expect(faults).toEqual([fault('unreadable', 'error', message, advice)]);
  });

  test('what has gone meanwhile is nothing', () => {
    expect(faultsAfter(() => {}, failingAt('readdir', 'ENOENT', 2)).faults).toEqual([]);
  });
});
