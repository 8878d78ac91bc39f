// What deleting takes away, and what it would.
import { expect, test } from 'vitest';
import { parseSetId } from '../../src/keystore/set-id.ts';
import { toInstant } from '../../src/lifecycle/time.ts';
import { deleteKey, deleteSet, findDoomed, retireKey } from '../../src/operations/remove-keys.ts';
import { addKey, auth, authorAt, codeOf, memoryKeystore, noon } from '../support/keystore.ts';

/** A set with a key that signs, and one before it. */
async function open() {
  const author = authorAt();
  const keystore = await (await memoryKeystore()).open({ author });
  const former = await addKey(keystore);
  author.now = () => toInstant(noon + 60);
  const signer = await addKey(keystore);
  return { author, keystore, former, signer };
}

test('a key that is gone already is not there', async () => {
  const { keystore, former } = await open();
  await deleteKey(keystore, { set: auth, kid: former });
  expect(await codeOf(deleteKey(keystore, { set: auth, kid: former }))).toBe('not-found');
});

test('what a deletion would take away, and whether anything signs with it', async () => {
  const { author, keystore, former, signer } = await open();
  const doomed = (kid?: string) => findDoomed(keystore.reader, author.now(), { sets: [auth], kid });
  expect(await doomed()).toEqual([{ set: auth, signs: true, keys: 2 }]);
  expect(await doomed(signer)).toEqual([{ set: auth, signs: true, keys: 1 }]);
  expect(await doomed(former)).toEqual([{ set: auth, signs: false, keys: 1 }]);
  await deleteKey(keystore, { set: auth, kid: former });
  expect(await doomed()).toEqual([{ set: auth, signs: true, keys: 1 }]);
});

test('what is not there is refused, unless it may be missing', async () => {
  const { author, keystore, signer } = await open();
  const [other, gone] = [{ sets: [parseSetId('other')] }, { sets: [auth], kid: 'gone' }];
  const find = (request: Parameters<typeof findDoomed>[2]) =>
    findDoomed(keystore.reader, author.now(), request);
  expect([await codeOf(find(other)), await codeOf(find(gone))]).toEqual(['not-found', 'not-found']);
  const sets = [...other.sets, auth];
  expect(await find({ sets, kid: signer, ignoreMissing: true })).toEqual([
    { set: auth, signs: true, keys: 1 },
  ]);
});

test('of a deleted set only names are left, also of keys whose time was over before', async () => {
  const { author, keystore, former, signer } = await open();
  const { keys } = await retireKey(keystore, { set: auth, kid: former });
  const { retires = noon } = keys.find(({ kid }) => kid === former) ?? {};
  author.now = () => toInstant(retires + 1);
  const { steps } = await deleteSet(keystore, { set: auth });
  expect(steps.map(({ kid, event }) => [kid, event])).toEqual([
    [signer, 'deleted'],
    [former, 'destroyed'],
  ]);
  const { manifest, privateKeys } = (await keystore.openSet(auth)) ?? {};
  expect([manifest?.deleted, privateKeys]).toEqual([retires + 1, []]);
  expect(manifest?.keys.map(({ kid, held, jwk }) => [kid, held, jwk])).toEqual([
    [signer, false, undefined],
    [former, false, undefined],
  ]);
  const events = manifest?.events.length;
  expect(await codeOf(deleteSet(keystore, { set: auth }))).toBe('not-found');
  expect((await keystore.openSet(auth))?.manifest.events.length).toBe(events);
});
