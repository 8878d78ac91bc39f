// What a writer and a reader do that were opened before the master key was changed.
import { expect, test } from 'vitest';
import { headerOf } from '../../src/jose/sealing.ts';
import type { MemoryStorage } from '../../src/keystore/memory-storage.ts';
import { documentOf, parseSetId } from '../../src/keystore/set-id.ts';
import type { Storage } from '../../src/keystore/storage.ts';
import {
  addKey,
  auth,
  codeOf,
  type MadeKeystore,
  memoryKeystore,
  mustRead,
  note,
} from '../support/keystore.ts';
import { rekey } from '../support/keystore-rekey.ts';
import { WatchedStorage } from '../support/watched-storage.ts';

const setName = documentOf(auth);

async function sealedUnder(made: MadeKeystore<MemoryStorage>): Promise<string | undefined> {
  return headerOf(JSON.parse(String(Buffer.from((await mustRead(made.storage, setName)).bytes))))?.kid;
}

test('a writer seals under the newest key and records which master document it read', async () => {
  const made = await memoryKeystore();
  const keystore = await made.open();
  const kid = await addKey(keystore);
  const fresh = await rekey(made);
  const { manifest } = await keystore.change(auth, note('after'));
  expect(manifest?.master).toBe(2);
  expect(await sealedUnder(made)).toBe(fresh);
  expect((await (await made.open()).openSet(auth))?.privateKeys.map((key) => key.kid)).toEqual([kid]);
});

test.each(['reserve', 'read master'])('a rekey just before "%s" is seen by the change', async (moment) => {
  const made = await memoryKeystore();
  let fresh: string | undefined;
  let isOpened = false;
  const storage = new WatchedStorage(made.storage, async (call) => {
    if (isOpened && fresh === undefined && call.startsWith(moment)) fresh = await rekey(made);
    return undefined;
  });
  const keystore = await made.open({ storage });
  isOpened = true;
  await addKey(keystore);
  expect(await sealedUnder(made)).toBe(fresh);
});

test('a rekey after that lists the place, so that it will not miss what is written under the old key', async () => {
  const made = await memoryKeystore();
  let listed: string[] | undefined;
  const storage = new WatchedStorage(made.storage, async (call) => {
    if (call === `replace ${setName} from 0`) {
      await rekey(made);
      listed = await made.storage.list();
    }
    return undefined;
  });
  await addKey(await made.open({ storage }));
  expect(listed).toEqual([setName]);
  expect((await (await made.open()).openSet(auth))?.privateKeys).toHaveLength(1);
});

test('a reader that was opened before opens what was sealed since', async () => {
  const made = await memoryKeystore();
  const early = await made.open();
  await rekey(made);
  const kid = await addKey(await made.open());
  expect((await early.openSet(auth))?.privateKeys.map((key) => key.kid)).toEqual([kid]);
});

test('a set that was left under a key that is gone is damaged, and says so', async () => {
  const made = await memoryKeystore();
  await addKey(await made.open());
  await rekey(made, 0);
  expect(await codeOf((await made.open()).openSet(auth))).toBe('damaged');
});

test('a master document of another identity is not followed', async () => {
  const made = await memoryKeystore();
  const keystore = await made.open();
  const foreign = await memoryKeystore();
  await rekey(foreign);
  const { bytes } = await mustRead(foreign.storage, 'master');
  await made.storage.replace('master', 1, bytes);
  expect(await codeOf(keystore.change(auth, note('one')))).toBe('identity');
});

test('a master document that was read before another call took a newer one has not gone back', async () => {
  const made = await memoryKeystore();
  let release = () => {};
  let isHeld = false;
  const storage: Storage = {
    place: made.storage.place,
    label: made.storage.label,
    list: () => made.storage.list(),
    reserve: (name) => made.storage.reserve(name),
    replace: (name, from, bytes) => made.storage.replace(name, from, bytes),
    seed: (name, from, revision, bytes) => made.storage.seed(name, from, revision, bytes),
    async read(name) {
      const document = await made.storage.read(name);
      if (isHeld) {
        isHeld = false;
        await new Promise<void>((resolve) => {
          release = resolve;
        });
      }
      return document;
    },
  };
  const { reader } = await made.open({ storage });
  await rekey(made);
  isHeld = true;
  const slow = reader.reloadMaster();
  await rekey(made);
  expect(await reader.reloadMaster()).toBe(true);
  const { revision } = reader.master;
  release();
  await slow;
  expect(reader.master.revision).toBe(revision);
});

test('of two changes at once by one writer, none seals under the key from before', async () => {
  const made = await memoryKeystore();
  const keystore = await made.open();
  const others = ['one', 'two', 'three'].map(parseSetId);
  const fresh = await rekey(made);
  await Promise.all(others.map((set) => addKey(keystore, set)));
  const sealed = await Promise.all(
    others.map(async (set) => {
      const { bytes } = await mustRead(made.storage, documentOf(set));
      return headerOf(JSON.parse(String(Buffer.from(bytes))))?.kid;
    }),
  );
  expect(sealed).toEqual([fresh, fresh, fresh]);
});
