// A server's view of a keystore: what changes is seen, and what breaks stays as it was.
import { expect, test } from 'vitest';
import { documentOf, parseSetId } from '../../src/keystore/set-id.ts';
import type { Storage } from '../../src/keystore/storage.ts';
import { Follower } from '../../src/operations/follow-sets.ts';
import { addKey, auth, codeOf, memoryKeystore, mustRead } from '../support/keystore.ts';
import { TamperedStorage } from '../support/tampered-storage.ts';

const other = parseSetId('set é');

async function followed(sets: Parameters<typeof Follower.start>[1]) {
  const made = await memoryKeystore();
  const writer = await made.open();
  await addKey(writer);
  await addKey(writer, other);
  const storage = new TamperedStorage(made.storage);
  const { reader } = await made.open({ storage });
  const follower = await Follower.start(reader, sets);
  const seen = () => follower.manifests.map(({ set, revision }) => `${set} ${revision}`);
  const faults = () => follower.faults.map(({ set, error }) => `${set} ${error.code}`);
  return { made, writer, storage, follower, seen, faults };
}

test('named sets keep their order, and one that is not there ends the start', async () => {
  const { made, seen } = await followed([other, auth, other]);
  expect(seen()).toEqual(['set é 1', 'auth 1']);
  const { reader } = await made.open();
  expect(await codeOf(Follower.start(reader, [parseSetId('none')]))).toBe('not-found');
});

test('a change is seen once, and the array stays where there is none', async () => {
  const { writer, follower, seen } = await followed('all');
  const before = follower.manifests;
  expect(await follower.poll()).toBe(false);
  expect(follower.manifests).toBe(before);
  await addKey(writer);
  await addKey(writer, parseSetId('new'));
  expect(await Promise.all([follower.poll(), follower.poll()])).toEqual([true, true]);
  expect(seen()).toEqual(['auth 2', 'new 1', 'set é 1']);
  expect(await follower.poll()).toBe(false);
});

test.each(['all' as const, [auth, other]])('a damaged set is kept as it was: %s', async (sets) => {
  const { made, writer, storage, follower, seen, faults } = await followed(sets);
  const before = follower.manifests;
  storage.plant(documentOf(auth), { revision: 2, bytes: Buffer.from('{}') });
  expect(await follower.poll()).toBe(true);
  expect([follower.manifests === before, faults()]).toEqual([true, ['auth damaged']]);
  expect(await follower.poll()).toBe(false);
  await addKey(writer, other);
  expect(await follower.poll()).toBe(true);
  expect([seen(), faults()]).toEqual([['auth 1', 'set é 2'], ['auth damaged']]);
  storage.plant(documentOf(auth), await mustRead(made.storage, documentOf(auth)));
  expect(await follower.poll()).toBe(true);
  expect([seen(), faults()]).toEqual([['auth 1', 'set é 2'], []]);
});

test.each(['all' as const, [auth, other]])('a deleted set is left out: %s', async (sets) => {
  const { writer, follower, seen, faults } = await followed(sets);
  await writer.change(auth, () => ({
    keys: [],
    privateKeys: [],
    policy: undefined,
    deleted: true,
    events: [{ event: 'deleted' }],
  }));
  expect(await follower.poll()).toBe(true);
  // Whoever named it wants to know.
  expect([seen(), faults()]).toEqual([['set é 1'], sets === 'all' ? [] : ['auth not-found']]);
});

test('a keystore that cannot be read keeps everything, with one fault', async () => {
  const { made } = await followed('all');
  let isBroken = false;
  const beneath: Storage = made.storage;
  const storage: Storage = {
    place: beneath.place,
    label: beneath.label,
    list: async () => {
      if (isBroken) throw new Error('unplugged');
      return beneath.list();
    },
    read: (name) => beneath.read(name),
    reserve: (name) => beneath.reserve(name),
    replace: (name, from, bytes) => beneath.replace(name, from, bytes),
    seed: (name, from, revision, bytes) => beneath.seed(name, from, revision, bytes),
  };
  const follower = await Follower.start((await made.open({ storage })).reader, 'all');
  const before = follower.manifests;
  isBroken = true;
  expect(await follower.poll()).toBe(true);
  expect(follower.manifests).toBe(before);
  expect(follower.faults.map(({ set, error }) => [set, error.code])).toEqual([[undefined, 'internal']]);
  isBroken = false;
  expect(await follower.poll()).toBe(true);
  expect(follower.faults).toEqual([]);
});
