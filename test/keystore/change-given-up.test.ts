// A change that others are always faster than is given up after a minute, and not before.
import { expect, onTestFinished, test, vi } from 'vitest';
import { auth, memoryKeystore, note } from '../support/keystore.ts';
import { toldBy } from '../support/told.ts';
import { WatchedStorage } from '../support/watched-storage.ts';

/** A storage in which somebody else is always first, on a host that counts so many seconds at the third attempt. */
async function outrun(seconds: number) {
  const made = await memoryKeystore();
  const since = performance.now();
  const clock = vi.spyOn(performance, 'now').mockReturnValue(since);
  onTestFinished(() => clock.mockRestore());
  let attempts = 0;
  const storage = new WatchedStorage(made.storage, async (call) => {
    if (!call.startsWith('replace')) return undefined;
    attempts += 1;
    if (attempts === 3) clock.mockReturnValue(since + seconds * 1_000);
    return attempts < 5 ? 'conflict' : undefined;
  });
  const keystore = await made.open({ storage });
  return { keystore, count: () => attempts };
}

const hint = 'nothing was changed; run it again';

test('of a set', async () => {
  const { keystore, count } = await outrun(60.001);
  expect(await toldBy(() => keystore.change(auth, note('late'), { create: true }))).toEqual({
    code: 'conflict',
    message: 'set "auth" was changed by others for a minute without a pause',
    hint,
  });
  expect(count()).toBe(3);
  const patient = await outrun(60);
  expect((await patient.keystore.change(auth, note('late'), { create: true })).written).toBe(true);
  expect(patient.count()).toBe(5);
});

test('of the master document', async () => {
  const noted = (keystore: Awaited<ReturnType<typeof outrun>>['keystore']) =>
    keystore.changeMaster(async ({ slots }) => ({ slots, event: 'noted', mustOpen: [] }));
  const { keystore, count } = await outrun(60.001);
  expect(await toldBy(() => noted(keystore))).toEqual({
    code: 'conflict',
    message: 'the master document was changed by others for a minute without a pause',
    hint,
  });
  expect(count()).toBe(3);
  const patient = await outrun(60);
  expect((await noted(patient.keystore)).revision).toBe(2);
  expect(patient.count()).toBe(5);
});
