// What time it is for a set, and when a host's clock is too far off to change it.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { nowFor, refuseClock, refuseIdle } from '../../src/lifecycle/clock.ts';
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
  expect(refuseClock(at(1_000), at(1_301), 300)).toBe("this host's clock is 5 min behind the last change");
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

const day = 86_400;

test.each<[string, number | undefined, number | undefined, boolean]>([
  ['a new set', undefined, undefined, false],
  ['400 days after the last change', 400, undefined, false],
  ['a second later', 400 + 1 / day, undefined, true],
  ['400 days and a second, with a period of 90 days', 400 + 1 / day, 90, true],
  ['two periods that are longer', 730, 365, false],
  ['a second more than those', 730 + 1 / day, 365, true],
  ['a clock that is behind', -1_000, undefined, false],
])('a clock that shows %s: wants to be forced', (_, idle, rotateEvery, isRefused) => {
  const clock = at(20_000 * day);
  const updated = idle === undefined ? undefined : at(clock - idle * day);
  const refusal = refuseIdle(clock, updated, rotateEvery && rotateEvery * day);
  expect(refusal !== undefined).toBe(isRefused);
});

test('the refusal says how long ago that was, and by which clock', () => {
  expect(refuseIdle(at(500 * day), at(9 * day), undefined)).toBe(
    "its last change was 491 d ago by this host's clock (1971-05-16T00:00:00Z)",
  );
});
