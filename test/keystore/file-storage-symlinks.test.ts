// A link planted in a keystore leads no write out of it.
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { FileStorage } from '../../src/keystore/file-storage.ts';
import type { DocumentName } from '../../src/keystore/set-id.ts';
import { openKeystore } from '../../src/operations/open.ts';
import { accessIn, codeOf } from '../support/keystore.ts';
import { pathsBelow } from '../support/keystore-files.ts';
import { namedKeystore } from '../support/keystore-named.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const set: DocumentName = 'sets/auth';
const bytesOf = (text: string) => Buffer.from(text);

async function placeWithTwo(): Promise<{ directory: string; storage: FileStorage; elsewhere: string }> {
  const directory = temporaryDirectory();
  const storage = new FileStorage(directory);
  for (const from of [0, 1]) await storage.replace(set, from, bytesOf(`text ${from + 1}`));
  return { directory, storage, elsewhere: temporaryDirectory() };
}

test('in place of a superseded document: what it points to is not emptied, and the change is made', async () => {
  const { directory, storage, elsewhere } = await placeWithTwo();
  const precious = join(elsewhere, 'precious');
  writeFileSync(precious, 'precious');
  rmSync(join(directory, set, '1.json'));
  symlinkSync(precious, join(directory, set, '1.json'));
  expect(await storage.replace(set, 2, bytesOf('text 3'))).toBe('committed');
  expect(await storage.replace(set, 3, bytesOf('text 4'))).toBe('committed');
  expect(readFileSync(precious, 'utf8')).toBe('precious');
  expect(readFileSync(join(directory, set, '4.json'), 'utf8')).toBe('text 4');
});

test('in place of a superseded document: those above it are emptied all the same', async () => {
  const { directory, storage, elsewhere } = await placeWithTwo();
  rmSync(join(directory, set, '1.json'));
  symlinkSync(join(elsewhere, 'nowhere'), join(directory, set, '1.json'));
  await storage.replace(set, 2, bytesOf('text 3'));
  await storage.replace(set, 3, bytesOf('text 4'));
  const texts = [2, 3, 4].map((revision) => readFileSync(join(directory, set, `${revision}.json`), 'utf8'));
  expect(texts).toEqual(['', '', 'text 4']);
  expect(existsSync(join(elsewhere, 'nowhere'))).toBe(false);
});

test.each([
  ["a set's directory", 'sets/auth'],
  ['all sets', 'sets'],
])('in place of the directory of %s: refused, and nothing is written through it', async (_, path) => {
  const { directory, storage, elsewhere } = await placeWithTwo();
  renameSync(join(directory, path), join(elsewhere, 'moved'));
  symlinkSync(join(elsewhere, 'moved'), join(directory, path));
  const before = pathsBelow(elsewhere);
  expect(await codeOf(storage.replace(set, 2, bytesOf('text 3')))).toBe('damaged');
  expect(await codeOf(storage.reserve(set))).toBe('damaged');
  if (path === 'sets') expect(await codeOf(storage.reserve('sets/new'))).toBe('damaged');
  expect(pathsBelow(elsewhere)).toEqual(before);
});

test('in place of the directory of the master document: refused, and nothing is written through it', async () => {
  const elsewhere = temporaryDirectory();
  const home = temporaryDirectory();
  const { text } = await namedKeystore();
  const access = accessIn(home, { findSecret: async () => ({ text, source: 'a test' }) });
  mkdirSync(access.directory, { recursive: true });
  symlinkSync(elsewhere, join(access.directory, 'master'));
  expect(await codeOf(openKeystore(access, () => {}))).toBe('damaged');
  expect(pathsBelow(elsewhere)).toEqual([]);
});
