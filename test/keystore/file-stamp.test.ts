// Stamps of documents in files: what moves them, and what does not.
import { chmodSync, renameSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { FileStorage } from '../../src/keystore/file-storage.ts';
import { failingAt } from '../support/faulty-file-system.ts';
import { bytesOf, placeWith, set } from '../support/keystore-files.ts';

const long = 1_700_000_000;

async function stamped() {
  const made = await placeWith(2);
  utimesSync(made.place, long, long);
  const stamp = async () => (await made.storage.stamps([set])).get(set);
  return { ...made, stamp, before: await stamp() };
}

test('a new revision moves it', async () => {
  const { storage, place, stamp, before } = await stamped();
  await storage.replace(set, 2, bytesOf('three'));
  const after = await stamp();
  expect(after).not.toBe(before);
  expect(statSync(place).mtimeMs).toBeGreaterThan(long * 1_000);
});

test('emptying a superseded document and editing one in place do not', async () => {
  const { place, stamp, before } = await stamped();
  writeFileSync(join(place, '1.json'), '');
  writeFileSync(join(place, '2.json'), 'edited');
  expect(await stamp()).toBe(before);
});

test('another directory of the same time, and other modes, are another stamp', async () => {
  const { directory, place, stamp, before } = await stamped();
  const other = await placeWith(2);
  renameSync(place, join(directory, 'away'));
  renameSync(other.place, place);
  utimesSync(place, long, long);
  const swapped = await stamp();
  expect(swapped).not.toBe(before);
  chmodSync(place, 0o500);
  const closed = await stamp();
  chmodSync(place, 0o700);
  expect(closed).not.toBe(swapped);
});

test('there is none for what is no directory of its own or cannot be looked at', async () => {
  const { directory, place, stamp } = await stamped();
  const broken = new FileStorage(directory, { fs: failingAt('lstat', 'EACCES') });
  expect(await broken.stamps([set])).toEqual(new Map());
  renameSync(place, join(directory, 'away'));
  symlinkSync(join(directory, 'away'), place);
  expect(await stamp()).toBeUndefined();
  rmSync(place);
  expect(await stamp()).toBeUndefined();
});
