// What a reader that stays does without hints, with sets that come and go, and by the clock of the process.
import { expect, test } from 'vitest';
import { type CheckedManifest, KnownManifests } from '../../src/keystore/known-manifests.ts';
import type { Manifest } from '../../src/keystore/manifest.ts';
import { MemoryStorage } from '../../src/keystore/memory-storage.ts';
import type { DocumentName } from '../../src/keystore/set-id.ts';
import { auth, noon } from '../support/keystore.ts';

const manifest: Manifest = { set: auth, revision: 1, master: 1, updated: noon, keys: [], events: [] };
const checked: CheckedManifest = { manifest, signer: 'alice', sha256: 'of all of it' };
const names = Array.from({ length: 300 }, (_, index): DocumentName => `sets/${index}`);
const hinting = () => {
  const stamps = async (asked: readonly DocumentName[]) => new Map(asked.map((name) => [name, 'noon']));
  return Object.assign(new MemoryStorage(), { stamps });
};

/** Looks at these documents once, and finds all of them good. */
async function look(known: KnownManifests, storage: MemoryStorage, asked = names): Promise<number> {
  const { due, kept } = await known.plan(storage, asked, () => true);
  for (const [name, sight] of due) known.note(name, checked, sight);
  expect(due.size + kept.size).toBe(asked.length);
  return due.size;
}

test('without hints all are read each time', async () => {
  const known = new KnownManifests(() => 0);
  const storage = new MemoryStorage();
  expect([await look(known, storage), await look(known, storage)]).toEqual([300, 300]);
});

test('by the clock of the process the second look reads some', async () => {
  const known = new KnownManifests();
  expect([await look(known, hinting()), await look(known, hinting())]).toEqual([300, 256]);
});

test('sets in whose place as many others have come are forgotten', async () => {
  const known = new KnownManifests(() => 0);
  await look(known, hinting(), ['sets/a', 'sets/b']);
  await known.plan(hinting(), ['sets/b', 'sets/c', 'sets/d'], () => true);
  expect([known.get('sets/a'), known.get('sets/b')]).toEqual([undefined, checked]);
});

test('what was not found, or without having been planned, is not known', async () => {
  const known = new KnownManifests(() => 0);
  const { due } = await known.plan(hinting(), ['sets/a'], () => true);
  known.note('sets/a', checked);
  expect(known.get('sets/a')).toBeUndefined();
  known.note('sets/a', undefined, due.get('sets/a'));
  const accepted = ({ signer }: CheckedManifest) => signer === 'alice';
  expect((await known.plan(hinting(), ['sets/a'], accepted)).kept.size).toBe(0);
});
