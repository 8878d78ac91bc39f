// What happens next to a key: the sentence is true, and nothing happens before it.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { stateOf } from '../../src/lifecycle/key.ts';
import { type NextChange, nextChange } from '../../src/lifecycle/next-change.ts';
import { at, type Dates, keyOf, moments, orderedKeys } from './key-lives.ts';

const all: Dates = { activates: at(10), deactivates: at(20), retires: at(30) };

test.each<[Dates, number, NextChange]>([
  [{}, 0, { change: 'waits' }],
  [all, 9, { change: 'activates', at: at(10) }],
  [all, 10, { change: 'deactivates', at: at(20) }],
  [all, 20, { change: 'retires', at: at(30) }],
  [all, 30, { change: 'gone' }],
  [{ activates: at(10) }, 10, { change: 'stays' }],
  [{ activates: at(10), retires: at(30) }, 10, { change: 'retires', at: at(30) }],
  [{ activates: at(10), deactivates: at(20) }, 20, { change: 'stays' }],
  [{ ...all, revoked: { at: at(5), reason: 'superseded' } }, 5, { change: 'gone' }],
])('%j at %d: %j', (dates, now, change) => {
  expect(nextChange(keyOf('k', dates), at(now))).toEqual(change);
});

test('the state changes at the date that is told, and not before', () => {
  fc.assert(
    fc.property(orderedKeys, moments, (life, now) => {
      const key = { ...life, revoked: undefined };
      const next = nextChange(key, now);
      if (!('at' in next)) return;
      expect(next.at).toBeGreaterThan(now);
      expect(stateOf(key, at(next.at - 1))).toBe(stateOf(key, now));
      expect(stateOf(key, next.at)).not.toBe(stateOf(key, now));
    }),
  );
});

test('where no date is told, no state changes by itself', () => {
  fc.assert(
    fc.property(orderedKeys, moments, (life, now) => {
      const key = { ...life, revoked: undefined };
      if ('at' in nextChange(key, now)) return;
      expect(stateOf(key, at(now + 1_000))).toBe(stateOf(key, now));
    }),
  );
});
