// A result in a file and the disk under it: what was not written, and what was but may not be durable.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { planOutput, writeOutput } from '../../src/cli/output-file.ts';
import { type FileSystem, realFileSystem } from '../../src/keystore/file-system.ts';
import { failingAt } from '../support/faulty-file-system.ts';
import { codeOf } from '../support/keystore.ts';
import { modeOf } from '../support/snapshot.ts';
import { temporaryDirectory } from '../support/temporary.ts';

/** What writing `new` into a file of a directory ends with. */
function writing(cwd: string, fs: FileSystem, isPrivate = false): Promise<string> {
  const plan = planOutput({ path: 'out.json', cwd, mode: undefined, isPrivate, force: false });
  return codeOf((async () => writeOutput(plan, 'new', fs))());
}

test.each([
  ['cannot be opened', () => failingAt('openDirectory', 'EIO')],
  // The first fsync is that of the file.
  ['cannot be synced', () => failingAt('fsync', 'EIO', 2)],
])('where only the directory %s it is unconfirmed, and the file is there', async (_, faulty) => {
  for (const [isPrivate, before] of [
    [false, undefined],
    [false, 'old'],
    [true, undefined],
  ] as const) {
    const directory = temporaryDirectory();
    if (before !== undefined) writeFileSync(`${directory}/out.json`, before);
    expect(await writing(directory, faulty(), isPrivate)).toBe('unconfirmed');
    expect(readFileSync(`${directory}/out.json`, 'utf8')).toBe('new');
    expect(readdirSync(directory)).toEqual(['out.json']);
  }
});

test.each([
  ['openNew', 'ENOSPC'],
  ['write', 'ENOSPC'],
  ['fsync', 'EIO'],
  ['rename', 'EIO'],
] as const)('where %s fails the file that was there stays', async (operation, code) => {
  const directory = temporaryDirectory();
  writeFileSync(`${directory}/out.json`, 'old');
  expect(await writing(directory, failingAt(operation, code))).toBe('failed');
  expect(readFileSync(`${directory}/out.json`, 'utf8')).toBe('old');
  expect(readdirSync(directory)).toEqual(['out.json']);
});

const planPrivate = (cwd: string) =>
  planOutput({ path: 'out.json', cwd, mode: undefined, isPrivate: true, force: false });

test.each([
  ['', realFileSystem, 'conflict'],
  [', where there are no hard links either', failingAt('link', 'EPERM'), 'failed'],
] as const)('what somebody makes meanwhile is not replaced by what is private%s', async (_, fs, code) => {
  const directory = temporaryDirectory();
  const plan = planPrivate(directory);
  writeFileSync(`${directory}/out.json`, 'theirs');
  expect(await codeOf((async () => writeOutput(plan, 'new', fs))())).toBe(code);
  expect(readFileSync(`${directory}/out.json`, 'utf8')).toBe('theirs');
  expect(readdirSync(directory)).toEqual(['out.json']);
});

test('where there are no hard links a new private file has its name all the same', () => {
  const directory = temporaryDirectory();
  writeOutput(planPrivate(directory), 'new', failingAt('link', 'EPERM'));
  expect(readFileSync(`${directory}/out.json`, 'utf8')).toBe('new');
  expect(modeOf(`${directory}/out.json`)).toBe('0600');
  expect(readdirSync(directory)).toEqual(['out.json']);
});
