// Long work in portions: all of it, so much at a time, and others get their turn between.
import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { inBatches } from '../../src/keystore/in-batches.ts';

test('each item once, in order, and no more than a portion at a time', async () => {
  const seen: number[] = [];
  let open = 0;
  let most = 0;
  await inBatches([1, 2, 3, 4, 5], 2, async (item) => {
    open += 1;
    most = Math.max(most, open);
    await turn();
    seen.push(item);
    open -= 1;
  });
  expect([seen, most]).toEqual([[1, 2, 3, 4, 5], 2]);
});

test('between two portions others get their turn, and one portion takes none', async () => {
  const order: string[] = [];
  const other = async () => {
    await turn();
    order.push('other');
  };
  const note = (item: string) => void order.push(item);
  await Promise.all([other(), inBatches(['a', 'b', 'c'], 2, note)]);
  expect(order).toEqual(['a', 'b', 'other', 'c']);
  order.length = 0;
  const waiting = other();
  await inBatches(['a', 'b'], 2, note);
  expect(order).toEqual(['a', 'b']);
  await waiting;
});

test('nothing is no work, and what fails ends it', async () => {
  await inBatches([], 2, () => expect.unreachable());
  const seen: number[] = [];
  const work = inBatches([1, 2, 3], 1, (item) => {
    seen.push(item);
    if (item === 2) throw new Error('at 2');
  });
  await expect(work).rejects.toThrow('at 2');
  expect(seen).toEqual([1, 2]);
});
