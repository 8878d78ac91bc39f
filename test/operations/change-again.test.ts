// A change that is decided again, since somebody else was first, is done or says so: also where it then needs a new key.
import { expect, test } from 'vitest';
import { revokeKeys } from '../../src/operations/remove-keys.ts';
import { addKey, auth, memoryKeystore } from '../support/keystore.ts';
import { WatchedStorage } from '../support/watched-storage.ts';

test('a key is revoked, and meanwhile the one that would have signed instead is', async () => {
  const made = await memoryKeystore();
  const kids = [await addKey(await made.open()), await addKey(await made.open())];
  const [instead = '', signer = ''] = kids;
  let isDone = false;
  const storage = new WatchedStorage(made.storage, async (call) => {
    if (!isDone && call.startsWith('replace sets/auth')) {
      isDone = true;
      await revokeKeys(await made.open(), { set: auth, keys: [instead], reason: 'keyCompromise' });
    }
    return undefined;
  });
  const keystore = await made.open({ storage });
  const changed = await revokeKeys(keystore, { set: auth, keys: [signer], reason: 'keyCompromise' });
  expect(changed.outcome).toBe('changed');
  const { manifest, privateKeys } = (await keystore.openSet(auth)) ?? {};
  const revoked = manifest?.keys.filter((key) => key.revoked !== undefined).map(({ kid }) => kid);
  expect(revoked?.sort()).toEqual(kids.sort());
  expect(privateKeys).toHaveLength(1);
});
