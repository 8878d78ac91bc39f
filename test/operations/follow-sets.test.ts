// A server's view of a keystore: what changes is seen, and what breaks stays as it was.
import { mkdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { JwksError } from '../../src/errors.ts';
import { FileStorage } from '../../src/keystore/file-storage.ts';
import { MemoryStorage } from '../../src/keystore/memory-storage.ts';
import { generateSecretText, parseSecret } from '../../src/keystore/secret.ts';
import { SeenFiles } from '../../src/keystore/seen.ts';
import { documentOf, parseSetId } from '../../src/keystore/set-id.ts';
import { Follower } from '../../src/operations/follow-sets.ts';
import { openReader } from '../../src/operations/open.ts';
import { deleteSet } from '../../src/operations/remove-keys.ts';
import { addSecret } from '../../src/operations/secrets.ts';
import {
  accessIn,
  addKey,
  auth,
  codeOf,
  makeKeystoreIn,
  memoryKeystore,
  mustRead,
} from '../support/keystore.ts';
import { TamperedStorage } from '../support/tampered-storage.ts';
import { WatchedStorage } from '../support/watched-storage.ts';

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

test.each(['all' as const, [auth, other]])('a set that is damaged ends the start: %s', async (sets) => {
  const { made, storage } = await followed('all');
  storage.plant(documentOf(auth), { revision: 1, bytes: Buffer.from('{}') });
  expect(await codeOf(Follower.start((await made.open({ storage })).reader, sets))).toBe('damaged');
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

test('a refresh sees what was written before it, also while another look is under way', async () => {
  const made = await memoryKeystore();
  const writer = await made.open();
  for (const set of [auth, other]) await addKey(writer, set);
  let halfway: (() => void) | undefined;
  let goOn = Promise.resolve();
  const storage = new WatchedStorage(made.storage, async (call) => {
    if (call !== `read ${documentOf(other)}`) return undefined;
    halfway?.();
    await goOn;
    return undefined;
  });
  const follower = await Follower.start((await made.open({ storage })).reader, [auth, other]);
  let release = () => {};
  goOn = new Promise((resolve) => {
    release = resolve;
  });
  const isHalfway = new Promise<void>((resolve) => {
    halfway = resolve;
  });
  const early = follower.poll();
  await isHalfway;
  await addKey(writer);
  const late = follower.refresh();
  release();
  expect([await early, await late]).toEqual([false, true]);
  expect(follower.manifests.map(({ revision }) => revision)).toEqual([2, 1]);
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

test('a set that is mended is what it was', async () => {
  const { made, storage, follower } = await followed('all');
  const before = follower.manifests;
  storage.plant(documentOf(auth), { revision: 1, bytes: Buffer.from('{}') });
  await follower.poll();
  storage.plant(documentOf(auth), await mustRead(made.storage, documentOf(auth)));
  expect([await follower.poll(), follower.manifests === before]).toEqual([true, true]);
});

test('a set that was never good is a fault among the others, in their order', async () => {
  const { storage, follower, seen, faults } = await followed('all');
  const broken = { revision: 2, bytes: Buffer.from('{}') };
  for (const set of ['b', 'auth', 'a'].map(parseSetId)) storage.plant(documentOf(set), broken);
  expect(await follower.poll()).toBe(true);
  expect([seen(), faults()]).toEqual([
    ['auth 1', 'set é 1'],
    ['a damaged', 'auth damaged', 'b damaged'],
  ]);
});

test('another fault of the same set is told', async () => {
  const { made, writer, storage, follower, faults } = await followed('all');
  const first = await mustRead(made.storage, documentOf(auth));
  await addKey(writer);
  await follower.poll();
  storage.plant(documentOf(auth), { revision: 2, bytes: Buffer.from('{}') });
  expect([await follower.poll(), faults()]).toEqual([true, ['auth damaged']]);
  storage.plant(documentOf(auth), first);
  expect([await follower.poll(), faults()]).toEqual([true, ['auth rolled-back']]);
});

test('where going back was accepted, another history of the same length and second is seen', async () => {
  const made = await memoryKeystore();
  const fork = new MemoryStorage();
  await addKey(await made.open());
  for (const name of ['master', documentOf(auth)] as const) {
    const { revision, bytes } = await mustRead(made.storage, name);
    await fork.seed(name, 0, revision, bytes);
  }
  await addKey(await made.open());
  const kid = await addKey(await made.open({ storage: fork }));
  const storage = new TamperedStorage(made.storage);
  const follower = await Follower.start((await made.open({ storage, acceptRollback: true })).reader, 'all');
  storage.plant(documentOf(auth), await mustRead(fork, documentOf(auth)));
  expect(await follower.poll()).toBe(true);
  expect(follower.manifests.map(({ revision, keys }) => [revision, keys[0]?.kid])).toEqual([[2, kid]]);
});

test('this host remembers what was seen: of sets and of the master document', async () => {
  const access = accessIn();
  mkdirSync(access.directory, { recursive: true, mode: 0o700 });
  const made = await makeKeystoreIn(new FileStorage(access.directory));
  const writer = await made.open();
  await addKey(writer);
  const follower = await Follower.start(await openReader({ ...access, identity: made.fingerprint }), 'all');
  const seen = () => {
    const files = new SeenFiles(access.fs, access.stateDirectory);
    const all = files.of(made.fingerprint, access.place.id());
    return [documentOf(auth), 'master' as const].map((name) => all.get(name)?.revision);
  };
  await addKey(writer);
  await follower.poll();
  expect(seen()).toEqual([2, 1]);
  const key = parseSecret(generateSecretText(), 'a test');
  await addSecret(writer, { key, label: 'ci' });
  await follower.poll();
  expect(seen()).toEqual([2, 2]);
});

test('a storage that tells of no changes is not waited for', async () => {
  const { follower } = await followed('all');
  expect(follower.watch(() => expect.unreachable())()).toBeUndefined();
});

test.each(['all' as const, [auth, other]])('a deleted set is left out: %s', async (sets) => {
  const { writer, follower, seen, faults } = await followed(sets);
  await deleteSet(writer, { set: auth });
  expect(await follower.poll()).toBe(true);
  // Whoever named it wants to know.
  expect([seen(), faults()]).toEqual([['set é 1'], sets === 'all' ? [] : ['auth not-found']]);
});

test.each([
  ['internal', new Error('unplugged')],
  ['failed', new JwksError('failed', 'unplugged')],
])('a keystore that cannot be read keeps everything, with one fault: %s', async (code, error) => {
  const { made } = await followed('all');
  let isBroken = false;
  const storage = new WatchedStorage(made.storage, async (call) => {
    if (isBroken && call === 'list') throw error;
    return undefined;
  });
  const follower = await Follower.start((await made.open({ storage })).reader, 'all');
  const before = follower.manifests;
  isBroken = true;
  expect(await follower.poll()).toBe(true);
  expect(follower.manifests).toBe(before);
  expect(follower.faults.map(({ set, error }) => [set, error.code])).toEqual([[undefined, code]]);
  isBroken = false;
  expect(await follower.poll()).toBe(true);
  expect(follower.faults).toEqual([]);
});
