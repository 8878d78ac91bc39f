// What came after an event, for a script that goes on where it stopped.
import { expect, test } from 'vitest';
import { mostEvents } from '../../src/keystore/manifest.ts';
import { parseSetId } from '../../src/keystore/set-id.ts';
import { readHistory } from '../../src/operations/read-history.ts';
import { deleteSet } from '../../src/operations/remove-keys.ts';
import { addKey, auth, authorAt, codeOf, memoryKeystore, noon } from '../support/keystore.ts';

/** A set with so many events in each of its revisions. */
async function withEvents(...counts: number[]) {
  const keystore = await (await memoryKeystore()).open();
  for (const length of counts) {
    const events = Array.from({ length }, () => ({ event: 'noted' }));
    const change = { keys: [], privateKeys: [], policy: undefined, events };
    await keystore.change(auth, () => change, { create: true });
  }
  const request = (since: string) => readHistory(keystore.reader, { set: auth, since });
  return async (since: string) => (await request(since)).map(({ id }) => id);
}

test('the events after it, by revision and then by number', async () => {
  const after = await withEvents(...Array.from({ length: 11 }, () => 2));
  expect(await after('9.1')).toEqual(['9.2', '10.1', '10.2', '11.1', '11.2']);
  expect(await after('10.1')).toEqual(['10.2', '11.1', '11.2']);
  expect(await after('11.2')).toEqual([]);
  expect((await after('0.0')).length).toBe(22);
});

test('one that is not there is exit 3, and what is no id exit 2', async () => {
  const after = await withEvents(2, 2);
  expect([await codeOf(after('2.3')), await codeOf(after('3.1'))]).toEqual(['not-found', 'not-found']);
  for (const id of ['', '2', '2.', '2.1.1', '-1.1', 'x.1', '1e3.1'])
    expect([id, await codeOf(after(id))]).toEqual([id, 'usage']);
});

test('where some of those after it are gone it is exit 3: a set keeps the newest thousand', async () => {
  const after = await withEvents(2, 2, 2, 998, 2);
  expect((await after('3.2')).length).toBe(mostEvents);
  expect((await after('4.0'))[0]).toBe('4.1');
  expect([await codeOf(after('2.2')), await codeOf(after('2.9'))]).toEqual(['not-found', 'not-found']);
  // The oldest can go in the middle of a revision.
  const within = await withEvents(2, 2, 2, 999, 2);
  expect((await within('4.1'))[0]).toBe('4.2');
  for (const id of ['3.2', '3.1', '4.0']) expect([id, await codeOf(within(id))]).toEqual([id, 'not-found']);
});

test('without a set all of them by their time, of deleted sets too; and no place to go on from', async () => {
  const author = authorAt();
  const keystore = await (await memoryKeystore()).open({ author });
  await addKey(keystore, parseSetId('b'));
  author.now = () => (noon + 60) as typeof noon;
  await addKey(keystore, parseSetId('a'));
  author.now = () => (noon + 120) as typeof noon;
  await deleteSet(keystore, { set: parseSetId('b') });
  const events = await readHistory(keystore.reader, {});
  expect(events.map(({ set, event }) => `${set} ${event}`)).toEqual([
    ...['b created', 'a created', 'b deleted', 'b deleted'],
  ]);
  expect(await codeOf(readHistory(keystore.reader, { since: '1.1' }))).toBe('usage');
  expect(await codeOf(readHistory(keystore.reader, { set: parseSetId('c') }))).toBe('not-found');
});
