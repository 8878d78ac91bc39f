// What Hydra's GET shows of a set: newest first, in members that Ory's client knows.
import { expect, test } from 'vitest';
import { parseSetId } from '../../src/keystore/set-id.ts';
import { toInstant } from '../../src/lifecycle/time.ts';
import { openOryKeys, readOryKeys } from '../../src/operations/ory-keys.ts';
import { putKey } from '../../src/operations/put-keys.ts';
import { deleteKey } from '../../src/operations/remove-keys.ts';
import { addKey, auth, authorAt, memoryKeystore, noon, note } from '../support/keystore.ts';

async function open() {
  const author = authorAt();
  const keystore = await (await memoryKeystore()).open({ author });
  return { keystore, author };
}

test('keys are shown newest first, without private members', async () => {
  const { keystore, author } = await open();
  const first = await addKey(keystore);
  author.now = () => toInstant(noon + 60);
  const second = await addKey(keystore);
  await keystore.change(auth, (current, now) => {
    const kept = note('turned')(current, now);
    return kept && { ...kept, keys: kept.keys.toReversed() };
  });
  const keys = await readOryKeys(keystore.reader, author.now(), { set: auth });
  expect(keys?.map(({ kid }) => kid)).toEqual([second, first]);
  expect(keys?.map((key) => Object.keys(key).sort())).toEqual([
    ['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y'],
    ['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y'],
  ]);
  const one = await openOryKeys(keystore, author.now(), { set: auth, kid: first });
  expect(one?.map((key) => [key.kid, typeof key.d])).toEqual([[first, 'string']]);
});

test('a symmetric key has its value only where private members are shown', async () => {
  const { keystore } = await open();
  const names = { kty: 'oct', alg: 'HS256', use: 'sig', kid: 'mac' };
  const k = Buffer.alloc(32, 7).toString('base64url');
  const body = Buffer.from(JSON.stringify({ ...names, k }));
  await putKey(keystore, { set: auth, kid: 'mac', body });
  expect(await readOryKeys(keystore.reader, noon, { set: auth })).toEqual([names]);
  expect(await openOryKeys(keystore, noon, { set: auth })).toEqual([{ ...names, k }]);
});

test('what is not there, or is left of no key, is undefined', async () => {
  const { keystore } = await open();
  const kid = await addKey(keystore);
  const read = (set = auth, name?: string) => readOryKeys(keystore.reader, noon, { set, kid: name });
  expect(await read(parseSetId('other'))).toBeUndefined();
  expect(await read(auth, 'other')).toBeUndefined();
  await deleteKey(keystore, { set: auth, kid, noSuccessor: true });
  expect(await read()).toBeUndefined();
  expect(await openOryKeys(keystore, noon, { set: auth, kid })).toBeUndefined();
});
