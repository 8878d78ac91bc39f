// How a set is changed: in one step, after what others have done, and under what is true at that moment.
import { describe, expect, test } from 'vitest';
import { FileStorage } from '../../src/keystore/file-storage.ts';
import type { Keystore } from '../../src/keystore/keystore.ts';
import { MemoryStorage } from '../../src/keystore/memory-storage.ts';
import { digestOf } from '../../src/keystore/set-document.ts';
import { documentOf } from '../../src/keystore/set-id.ts';
import type { Storage } from '../../src/keystore/storage.ts';
import { defaultFacts } from '../../src/lifecycle/policy.ts';
import { toInstant } from '../../src/lifecycle/time.ts';
import {
  addition,
  addKey,
  auth,
  authorAt,
  codeOf,
  makeKeystoreIn,
  memoryKeystore,
  mustRead,
  noon,
  note,
} from '../support/keystore.ts';
import { temporaryDirectory } from '../support/temporary.ts';
import { WatchedStorage } from '../support/watched-storage.ts';

const setName = documentOf(auth);
const notesOf = async (keystore: Keystore) =>
  (await keystore.openSet(auth))?.manifest.events.map((event) => event.note) ?? [];
const names = (count: number) => Array.from({ length: count }, (_, index) => `change ${index}`);

describe.each<[string, () => Storage]>([
  ['memory', () => new MemoryStorage()],
  ['files', () => new FileStorage(temporaryDirectory())],
])('many changes at once, %s', (_, place) => {
  test('through keystores of their own: each is there once', async () => {
    const made = await makeKeystoreIn(place());
    const writers = await Promise.all(names(20).map(async (name) => ({ name, keystore: await made.open() })));
    await Promise.all(
      writers.map(({ name, keystore }) => keystore.change(auth, note(name), { create: true })),
    );
    const keystore = await made.open();
    expect((await notesOf(keystore)).sort()).toEqual(names(20).sort());
    const { manifest } = (await keystore.openSet(auth)) ?? {};
    expect(manifest?.revision).toBe(20);
    expect(manifest?.events.map(({ id }) => id)).toEqual(names(20).map((_, index) => `${index + 1}.1`));
  });

  test('through one keystore: each is there once', async () => {
    const made = await makeKeystoreIn(place());
    const keystore = await made.open();
    await Promise.all(names(10).map((name) => keystore.change(auth, note(name), { create: true })));
    expect((await notesOf(await made.open())).sort()).toEqual(names(10).sort());
  });

  test('reading goes on meanwhile and never sees anything but a whole set', async () => {
    const made = await makeKeystoreIn(place());
    const writer = await made.open();
    const reader = await made.open();
    await writer.change(auth, note('first'), { create: true });
    let isDone = false;
    const writing = (async () => {
      for (const name of names(30)) await writer.change(auth, note(name));
      isDone = true;
    })();
    let last = 0;
    for (let reads = 0; !isDone || reads < 10; reads++) {
      const set = await reader.openSet(auth);
      expect(set?.manifest.events).toHaveLength(set?.manifest.revision ?? 0);
      expect(set?.manifest.revision).toBeGreaterThanOrEqual(last);
      last = set?.manifest.revision ?? 0;
    }
    await writing;
  });
});

describe('one change', () => {
  test('reserves the place, then reads the master document, then the set, then writes', async () => {
    const made = await memoryKeystore();
    const storage = new WatchedStorage(made.storage);
    const keystore = await made.open({ storage });
    storage.calls.length = 0;
    await keystore.change(auth, note('one'), { create: true });
    expect(storage.calls).toEqual([
      `reserve ${setName}`,
      'read master',
      `read ${setName}`,
      `replace ${setName} from 0`,
    ]);
    storage.calls.length = 0;
    await keystore.change(auth, note('two'));
    expect(storage.calls).toEqual(['read master', `read ${setName}`, `replace ${setName} from 1`]);
  });

  test('that a writer was stopped in commits on top of ten others', async () => {
    const made = await memoryKeystore();
    const others = await made.open();
    let isStopped = false;
    const storage = new WatchedStorage(made.storage, async (call) => {
      if (!call.startsWith('replace') || isStopped) return undefined;
      isStopped = true;
      for (const name of names(10)) await others.change(auth, note(name), { create: true });
      return undefined;
    });
    const stopped = await made.open({ storage });
    const asked: number[] = [];
    const decide = note('stopped');
    await stopped.change(auth, (current, now) => {
      asked.push(current?.manifest.revision ?? 0);
      return decide(current, now);
    });
    expect(asked).toEqual([0, 10]);
    expect(await notesOf(others)).toEqual([...names(10), 'stopped']);
  });

  test('that nobody confirmed is reported and not tried again', async () => {
    const made = await memoryKeystore();
    const storage = new WatchedStorage(made.storage, async (call) =>
      call.startsWith('replace') ? 'unknown' : undefined,
    );
    const keystore = await made.open({ storage });
    expect(await codeOf(keystore.change(auth, note('one')))).toBe('unconfirmed');
    expect(storage.calls.filter((call) => call.startsWith('replace'))).toHaveLength(1);
  });

  test('that is none writes nothing', async () => {
    const made = await memoryKeystore();
    const keystore = await made.open();
    expect(await keystore.change(auth, () => undefined)).toEqual({ manifest: undefined, written: false });
    await addKey(keystore);
    const { written, manifest } = await keystore.change(auth, () => undefined);
    expect({ written, revision: manifest?.revision }).toEqual({ written: false, revision: 1 });
  });

  test('refers to the file before it by its hash', async () => {
    const made = await makeKeystoreIn(new FileStorage(temporaryDirectory()));
    const keystore = await made.open();
    let previous: string | undefined;
    for (const name of names(3)) {
      const { manifest } = await keystore.change(auth, note(name), { create: true });
      expect(manifest?.previous).toBe(previous);
      previous = digestOf((await mustRead(made.storage, setName)).bytes);
    }
  });

  test('keeps the newest 1000 events', async () => {
    const keystore = await (await memoryKeystore()).open();
    const many = (from: number, count: number) =>
      Array.from({ length: count }, (_, index) => ({ event: 'noted', note: String(from + index) }));
    for (const [from, count] of [
      [0, 600],
      [600, 399],
      [999, 1],
      [1000, 2],
    ] as const) {
      await keystore.change(auth, (current) => ({
        keys: [],
        privateKeys: [],
        policy: current?.manifest.policy,
        events: many(from, count),
      }));
    }
    const events = (await keystore.openSet(auth))?.manifest.events ?? [];
    expect(events).toHaveLength(1_000);
    expect(events.map((event) => event.note)).toEqual(
      Array.from({ length: 1_000 }, (_, index) => String(index + 2)),
    );
    expect(events.at(-1)).toMatchObject({ id: '4.2', at: noon, by: 'alice@laptop' });
  });

  test('drops private halves that the manifest does not hold, and refuses to lose one that it does', async () => {
    const keystore = await (await memoryKeystore()).open();
    await addKey(keystore);
    await addKey(keystore);
    await keystore.change(auth, (current) => ({
      keys: (current?.manifest.keys ?? []).map((key, index) => ({ ...key, held: index === 0 })),
      privateKeys: current?.privateKeys ?? [],
      policy: undefined,
      events: [],
    }));
    const set = await keystore.openSet(auth);
    expect(set?.privateKeys.map(({ kid }) => kid)).toEqual([set?.manifest.keys[0]?.kid]);
    const losing = keystore.change(auth, (current) => ({
      keys: current?.manifest.keys ?? [],
      privateKeys: [],
      policy: undefined,
      events: [],
    }));
    expect(await codeOf(losing)).toBe('internal');
  });
});

describe('the clock of a host', () => {
  test('that is further behind the last change than skew writes nothing', async () => {
    const made = await memoryKeystore();
    await addKey(await made.open());
    const { bytes } = await mustRead(made.storage, setName);
    const late = await made.open({ author: authorAt(toInstant(noon - defaultFacts.skew - 1)) });
    expect(await codeOf(late.change(auth, note('late')))).toBe('unsafe');
    expect((await mustRead(made.storage, setName)).bytes).toEqual(bytes);
    // What has nothing to write is not refused.
    expect((await late.change(auth, () => undefined)).written).toBe(false);
  });

  test('that is behind by skew at most never moves time back', async () => {
    const made = await memoryKeystore();
    await addKey(await made.open());
    const late = await made.open({ author: authorAt(toInstant(noon - defaultFacts.skew)) });
    const { decide } = await addition();
    const { manifest } = await late.change(auth, decide);
    expect(manifest?.updated).toBe(noon);
    expect(manifest?.keys[0]?.created).toBe(noon);
  });
});
