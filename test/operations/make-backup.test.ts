// A backup is of one state, whatever others write meanwhile.
import { expect, test } from 'vitest';
import { parseBackup } from '../../src/keystore/backup.ts';
import { generateSecretText, parseSecret } from '../../src/keystore/secret.ts';
import { parseSetId } from '../../src/keystore/set-id.ts';
import type { StoredDocument } from '../../src/keystore/storage.ts';
import { makeBackup } from '../../src/operations/make-backup.ts';
import { addSecret } from '../../src/operations/secrets.ts';
import { addKey, auth, codeOf, memoryKeystore, mustRead, noon, note } from '../support/keystore.ts';
import { WatchedStorage } from '../support/watched-storage.ts';

const pay = parseSetId('pay');
const parse = (bytes: Buffer) => parseBackup(JSON.parse(bytes.toString()), 'b.json');
const asText = (document: StoredDocument | undefined) =>
  document && { revision: document.revision, text: Buffer.from(document.bytes).toString() };

test('a set that is made meanwhile is in it', async () => {
  const made = await memoryKeystore();
  const other = await made.open();
  await addKey(other);
  let reads = 0;
  const watched = new WatchedStorage(made.storage, async (call) => {
    if (call === 'read sets/auth' && ++reads === 1) await addKey(other, pay);
    return undefined;
  });
  const { reader } = await made.open({ storage: watched });
  const { bytes, sets, keys } = await makeBackup(reader, noon, undefined);
  expect([sets, keys, [...parse(bytes).sets.keys()]]).toEqual([2, 2, ['sets/auth', 'sets/pay']]);
});

test('a master document that is written meanwhile is the one in it', async () => {
  const made = await memoryKeystore();
  const other = await made.open();
  await addKey(other);
  let reads = 0;
  const watched = new WatchedStorage(made.storage, async (call) => {
    const key = parseSecret(generateSecretText(), 'a test');
    if (call === 'read sets/auth' && ++reads === 1) await addSecret(other, { key, label: 'ci' });
    return undefined;
  });
  const { reader } = await made.open({ storage: watched });
  const { bytes, slots } = await makeBackup(reader, noon, undefined);
  expect(asText(parse(bytes).master)).toEqual(asText(await mustRead(made.storage, 'master')));
  expect(slots.map(({ label }) => label)).toEqual(['first', 'ci']);
});

test('a set that is changed while it is read is taken as it is then', async () => {
  const made = await memoryKeystore();
  const other = await made.open();
  await addKey(other);
  let reads = 0;
  const watched = new WatchedStorage(made.storage, async (call) => {
    if (call === 'read sets/auth' && ++reads === 2) await other.change(auth, note('meanwhile'));
    return undefined;
  });
  const { reader } = await made.open({ storage: watched });
  const { bytes } = await makeBackup(reader, noon, undefined);
  expect(asText(parse(bytes).sets.get('sets/auth'))).toEqual(
    asText(await mustRead(made.storage, 'sets/auth')),
  );
});

test('where sets are made all the time it gives up, exit 5', async () => {
  const made = await memoryKeystore();
  const other = await made.open();
  await addKey(other);
  let count = 0;
  const watched = new WatchedStorage(made.storage, async (call) => {
    if (call === 'read sets/auth') await made.storage.reserve(`sets/n${++count}`);
    return undefined;
  });
  const { reader } = await made.open({ storage: watched });
  expect(await codeOf(makeBackup(reader, noon, undefined))).toBe('conflict');
});

test('places that hold nothing yet are not in it', async () => {
  const made = await memoryKeystore();
  await addKey(await made.open());
  await made.storage.reserve('sets/pay');
  const { bytes } = await makeBackup((await made.open()).reader, noon, undefined);
  expect([...parse(bytes).sets.keys()]).toEqual(['sets/auth']);
});
