// The sets of a place under a master document that is not there.
import { expect, test } from 'vitest';
import { MemoryStorage } from '../../src/keystore/memory-storage.ts';
import { StorageUnder } from '../../src/keystore/storage-under.ts';
import { bytesOf, set } from '../support/keystore-files.ts';

test('has that master document, which nobody replaces, and the sets of the place', async () => {
  const beneath = new MemoryStorage('memory:place');
  const master = { revision: 7, bytes: bytesOf('master') };
  const storage = new StorageUnder(master, beneath);
  expect([storage.place, storage.label]).toEqual(['memory:place', 'memory:place']);
  expect(await storage.read('master')).toBe(master);
  expect(await storage.replace('master', 7, bytesOf('another'))).toBe('conflict');
  expect(await storage.seed('master', 7, 9, bytesOf('another'))).toBe('conflict');
  expect(await beneath.read('master')).toBeUndefined();

  await storage.reserve('sets/other');
  expect(await storage.replace(set, 0, bytesOf('one'))).toBe('committed');
  expect(await storage.seed(set, 1, 5, bytesOf('five'))).toBe('committed');
  expect(await storage.read(set)).toEqual({ revision: 5, bytes: Uint8Array.from(bytesOf('five')) });
  expect(await storage.list()).toEqual(['sets/other', set]);
  expect(await beneath.list()).toEqual(['sets/other', set]);
});
