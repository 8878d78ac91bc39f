// Documents made anew from those of a backup: what they follow from, who signs them, and that the secret opens them.
import { expect, test } from 'vitest';
import { SignatureChecker } from '../../src/jose/identity.ts';
import { parseMaster } from '../../src/keystore/master-document.ts';
import { remakeMaster, remakeSet } from '../../src/keystore/remake-document.ts';
import { digestOf, openSet } from '../../src/keystore/set-document.ts';
import { documentOf } from '../../src/keystore/set-id.ts';
import { toInstant } from '../../src/lifecycle/time.ts';
import { addKey, auth, authorAt, memoryKeystore, mustRead, noon } from '../support/keystore.ts';
import { rekey } from '../support/keystore-rekey.ts';
import { toldBy } from '../support/told.ts';
import { WatchedStorage } from '../support/watched-storage.ts';

const setName = documentOf(auth);
const author = { ...authorAt(toInstant(noon + 60)), by: 'bob\n@desk' };
const late = authorAt(toInstant(noon - 60));
const restored = (revision: number) => ({
  ...{ id: `${revision}.1`, at: noon + 60, event: 'restored', by: 'bob@desk', note: 'from a backup' },
});

async function setOfTwo() {
  const made = await memoryKeystore();
  await addKey(await made.open());
  await addKey(await made.open());
  const document = await mustRead(made.storage, setName);
  const storage = new WatchedStorage(made.storage);
  const keystore = await made.open({ storage });
  const set = await keystore.openSet(auth);
  if (set === undefined) throw new Error('the set is absent');
  return { made, storage, keystore, set, document };
}

test('a set is sealed under the key that seals now, after its place was reserved', async () => {
  const { made, storage, keystore, set, document } = await setOfTwo();
  await rekey(made);
  storage.calls.length = 0;
  const remaking = { document, revision: 3, author, note: 'from a backup' };
  const { revision, bytes } = await remakeSet(keystore, set, remaking);
  expect([revision, storage.calls]).toEqual([3, [`reserve ${setName}`, 'read master']]);
  const parsed = await keystore.reader.parse(setName, { revision, bytes });
  expect(parsed.manifest).toEqual({
    ...set.manifest,
    ...{ revision: 3, previous: digestOf(document.bytes), master: 2, updated: noon + 60 },
    events: [...set.manifest.events, restored(3)],
  });
  const [newest] = (await made.unlocked()).masterKeys;
  expect(await openSet(parsed, [newest])).toEqual(set.privateKeys);
  const again = await remakeSet(keystore, set, { ...remaking, author: late });
  expect((await keystore.reader.parse(setName, again)).manifest.updated).toBe(noon);
});

test('what is more than one revision later follows from nothing that is known', async () => {
  const { keystore, set, document } = await setOfTwo();
  const remaking = { document, revision: 4, author, note: 'from a backup' };
  const { bytes } = await remakeSet(keystore, set, remaking);
  const { manifest } = await keystore.reader.parse(setName, { revision: 4, bytes });
  expect([manifest.previous, manifest.events.at(-1)]).toEqual([undefined, restored(4)]);
});

test('the newest 1000 events are kept', async () => {
  const { keystore, set, document } = await setOfTwo();
  const events = Array.from({ length: 1_000 }, () => ({ id: '1.1', at: noon, event: 'noted', by: 'a' }));
  const many = { ...set, manifest: { ...set.manifest, events } };
  const { bytes } = await remakeSet(keystore, many, { document, revision: 3, author, note: 'from a backup' });
  const { manifest } = await keystore.reader.parse(setName, { revision: 3, bytes });
  expect([manifest.events.length, manifest.events.at(-1)]).toEqual([1_000, restored(3)]);
  Object.assign(keystore.reader.master, { events });
  const made = await remakeMaster(keystore, { document, revision: 3, author, note: 'from a backup' });
  const { master } = await parseMaster(made.bytes, 3, new SignatureChecker());
  expect([master.events.length, master.events.at(-1)]).toEqual([1_000, restored(3)]);
});

test('a master document is signed by its identity, and opened before it is given out', async () => {
  const made = await memoryKeystore();
  const keystore = await made.open();
  const document = await mustRead(made.storage, 'master');
  const remaking = { document, revision: 2, author, note: 'from a backup' };
  const { revision, bytes } = await remakeMaster(keystore, remaking);
  const { master, signer } = await parseMaster(bytes, revision, new SignatureChecker());
  expect([revision, signer.fingerprint]).toEqual([2, made.fingerprint]);
  const before = keystore.reader.master;
  expect(master).toEqual({
    ...before,
    ...{ revision: 2, previous: digestOf(document.bytes), updated: noon + 60 },
    events: [...before.events, restored(2)],
  });
  const again = await remakeMaster(keystore, { ...remaking, author: late });
  expect((await parseMaster(again.bytes, 2, new SignatureChecker())).master.updated).toBe(noon);
  Object.assign(before, { slots: (await (await memoryKeystore()).open()).reader.master.slots });
  expect(await toldBy(() => remakeMaster(keystore, remaking))).toEqual({
    ...{ code: 'internal', message: 'a master document that was just made does not open', hint: undefined },
  });
});
