// How a document is read that others write meanwhile: looked at again as long as it goes on, and not for ever.
import { expect, test } from 'vitest';
import { readChecked } from '../../src/keystore/read-checked.ts';
import { TamperedStorage } from '../support/tampered-storage.ts';

/** Answers one revision after the other, the last one again and again. */
function storageOf(revisions: readonly (number | undefined)[]) {
  let reads = 0;
  const read = async () => {
    const revision = revisions[Math.min(reads++, revisions.length - 1)];
    return revision === undefined ? undefined : { revision, bytes: Buffer.alloc(0) };
  };
  return { storage: Object.assign(new TamperedStorage(), { read }), count: () => reads };
}

/** Reads; all revisions but those that are good fail their check. */
async function reading(revisions: readonly (number | undefined)[], good: readonly number[]) {
  const { storage, count } = storageOf(revisions);
  const outcome = await readChecked(storage, 'master', async (document) => {
    if (!good.includes(document.revision)) throw new Error(`${document.revision} fails`);
    return document;
  }).then(
    (document) => document?.revision,
    (error: Error) => error.message,
  );
  return [outcome, count()];
}

test.each([
  ['what is absent is nothing', [undefined], [], undefined, 1],
  ['what is good is read once', [3], [3], 3, 1],
  ['what fails is read again, and fails if it is the same', [3, 3, 3], [], '3 fails', 2],
  ['what was superseded meanwhile is read as it is now', [3, 4], [4], 4, 2],
  ['what goes on is followed', [3, 4, 5, 6], [6], 6, 4],
  ['what went away is nothing', [3, undefined], [], undefined, 2],
] as const)('%s', async (_, revisions, good, outcome, reads) => {
  expect(await reading(revisions, good)).toEqual([outcome, reads]);
});

test('what goes on for ever is given up', async () => {
  const revisions = Array.from({ length: 100 }, (_, index) => index + 1);
  expect(await reading(revisions, [100])).toEqual(['50 fails', 50]);
  expect(await reading(revisions, [50])).toEqual([50, 50]);
});
