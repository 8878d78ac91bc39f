// A set as it stood: without what was made, planned or destroyed since.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { stateOf } from '../../src/lifecycle/key.ts';
import { keysAt, type PastStep } from '../../src/lifecycle/past.ts';
import { at, keyOf, kidsOf, moments, sets } from './key-lives.ts';

const life = { jwk: {}, activates: at(10), deactivates: at(20), retires: at(30) };
const key = keyOf('k', life);
const step = (time: number, event: string, kid = 'k'): PastStep => ({ at: at(time), event, kid });
const past = (time: number, one = key, ...events: PastStep[]) => keysAt({ keys: [one], events }, at(time))[0];

test('has the keys that were made by then', () => {
  fc.assert(
    fc.property(sets, moments, (keys, now) => {
      const made = keys.filter(({ created }) => created <= now);
      expect(kidsOf(keysAt({ keys }, now))).toEqual(kidsOf(made));
    }),
  );
  expect(kidsOf(keysAt({ keys: [keyOf('k', { created: at(5) })] }, at(5)))).toEqual(['k']);
  expect(keysAt({ keys: [keyOf('k', { created: at(5) })] }, at(4))).toEqual([]);
});

test('of a time to come it is as it is', () => {
  expect(past(40, key, step(0, 'created'), step(15, 'scheduled'))).toBe(key);
});

describe('an end', () => {
  test('that was planned later is not there yet', () => {
    const before = past(12, key, step(0, 'published'), step(15, 'scheduled'));
    expect(before).toMatchObject({ activates: at(10), deactivates: undefined, retires: undefined });
    expect(past(15, key, step(0, 'published'), step(15, 'scheduled'))).toBe(key);
  });

  test.each(['scheduled', 'retired', 'imported'])(
    'that was there by then (%s) stays, though it moved since',
    (event) => {
      expect(past(12, key, step(11, event), step(15, 'scheduled'))).toBe(key);
    },
  );

  test('that came with the last step by then is there', () => {
    expect(past(12, key, step(0, 'published'), step(12, 'activated'))).toBe(key);
    expect(past(12, key, step(12, 'scheduled'), step(15, 'scheduled'))).toBe(key);
  });

  test.each(['created', 'imported', 'published', 'scheduled', 'activated', 'retired', 'cancelled'])(
    'that came later, by whatever dates a key (%s), is not there yet',
    (event) => {
      expect(past(12, key, step(15, event))).toMatchObject({ deactivates: undefined, retires: undefined });
    },
  );

  test.each(['seen', 'destroyed', 'deleted', 'revoked'])(
    'does not come with a step that has none (%s)',
    (event) => {
      expect(past(12, key, step(15, event))).toBe(key);
    },
  );

  test('of another key is no matter', () => {
    expect(past(12, key, step(0, 'published'), step(15, 'scheduled', 'another'))).toBe(key);
  });

  test('is as it is where the history tells nothing', () => {
    expect(past(12)).toBe(key);
  });
});

describe('a key of which only the name is left', () => {
  const bare = { ...key, held: false, jwk: undefined };

  test('was whole while it was no tombstone', () => {
    expect(past(12, bare)).toEqual({ ...bare, held: true });
    expect(stateOf(past(40, bare) ?? key, at(40))).toBe('retired');
  });

  test('where the public half is still there, the private one was not ours', () => {
    expect(past(12, { ...key, held: false })).toMatchObject({ held: false });
  });
});
