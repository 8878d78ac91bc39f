// A set that no document can hold is refused before anything is written.
import { expect, test } from 'vitest';
import { documentOf } from '../../src/keystore/set-id.ts';
import { auth, memoryKeystore, mustRead, note } from '../support/keystore.ts';
import { toldBy } from '../support/told.ts';

test('the set stays as it was, and it is said how large it would have been', {
  timeout: 60_000,
}, async () => {
  const made = await memoryKeystore();
  const keystore = await made.open();
  await keystore.change(auth, note('first'), { create: true });
  const told = await toldBy(() => keystore.change(auth, note('x'.repeat(50_400_000))));
  expect(told).toMatchObject({ code: 'failed', hint: 'use several sets; nothing was changed' });
  expect(told.message).toMatch(/^set "auth" is too large: 672\d{5} bytes$/);
  expect((await mustRead(made.storage, documentOf(auth))).revision).toBe(1);
});
