// The names of revisions: which are ours, how empty ones are made, and what is made durable before anything is emptied.
import { linkSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { realFileSystem } from '../../src/keystore/file-system.ts';
import { hasNoHardLinks, isTemporary, makeDirectory, writeTemporary } from '../../src/keystore/new-file.ts';
import { highest, makeNames, revisionOf, settle } from '../../src/keystore/revision-names.ts';
import {
  failingAt,
  interferedFileSystem,
  recordingFileSystem,
  systemError,
} from '../support/faulty-file-system.ts';
import { modeOf } from '../support/keystore-files.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const owned = { mode: 0o600 };
const fs = realFileSystem;

function placeWith(texts: Readonly<Record<number, string>>): string {
  const directory = temporaryDirectory();
  for (const [revision, text] of Object.entries(texts))
    writeFileSync(join(directory, `${revision}.json`), text);
  return directory;
}

const textsIn = (directory: string) =>
  Object.fromEntries(
    readdirSync(directory).map((name) => [
      name.replace('.json', ''),
      readFileSync(join(directory, name), 'utf8'),
    ]),
  );

describe('a name', () => {
  test.each([
    ['1.json', 1],
    ['sets/auth/12.json', 12],
    ['999999999999999.json', 999_999_999_999_999],
    ['1000000000000000.json', undefined],
    ['0.json', undefined],
    ['01.json', undefined],
    ['1.json.bak', undefined],
    ['a1.json', undefined],
    ['1xjson', undefined],
    ['x.json', undefined],
  ])('%s stands for %s', (name, revision) => {
    expect(revisionOf(name)).toBe(revision);
  });

  test('the highest of several, and of none', () => {
    expect([highest(['2.json', '10.json', 'x', '9.json']), highest(['x']), highest([])]).toEqual([10, 0, 0]);
  });

  test('of a temporary file', () => {
    for (const name of ['.jwks-abcdefghijkl', '.jwks-AB_-56789012']) expect(isTemporary(name)).toBe(true);
    for (const name of [
      '.jwks-abc',
      '.jwks-abcdefghijklm',
      'xjwks-abcdefghijkl',
      '.jwks-abcdefghijk.',
      '.jwks-',
    ])
      expect(isTemporary(name)).toBe(false);
  });
});

describe('the names between two revisions', () => {
  test('are made, empty, and those that are there stay', () => {
    const directory = placeWith({ 1: 'one', 3: '' });
    expect(makeNames(fs, directory, 1, 5, owned)).toBe(true);
    expect(textsIn(directory)).toEqual({ 1: 'one', 2: '', 3: '', 4: '' });
    expect(modeOf(join(directory, '2.json'))).toBe('0600');
    expect(makeNames(fs, directory, 4, 5, owned)).toBe(true);
    expect(Object.keys(textsIn(directory))).toHaveLength(4);
  });

  test('are not, where one holds something', () => {
    const directory = placeWith({ 3: 'theirs' });
    expect(makeNames(fs, directory, 1, 5, owned)).toBe(false);
    expect(textsIn(directory)).toEqual({ 2: '', 3: 'theirs' });
  });

  test.each([
    ['', true],
    ['theirs', false],
  ])('that somebody else makes just now count if they are empty: %j', (text, isMade) => {
    const directory = placeWith({});
    const racing = interferedFileSystem((call, proceed) => {
      if (call.operation === 'link') writeFileSync(String(call.args[1]), text);
      return proceed();
    });
    expect(makeNames(racing, directory, 0, 2, owned)).toBe(isMade);
    expect(textsIn(directory)).toEqual({ 1: text });
  });

  test('cannot be made: nothing is left beside them', () => {
    const directory = placeWith({});
    expect(() => makeNames(failingAt('link', 'EIO'), directory, 0, 2, owned)).toThrow('EIO');
    expect(readdirSync(directory)).toEqual([]);
  });
});

describe('a revision is settled', () => {
  const four = () => placeWith({ 1: 'one', 2: '', 3: 'three', 4: 'four' });

  test('once it is on the disk, and what is below it is emptied, each', () => {
    const directory = four();
    const { fs: recorded, calls } = recordingFileSystem();
    expect(settle(recorded, [directory, '/'], 4, Buffer.from('four'))).toBe(true);
    expect(textsIn(directory)).toEqual({ 1: '', 2: '', 3: '', 4: 'four' });
    const steps = calls.filter(({ operation }) => ['openDirectory', 'truncate'].includes(operation));
    const file = (revision: number) => join(directory, `${revision}.json`);
    expect(steps.map(({ args }) => args[0])).toEqual([directory, '/', file(1), file(3)]);
  });

  test('and nothing is emptied where the disk did not confirm it, or another text is there', () => {
    const directory = four();
    expect(settle(failingAt('fsync', 'EIO', 2), [directory, '/'], 4, Buffer.from('four'))).toBe(false);
    expect(settle(fs, [directory], 4, Buffer.from('other'))).toBe(true);
    expect(textsIn(directory)).toEqual({ 1: 'one', 2: '', 3: 'three', 4: 'four' });
  });

  test('what cannot be emptied is left for the next', () => {
    const directory = four();
    expect(settle(failingAt('truncate', 'EIO'), [directory], 4, Buffer.from('four'))).toBe(true);
    expect(textsIn(directory)).toMatchObject({ 1: 'one', 3: 'three' });
  });
});

describe('a temporary file', () => {
  test('that is not written whole is taken away, and why is told', () => {
    for (const [operation, nth] of [
      ['write', 1],
      ['fsync', 1],
      ['fstat', 2],
      ['close', 1],
    ] as const) {
      const directory = temporaryDirectory();
      const { fs: recorded, calls } = recordingFileSystem();
      const failing = { ...recorded, [operation]: failingAt(operation, 'EIO', nth)[operation] };
      expect(() => writeTemporary(failing, directory, Buffer.from('text'), owned)).toThrow('EIO');
      expect([operation, readdirSync(directory)]).toEqual([operation, []]);
      // Where closing failed the number may be somebody else's by now.
      const closed = calls.filter((call) => call.operation === 'close');
      expect([operation, closed.length]).toEqual([operation, operation === 'close' ? 0 : 1]);
    }
  });

  test('whose closing fails too is told of by what failed first', () => {
    const failing = interferedFileSystem((call, proceed) => {
      if (call.operation === 'write') throw systemError('ENOSPC');
      const result = proceed();
      if (call.operation === 'close') throw systemError('EIO');
      return result;
    });
    expect(() => writeTemporary(failing, temporaryDirectory(), Buffer.from('text'), owned)).toThrow('ENOSPC');
    const short = { ...fs, fstat: (descriptor: number) => Object.assign(fs.fstat(descriptor), { size: 3 }) };
    expect(() => writeTemporary(short, temporaryDirectory(), Buffer.from('text'), owned)).toThrow(
      'the file is not as long as what was written',
    );
  });
});

test('which answers mean that there are no hard links', () => {
  for (const code of ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'])
    expect(hasNoHardLinks(systemError(code))).toBe(true);
  for (const error of [systemError('EIO'), new Error('EPERM'), undefined])
    expect(hasNoHardLinks(error)).toBe(false);
});

describe('a directory', () => {
  test('is made with those above it, each durable, and only once', () => {
    const home = temporaryDirectory();
    const path = join(home, 'a', 'b');
    const { fs: recorded, calls } = recordingFileSystem();
    expect([
      makeDirectory(recorded, path, { mode: 0o750 }),
      makeDirectory(fs, path, { mode: 0o700 }),
    ]).toEqual([...[true, false]]);
    expect([modeOf(join(home, 'a')), modeOf(path)]).toEqual(['0700', '0750']);
    const synced = calls.filter(({ operation }) => operation === 'openDirectory').map(({ args }) => args[0]);
    expect(synced).toEqual([home, path, join(home, 'a')]);
  });

  test('that somebody else makes just now is there, and one that cannot be made fails', () => {
    const path = join(temporaryDirectory(), 'a');
    const racing = interferedFileSystem((call, proceed) => {
      if (call.operation === 'mkdir') mkdirSync(String(call.args[0]));
      return proceed();
    });
    expect(makeDirectory(racing, path, { mode: 0o700 })).toBe(false);
    const file = join(path, 'file');
    writeFileSync(file, '');
    linkSync(file, join(path, 'other'));
    expect(() => makeDirectory(fs, file, { mode: 0o700 })).toThrow('EEXIST');
  });
});
