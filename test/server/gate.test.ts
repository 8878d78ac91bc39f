// At most so many at a time, and so many waiting.
import { expect, test, vi } from 'vitest';
import { Gate } from '../../src/server/gate.ts';

test('two run at a time, others in the order in which they came, also after a failure', async () => {
  const gate = new Gate(2, 10);
  const ends: ((error?: Error) => void)[] = [];
  const began: number[] = [];
  const jobs = [0, 1, 2, 3].map((number) =>
    gate.run(
      () =>
        new Promise<number>((resolve, reject) => {
          began.push(number);
          ends.push((error) => (error === undefined ? resolve(number) : reject(error)));
        }),
    ),
  );
  await Promise.resolve();
  expect(began).toEqual([0, 1]);
  ends[1]?.(new Error('broken'));
  await expect(jobs[1]).rejects.toThrow('broken');
  await vi.waitFor(() => expect(began).toEqual([0, 1, 2]));
  ends[0]?.();
  expect(await jobs[0]).toBe(0);
  await vi.waitFor(() => expect(began).toEqual([0, 1, 2, 3]));
  for (const end of ends) end();
  expect(await Promise.all([jobs[2], jobs[3]])).toEqual([2, 3]);
});

test('tells when nobody else should wait', async () => {
  const gate = new Gate(1, 1);
  let end = () => {};
  const first = gate.run(
    () =>
      new Promise<void>((resolve) => {
        end = resolve;
      }),
  );
  const second = gate.run(async () => 'second');
  await Promise.resolve();
  expect(gate.isFull).toBe(true);
  end();
  await first;
  expect(await second).toBe('second');
  expect(gate.isFull).toBe(false);
});

test('once it is closed who waits goes away, and who is in goes on', async () => {
  const gate = new Gate(1, 5);
  let end = () => {};
  const first = gate.run(
    () =>
      new Promise<string>((resolve) => {
        end = () => resolve('first');
      }),
  );
  const second = gate.run(async () => 'second');
  await Promise.resolve();
  gate.close();
  expect(await second).toBeUndefined();
  expect(await gate.run(async () => 'third')).toBeUndefined();
  end();
  expect(await first).toBe('first');
});
