// What a reader that stays reads again, and when.
import { expect, test } from 'vitest';
import { type CheckedManifest, KnownManifests } from '../../src/keystore/known-manifests.ts';
import type { Manifest } from '../../src/keystore/manifest.ts';
import { MemoryStorage } from '../../src/keystore/memory-storage.ts';
import type { DocumentName } from '../../src/keystore/set-id.ts';
import { auth, noon } from '../support/keystore.ts';

const manifest: Manifest = { set: auth, revision: 1, master: 1, updated: noon, keys: [], events: [] };
const checked: CheckedManifest = { manifest, signer: 'alice', sha256: 'of all of it' };

/** More sets than are read at every look, all of which are settled. */
async function settled(count: number) {
  let now = 0;
  const known = new KnownManifests(() => now);
  const names = Array.from({ length: count }, (_, index): DocumentName => `sets/${index}`);
  const stamps = new Map<DocumentName, string>(names.map((name) => [name, 'noon']));
  const storage = Object.assign(new MemoryStorage(), { stamps: async () => stamps });
  const plan = async (after = 0, signer = 'alice', asked: readonly DocumentName[] = names) => {
    now += after;
    return known.plan(storage, asked, (one) => one.signer === signer);
  };
  const look = async (after = 0): Promise<DocumentName[]> => {
    const { due, kept } = await plan(after);
    for (const [name, sight] of due) known.note(name, checked, sight);
    expect([...due.keys(), ...kept.keys()].sort()).toEqual([...names].sort());
    return [...due.keys()];
  };
  for (let looks = 0; looks <= count / 256 + 1; looks++) await look(2_000);
  return { known, names, stamps, plan, look };
}

test('what an identity signed that may not sign any more is not kept', async () => {
  const { plan } = await settled(100);
  expect((await plan()).kept.size).toBe(68);
  expect((await plan(0, 'bob')).kept.size).toBe(0);
});

test('what was faulty or absent is due until it is good again', async () => {
  const { known, plan, look } = await settled(100);
  // As far back in the turn as can be.
  const last = (await look())[0] ?? 'sets/0';
  expect((await plan()).kept.has(last)).toBe(true);
  known.note(last, undefined);
  expect([(await plan()).due.has(last), known.get(last)]).toEqual([true, undefined]);
  expect(await look()).toContain(last);
  expect(await look()).toContain(last);
});

test('what is not asked for any more is forgotten', async () => {
  const { known, names, plan } = await settled(100);
  await plan(0, 'alice', names.slice(1));
  expect(names.filter((name) => known.get(name) === undefined)).toEqual(names.slice(0, 1));
});

test('of thousands a look reads few, in turn, and each within half a minute', async () => {
  const { names, look } = await settled(3_000);
  const read = new Set<DocumentName>();
  for (let looks = 0; looks < 100; looks++) {
    const due = await look(300);
    expect(due).toHaveLength(32);
    for (const name of due) read.add(name);
  }
  expect(read.size).toBe(names.length);
});

test('of thousands that are new a look reads some hundreds, and one that changes at once', async () => {
  const { names, stamps, look } = await settled(3_000);
  for (const name of names) stamps.set(name, 'one');
  expect(await look()).toHaveLength(3_000);
  const reads = await look(250);
  expect(reads).toHaveLength(256);
  stamps.set('sets/7', 'two');
  expect(await look()).toContain('sets/7');
  const read = new Set(reads);
  for (let looks = 0; looks < 12; looks++) for (const name of await look(250)) read.add(name);
  expect(read.size).toBe(3_000);
});
