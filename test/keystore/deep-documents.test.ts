// Documents that are nested beyond all measure are damaged, and no fault of ours.
import { expect, test } from 'vitest';
import { codeOf } from '../support/keystore.ts';
import { setName, tamperedKeystore } from '../support/keystore-tampering.ts';

const most = 200_000;

test.each([
  ['[', '['.repeat(most)],
  ['{"a":', '{"a":'.repeat(most)],
  ['[...]', '['.repeat(most) + ']'.repeat(most)],
])('200 000 times %s', async (_, text) => {
  const { storage, openSet, set, master } = await tamperedKeystore();
  storage.plant(setName, { ...set, bytes: Buffer.from(text) });
  expect(await codeOf(openSet())).toBe('damaged');
  storage.plant(setName, set);
  storage.plant('master', { ...master, bytes: Buffer.from(text) });
  expect(await codeOf(openSet())).toBe('damaged');
});
