// Rekeys that meet: another rekey, one that was interrupted, and a writer who has reserved a place.
import { describe, expect, test } from 'vitest';
import { generateIdentity } from '../../src/jose/identity.ts';
import { headerOf } from '../../src/jose/sealing.ts';
import type { Keystore } from '../../src/keystore/keystore.ts';
import { documentOf, parseSetId, type SetId } from '../../src/keystore/set-id.ts';
import type { Storage } from '../../src/keystore/storage.ts';
import { listSets } from '../../src/operations/list-sets.ts';
import { rekey } from '../../src/operations/rekey.ts';
import { deleteSet } from '../../src/operations/remove-keys.ts';
import { type Backend, backends } from '../support/backends.ts';
import {
  addKey,
  auth,
  codeOf,
  type MadeKeystore,
  makeKeystoreIn,
  memoryKeystore,
  mustRead,
  noon,
} from '../support/keystore.ts';
import { WatchedStorage } from '../support/watched-storage.ts';

const sets = ['auth', 'b', 'c'].map(parseSetId);
const long = parseSetId('A'.repeat(100));
const plain = { secrets: [], drop: [], newIdentity: false };
const anew = { ...plain, newIdentity: true };

async function filled(make: Backend): Promise<MadeKeystore<Storage>> {
  const made = await makeKeystoreIn(await make());
  for (const set of sets) await addKey(await made.open(), set);
  return made;
}

/** Once, before its n-th call that begins so, `work` is done. */
function before(beneath: Storage, call: string, nth: number, work: () => Promise<void>): WatchedStorage {
  let count = 0;
  return new WatchedStorage(beneath, async (name) => {
    if (name.startsWith(call) && ++count === nth) await work();
    return undefined;
  });
}

/** Ends what is under way, begins one, and dies before its first set is sealed under the new key. */
async function interrupted(made: MadeKeystore<Storage>, request = plain): Promise<void> {
  const dies = async () => {
    throw new Error('died');
  };
  const keystore = await made.open({ storage: before(made.storage, 'replace sets/', 1, dies) });
  await expect(rekey(keystore, request)).rejects.toThrow('died');
  expect(keystore.slot.unlocked.masterKeys).toHaveLength(2);
}

/** All sets open, with one key each, and nothing is left of what was before. */
async function expectWhole(made: MadeKeystore<Storage>, ids: readonly SetId[] = sets): Promise<Keystore> {
  const keystore = await made.open();
  for (const id of ids) expect([id, (await keystore.openSet(id))?.privateKeys.length]).toEqual([id, 1]);
  const { masterKeys, before: former } = keystore.slot.unlocked;
  expect([masterKeys.length, former, keystore.reader.master.identities.length]).toEqual([1, undefined, 1]);
  for (const name of await made.storage.list()) {
    const document = await keystore.reader.readDocument(name);
    expect(document && headerOf(document.sealed)?.kid).toBe(masterKeys[0].kid);
  }
  return keystore;
}

describe.each(await backends())('%s', (_, make) => {
  test('one that was overtaken by another one does not drop what that has not sealed yet', async () => {
    const made = await filled(make);
    // One list to see that all opens, one look that writes, and the look that finds nothing to do.
    const slow = before(made.storage, 'list', 3, () => interrupted(made));
    await rekey(await made.open({ storage: slow }), plain);
    await expectWhole(made);
  });

  test.each([
    ['a new identity', anew, plain],
    ['the same identity', plain, plain],
    ['two new identities', anew, anew],
    ['the same identity before a new one', plain, anew],
  ])('of two that begin at once the second waits: %s', async (_, first, second) => {
    const made = await filled(make);
    const slow = before(made.storage, 'replace master', 1, () => interrupted(made, first));
    const done = await rekey(await made.open({ storage: slow }), second);
    const { reader } = await expectWhole(made);
    expect(done).toMatchObject({ isOtherEnded: true, sealed: 3, fingerprint: reader.fingerprint });
    expect(done.before).toBe(first === plain && second === plain ? undefined : made.fingerprint);
  });

  test('after one that was interrupted the key is fresh all the same, and so is the identity', async () => {
    const made = await filled(make);
    await interrupted(made);
    const stolen = (await made.unlocked()).masterKeys.map(({ kid }) => kid);
    const done = await rekey(await made.open(), anew);
    const { slot, reader } = await expectWhole(made);
    expect(done).toMatchObject({ isOtherEnded: true, sealed: 3, before: made.fingerprint });
    expect(reader.fingerprint).not.toBe(made.fingerprint);
    expect(stolen).not.toContain(slot.unlocked.masterKeys[0].kid);
  });

  test('a label that is not there is refused also after one that was interrupted', async () => {
    const made = await filled(make);
    await interrupted(made);
    const { revision } = await mustRead(made.storage, 'master');
    expect(await codeOf(rekey(await made.open(), { ...plain, drop: ['typo'] }))).toBe('not-found');
    expect((await mustRead(made.storage, 'master')).revision).toBe(revision);
  });

  test.each([documentOf(auth), documentOf(long)])(
    'who reserved %s before strands nothing in it',
    async (name) => {
      const made = await makeKeystoreIn(await make());
      const set = name === documentOf(long) ? long : auth;
      const slow = before(made.storage, `replace ${name} from 0`, 1, async () => {
        await rekey(await made.open(), plain);
      });
      const kid = await addKey(await made.open({ storage: slow }), set);
      const { manifest, privateKeys } = (await (await expectWhole(made, [set])).openSet(set)) ?? {};
      expect([manifest?.set, manifest?.deleted, privateKeys?.[0]?.kid]).toEqual([set, undefined, kid]);
      expect(await rekey(await made.open(), plain)).toMatchObject({ sealed: 1 });
      await expectWhole(made, [set]);
    },
  );

  test('a long id that its writer has told meanwhile is kept', async () => {
    const made = await makeKeystoreIn(await make());
    const name = documentOf(long);
    await made.storage.reserve(name);
    const slow = before(made.storage, `reserve ${name}`, 1, async () => {
      await addKey(await made.open(), long);
    });
    await rekey(await made.open({ storage: slow }), plain);
    const keystore = await expectWhole(made, [long]);
    expect((await keystore.openSet(long))?.manifest.set).toBe(long);
  });
});

test('a place that was taken for a long id is no set, until its writer comes', async () => {
  const made = await memoryKeystore();
  const name = documentOf(long);
  await made.storage.reserve(name);
  for (let count = 1; count <= 2; count++) await rekey(await made.open(), plain);
  const keystore = await made.open();
  expect(await listSets(keystore.reader, noon, { sets: 'all' })).toEqual([]);
  expect(await codeOf(listSets(keystore.reader, noon, { sets: [long] }))).toBe('not-found');
  expect(await made.storage.list()).toEqual([name]);
  const kid = await addKey(keystore, long);
  const [listed] = await listSets(keystore.reader, noon, { sets: 'all' });
  expect([listed?.manifest.set, listed?.manifest.revision, listed?.keys[0]?.key.kid]).toEqual([long, 3, kid]);
  expect(listed?.manifest.events.map(({ event }) => event)).toEqual(['rekeyed', 'rekeyed', 'created']);
});

test('a set that was deleted keeps the date of that', async () => {
  const made = await memoryKeystore();
  await addKey(await made.open());
  await deleteSet(await made.open(), { set: auth });
  const later = { now: () => (noon + 3_600) as typeof noon, by: 'bob' };
  await rekey(await made.open({ author: later }), plain);
  const { manifest } = (await (await made.open()).openSet(auth)) ?? {};
  expect([manifest?.revision, manifest?.deleted]).toEqual([3, noon]);
});

test('a set that was read before two rekeys opens when it is read again', async () => {
  const made = await memoryKeystore();
  const kid = await addKey(await made.open());
  let isRead = false;
  const storage = before(made.storage, 'read master', 2, async () => {
    isRead = true;
    await rekey(await made.open(), plain);
  });
  const early = await made.open({ storage });
  await rekey(await made.open(), plain);
  expect((await early.openSet(auth))?.privateKeys[0]?.kid).toBe(kid);
  expect(isRead).toBe(true);
});

test('who was opened before a new identity was begun reads what that has signed since', async () => {
  const made = await memoryKeystore();
  const kid = await addKey(await made.open());
  const early = await made.open();
  // It dies when all is sealed and signed anew, and the old identity is still to go.
  const dies = async () => {
    throw new Error('died');
  };
  const storage = before(made.storage, 'replace master', 2, dies);
  await expect(rekey(await made.open({ storage }), anew)).rejects.toThrow('died');
  const [listed] = await listSets(early.reader, noon, { sets: 'all' });
  expect(listed?.keys[0]?.key.kid).toBe(kid);
  expect((await early.openSet(auth))?.privateKeys[0]?.kid).toBe(kid);
  await rekey(early, plain);
  expect(await codeOf(made.open({ expected: made.fingerprint }))).toBe('identity');
});

test('no master document is written whose signer no slot holds', async () => {
  const made = await memoryKeystore();
  const keystore = await made.open();
  const signer = await generateIdentity('EdDSA');
  const change = keystore.changeMaster(async ({ slots }) => ({
    slots,
    signer,
    event: 'rekeyed',
    mustOpen: [made.secret],
  }));
  expect(await codeOf(change)).toBe('internal');
  expect((await mustRead(made.storage, 'master')).revision).toBe(1);
});
