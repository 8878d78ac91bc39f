// Following a keystore of many sets: what has not changed is not read at every look, and nothing is missed by that.
import {
  cpSync,
  mkdtempSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { FileStorage } from '../../src/keystore/file-storage.ts';
import { documentOf, parseSetId, type SetId } from '../../src/keystore/set-id.ts';
import type { Storage } from '../../src/keystore/storage.ts';
import { Follower } from '../../src/operations/follow-sets.ts';
import { addKey, type MadeKeystore, makeKeystoreIn } from '../support/keystore.ts';
import { temporaryDirectory } from '../support/temporary.ts';
import { WatchedStorage } from '../support/watched-storage.ts';

const many = 80;
/** So many are read at every look, and all within so long. */
const reread = 32;
const rereadWithin = 30_000;
const second = 1_000;

const ids = Array.from({ length: many }, (_, index) => parseSetId(`set-${String(index).padStart(2, '0')}`));
const [first] = ids as [SetId];

const template = mkdtempSync(join(tmpdir(), 'jwks-test-'));
let made: MadeKeystore<FileStorage>;

beforeAll(async () => {
  made = await makeKeystoreIn(new FileStorage(template));
  const writer = await made.open();
  for (const id of ids) await addKey(writer, id);
});

afterAll(() => rmSync(template, { recursive: true, force: true }));

async function followed(sets: 'all' | readonly SetId[], toStorage?: (beneath: Storage) => Storage) {
  const directory = temporaryDirectory();
  cpSync(template, directory, { recursive: true });
  const files = new FileStorage(directory);
  const writer = await made.open({ storage: files });
  const storage = new WatchedStorage(toStorage?.(files) ?? files);
  const { reader } = await made.open({ storage });
  let now = 5;
  const follower = await Follower.start(reader, sets, () => now);
  const pathOf = (id: SetId) => join(directory, documentOf(id));
  /** The documents of sets that a look reads, after so many milliseconds. */
  const look = async (after: number = 0): Promise<string[]> => {
    now += after;
    storage.calls.length = 0;
    await follower.poll();
    return storage.calls.filter((call) => call.startsWith('read sets/'));
  };
  const settle = async () => {
    await look(3 * second);
    await look();
  };
  const faults = () => follower.faults.map(({ set, error }) => `${set} ${error.code}`);
  const revisionOf = (id: SetId) => follower.manifests.find(({ set }) => set === id)?.revision;
  return { files, writer, follower, pathOf, look, settle, faults, revisionOf };
}

test.each(['all' as const, ids])('what stands still is read in turn only', async (sets) => {
  const { follower, look } = await followed(sets);
  const before = follower.manifests;
  expect(before).toHaveLength(many);
  // Not settled yet: what came in the same tick as the first look would have the same stamp.
  expect(await look()).toHaveLength(many);
  expect(await look(3 * second)).toHaveLength(many);
  const looks = [await look(), await look(), await look()];
  expect(looks.map((reads) => reads.length)).toEqual([reread, reread, reread]);
  expect(new Set(looks.flat()).size).toBe(many);
  expect(follower.manifests).toBe(before);
});

test('after half a minute everything is read, in one look or in many', async () => {
  const { look, settle } = await followed('all');
  await settle();
  expect(await look(rereadWithin)).toHaveLength(many);
  expect((await look(rereadWithin / 2)).length).toBe(many / 2);
  expect((await look(rereadWithin / 2)).length).toBe(many / 2);
});

test.each(['all' as const, ids])(
  'a change is seen at the next look, and one in the same tick as that',
  async (sets) => {
    const { writer, pathOf, look, settle, revisionOf } = await followed(sets);
    await settle();
    await addKey(writer, first);
    const { mtime } = statSync(pathOf(first));
    expect(await look()).toContain(`read ${documentOf(first)}`);
    expect(revisionOf(first)).toBe(2);
    await addKey(writer, first);
    utimesSync(pathOf(first), mtime, mtime);
    await look();
    expect(revisionOf(first)).toBe(3);
  },
);

test('a change that leaves the stamp as it was is seen while the stamp is new', async () => {
  // A file system whose times stand still.
  const still = (beneath: Storage): Storage =>
    Object.assign(Object.create(beneath) as Storage, {
      place: beneath.place,
      label: beneath.label,
      list: () => beneath.list(),
      read: (name: Parameters<Storage['read']>[0]) => beneath.read(name),
      stamps: async (names: readonly ReturnType<typeof documentOf>[]) =>
        new Map(names.map((name) => [name, 'noon'] as const)),
    });
  const { writer, look, revisionOf } = await followed('all', still);
  await addKey(writer, first);
  await look(second);
  expect(revisionOf(first)).toBe(2);
  await addKey(writer, first);
  // From here on another change bears another time; this look is the one that reads what the stamp stands for.
  await look(second);
  expect(revisionOf(first)).toBe(3);
  await addKey(writer, first);
  await look(rereadWithin);
  expect(revisionOf(first)).toBe(4);
});

test('damage in place is seen within half a minute, kept in sight, and mended at once', async () => {
  const { files, pathOf, look, settle, faults, revisionOf } = await followed('all');
  await settle();
  const sound = (await files.read(documentOf(first)))?.bytes ?? new Uint8Array();
  truncateSync(join(pathOf(first), '1.json'), 10);
  await look(rereadWithin);
  expect([faults(), revisionOf(first)]).toEqual([['set-00 damaged'], 1]);
  expect(await look()).toContain(`read ${documentOf(first)}`);
  writeFileSync(join(pathOf(first), '1.json'), sound);
  await look();
  expect(faults()).toEqual([]);
});

test('a place that vanished or was swapped for an older one is a fault at the next look', async () => {
  const { writer, pathOf, look, settle, faults, revisionOf } = await followed('all');
  const second = ids[1] ?? first;
  await addKey(writer, second);
  await settle();
  rmSync(pathOf(first), { recursive: true });
  await look();
  expect([faults(), revisionOf(first)]).toEqual([['set-00 rolled-back'], 1]);
  renameSync(join(pathOf(second), '2.json'), join(pathOf(second), '.2.json'));
  await look();
  expect(faults()).toEqual(['set-00 rolled-back', 'set-01 damaged']);
});

test('a new set is seen at the next look', async () => {
  const { writer, look, settle, revisionOf } = await followed('all');
  await settle();
  const added = parseSetId('added');
  await addKey(writer, added);
  await look();
  expect(revisionOf(added)).toBe(1);
});

test('a storage that cannot tell is read as a whole', async () => {
  const { writer, look, settle, revisionOf } = await followed('all', (beneath) => ({
    place: beneath.place,
    label: beneath.label,
    list: () => beneath.list(),
    read: (name) => beneath.read(name),
    reserve: (name) => beneath.reserve(name),
    replace: (name, from, bytes) => beneath.replace(name, from, bytes),
    seed: (name, from, revision, bytes) => beneath.seed(name, from, revision, bytes),
  }));
  await settle();
  await addKey(writer, first);
  expect(await look()).toHaveLength(many);
  expect(revisionOf(first)).toBe(2);
});
