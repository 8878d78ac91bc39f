// A rekey that dies anywhere, and one that others write beside: every set opens before, between and after.
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { Keystore } from '../../src/keystore/keystore.ts';
import type { MemoryStorage } from '../../src/keystore/memory-storage.ts';
import { documentOf, parseSetId } from '../../src/keystore/set-id.ts';
import { rekey } from '../../src/operations/rekey.ts';
import { deleteSet } from '../../src/operations/remove-keys.ts';
import { ofExtent } from '../support/extent.ts';
import { Death } from '../support/faulty-file-system.ts';
import { addKey, auth, type MadeKeystore, memoryKeystore, note } from '../support/keystore.ts';
import { WatchedStorage } from '../support/watched-storage.ts';

const other = parseSetId('other');
const gone = parseSetId('gone');
const reserved = parseSetId('reserved');
const long = parseSetId('x'.repeat(128));
const request = { secrets: [], drop: [] };

/** `JWKS_FAULTS=all`: every call; else some of them. */
const stride = ofExtent({ few: 7, more: 3, all: 1 });

async function filled(): Promise<{ made: MadeKeystore<MemoryStorage>; kids: string[] }> {
  const made = await memoryKeystore();
  const keystore = await made.open();
  const kids = [await addKey(keystore), await addKey(keystore, other), await addKey(keystore, long)];
  await addKey(keystore, gone);
  await deleteSet(keystore, { set: gone });
  await made.storage.reserve(documentOf(reserved));
  return { made, kids };
}

async function privateKids(keystore: Keystore): Promise<(string | undefined)[]> {
  const kids: (string | undefined)[] = [];
  for (const set of [auth, other, long]) {
    const opened = await keystore.openSet(set);
    kids.push(...(opened?.privateKeys ?? []).map(({ kid }) => kid));
  }
  return kids;
}

/** Dies around its n-th call: before it is done, or when it is. */
function mortal(
  beneath: MemoryStorage,
  at: number,
  isDone: boolean,
): { storage: WatchedStorage; calls: () => number } {
  let count = 0;
  const storage = new WatchedStorage(beneath, async () => {
    count += 1;
    if (count < at || (count === at && isDone)) return undefined;
    throw new Death();
  });
  return { storage, calls: () => count };
}

describe.each([false, true])('with a new identity: %s', (newIdentity) => {
  test('killed before and after each call it can be run again, and nothing is lost', {
    timeout: 60_000,
  }, async () => {
    let points = 0;
    for (const isDone of [false, true]) {
      for (let at = 1; ; at += stride) {
        const { made, kids } = await filled();
        const { storage } = mortal(made.storage, at, isDone);
        const keystore = await made.open({ storage }).catch(() => undefined);
        if (keystore === undefined) continue;
        const died = await rekey(keystore, { ...request, newIdentity }).then(
          () => false,
          (error: unknown) =>
            error instanceof Death || (error as Error).cause instanceof Death || Promise.reject(error),
        );
        expect([at, await privateKids(await made.open())]).toEqual([at, kids]);
        if (!died) break;
        points += 1;
        const again = await made.open();
        await rekey(again, { ...request, newIdentity });
        const anew = await made.open();
        expect([at, await privateKids(anew)]).toEqual([at, kids]);
        expect(anew.slot.unlocked.masterKeys).toHaveLength(1);
        expect(anew.reader.master.identities).toHaveLength(1);
        await addKey(anew);
      }
    }
    console.log(`rekey, new identity ${newIdentity}: ${points} points of death tried`);
    expect(points * stride).toBeGreaterThan(40);
  });

  test('others make and change sets meanwhile, and all that they made opens', {
    timeout: 60_000,
  }, async () => {
    const { made } = await filled();
    const kids = new Map<string, string[]>();
    let isOver = false;
    const writer = async (name: string): Promise<void> => {
      const keystore = await made.open();
      for (let count = 0; !isOver && count < 60; count++) {
        const set = parseSetId(count % 3 === 0 ? `${name}-${count}` : name);
        kids.set(set, [...(kids.get(set) ?? []), await addKey(keystore, set)]);
        await keystore.change(set, note('again'));
        await turn();
      }
    };
    const writers = ['a', 'b', 'c'].map(writer);
    for (let count = 0; count < 3; count++) {
      await rekey(await made.open(), { ...request, newIdentity: newIdentity && count === 1 });
    }
    isOver = true;
    await Promise.all(writers);
    const anew = await made.open();
    expect(kids.size).toBeGreaterThan(3);
    for (const [set, made] of kids) {
      const opened = await anew.openSet(parseSetId(set));
      expect([set, opened?.privateKeys.map(({ kid }) => kid).sort()]).toEqual([set, [...made].sort()]);
    }
  });
});

test.each([false, true])(
  'who reserved a place before strands nothing in it, new identity: %s',
  async (newIdentity) => {
    const { made } = await filled();
    const late = parseSetId('late');
    let isDone = false;
    const slow = new WatchedStorage(made.storage, async (call) => {
      if (!isDone && call.startsWith('replace sets/late')) {
        isDone = true;
        await rekey(await made.open(), { ...request, newIdentity });
      }
      return undefined;
    });
    const writer = await made.open({ storage: slow });
    // It has not heard of the new identity from the old one, and cannot tell it from a stranger's.
    if (newIdentity) await expect(addKey(writer, late)).rejects.toMatchObject({ code: 'identity' });
    else await addKey(writer, late);
    const kid = await addKey(await made.open(), late);
    const opened = await (await made.open()).openSet(late);
    expect([isDone, opened?.privateKeys[0]?.kid]).toEqual([true, kid]);
    expect(opened?.privateKeys).toHaveLength(newIdentity ? 1 : 2);
  },
);

test('it tells how many of the sets are sealed, and counts them once', async () => {
  const { made } = await filled();
  const told: (readonly [number, number])[] = [];
  const keystore = await made.open();
  const { sealed } = await rekey(keystore, { ...request, newIdentity: false }, (done, of) =>
    told.push([done, of]),
  );
  expect(sealed).toBe(5);
  expect(told).toEqual([0, 1, 2, 3, 4].map((done) => [done, 5]));
});
