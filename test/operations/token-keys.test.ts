// What stands against the keys of a set that are over, in the words of each one's own history.
import { expect, test } from 'vitest';
import { formatInstant, toInstant } from '../../src/lifecycle/time.ts';
import { deleteKey, retireKey, revokeKeys } from '../../src/operations/remove-keys.ts';
import { keysOfSet } from '../../src/operations/token-keys.ts';
import { addKey, auth, authorAt, memoryKeystore, noon } from '../support/keystore.ts';

test('a key that was deleted, one that retired, and one that was revoked', async () => {
  const author = authorAt();
  const keystore = await (await memoryKeystore()).open({ author });
  const [deleted, retired, revoked] = [
    await addKey(keystore),
    await addKey(keystore),
    await addKey(keystore),
  ];
  await deleteKey(keystore, { set: auth, kid: deleted, noSuccessor: true });
  const { keys } = await retireKey(keystore, { set: auth, kid: retired, noSuccessor: true });
  const { retires = noon } = keys.find(({ kid }) => kid === retired) ?? {};
  await revokeKeys(keystore, { set: auth, keys: [revoked], reason: 'superseded', noSuccessor: true });
  const { manifest } = (await keystore.openSet(auth)) ?? {};
  if (manifest === undefined) throw new Error('the set is gone');
  const over = keysOfSet(manifest, toInstant(retires + 1), () => expect.unreachable());
  const told = new Map(over.map(({ kid, obstacle }) => [kid, obstacle?.message.replace(/^.* was /, '')]));
  expect(told.get(deleted)).toBe(`deleted on ${formatInstant(noon)}`);
  expect(told.get(retired)).toBe(`retired on ${formatInstant(retires)}`);
  expect(told.get(revoked)).toBe(`revoked on ${formatInstant(noon)} (superseded)`);
});
