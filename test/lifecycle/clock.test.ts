// What time it is for a set, and when a host's clock is too far behind to change it.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { nowFor, refuseClock } from '../../src/lifecycle/clock.ts';
import { at, moments, skews } from './key-lives.ts';

test.each([
  [100, undefined, 100],
  [100, 99, 100],
  [100, 100, 100],
  [100, 101, 101],
])('clock %d, last change %s: now is %d', (clock, updated, now) => {
  expect(nowFor(at(clock), updated === undefined ? undefined : at(updated))).toBe(now);
});

test('a clock that is behind by skew may write, by a second more not', () => {
  expect(refuseClock(at(1_000), undefined, 300)).toBeUndefined();
  expect(refuseClock(at(1_000), at(900), 300)).toBeUndefined();
  expect(refuseClock(at(1_000), at(1_300), 300)).toBeUndefined();
  expect(refuseClock(at(1_000), at(1_301), 300)).toContain('5 min');
  expect(refuseClock(at(1_000), at(1_001), 0)).toBeDefined();
  expect(refuseClock(at(0), at(4 * 86_400), 300)).toContain('4 d');
});

test('time never runs backwards for a set, and a clock that is ahead is never refused', () => {
  fc.assert(
    fc.property(moments, moments, skews, (clock, updated, skew) => {
      expect(nowFor(clock, updated)).toBe(Math.max(clock, updated));
      expect(refuseClock(clock, updated, skew) === undefined).toBe(clock + skew >= updated);
    }),
  );
});
