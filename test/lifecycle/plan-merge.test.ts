// What a kept state takes in from another one: what was over there, and nothing that was only planned.
import { describe, expect, test } from 'vitest';
import { planMerge } from '../../src/lifecycle/plan-merge.ts';
import { active, day, ends, keysOf, later, minute, next, now, policy, stepsOf } from './set-lives.ts';

const signer = active('signer', day);
const old = { ...active('old', 30 * day), ...ends(-day, 2 * day) };
const merge = (
  keys: Parameters<typeof planMerge>[0]['keys'],
  other: Parameters<typeof planMerge>[1]['keys'],
  updated = now,
) => planMerge({ policy, keys }, { keys: other, updated }, now);

describe('dates that were still to come there', () => {
  const before = later(-10 * day);

  test('a rotation that was cancelled since ends nobody', () => {
    // There the signer was to leave two days ago.
    const planned = { ...signer, ...ends(-5 * day, 3 * day) };
    expect(stepsOf(merge([signer], [planned, next('next', -5 * day)], before))).toEqual([]);
  });

  test('a key that leaves later since then stays until then', () => {
    expect(stepsOf(merge([signer, old], [signer, { ...old, retires: later(-day) }], before))).toEqual([]);
  });
});

describe('what was over there', () => {
  const over = { ...old, held: false, jwk: undefined, retires: later(-2 * day) };

  test('a key that was retired is buried', () => {
    const { keys } = merge([signer, old], [signer, over], later(-day));
    expect(keys.find(({ kid }) => kid === 'old')).toMatchObject({ held: false, retires: later(-2 * day) });
  });

  test('one that was revoked is, also by a clock that was ahead of this one', () => {
    for (const at of [later(-day), later(4 * minute)]) {
      const revoked = { at, reason: 'keyCompromise' } as const;
      const { keys } = merge([signer, old], [signer, { ...over, revoked }], later(-20 * day));
      const own = keys.find(({ kid }) => kid === 'old');
      expect(own).toMatchObject({ held: false, revoked: { reason: 'keyCompromise' } });
      expect(own?.jwk).toBeUndefined();
      expect(own?.revoked?.at).toBeLessThanOrEqual(now);
    }
  });

  test('the signer that was revoked there has a successor at once', () => {
    const revoked = { at: later(-day), reason: 'keyCompromise' } as const;
    const { keys } = merge([signer, next('next', 5 * day)], [{ ...signer, held: false, revoked }]);
    expect(keys.find(({ kid }) => kid === 'next')?.activates).toBe(now);
  });

  test('a name that is not known here stays taken', () => {
    const { keys } = merge([signer], [{ ...over, kid: 'unknown' }], later(-day));
    expect(keysOf({ steps: [], keys }).map(({ kid }) => kid)).toContain('unknown');
  });

  test('and what is revoked here stays so', () => {
    const revoked = { at: later(-day), reason: 'superseded' } as const;
    expect(stepsOf(merge([signer, { ...over, revoked }], [signer, over], later(-day)))).toEqual([]);
  });
});

test('where there is nothing to take over, the keys stay the very same, untidied', () => {
  const keys = [signer, { ...old, ...ends(-9 * day) }];
  const plan = merge(keys, [signer]);
  expect(plan.steps).toEqual([]);
  expect(plan.keys).toBe(keys);
});

test('what is over on both sides is not told of again', () => {
  const retired = { ...active('k', 40 * day, ends(-9 * day)), held: false, jwk: undefined };
  const revoked = { ...retired, revoked: { at: later(-8 * day), reason: 'superseded' } as const };
  expect(stepsOf(merge([signer, retired], [retired]))).toEqual([]);
  expect(stepsOf(merge([signer, revoked], [revoked]))).toEqual([]);
  expect(stepsOf(merge([signer, retired], [revoked]))).toEqual(['revoked k']);
});

test('a name that comes in is one alone', () => {
  const gone = active('gone', 40 * day, ends(-9 * day));
  const { keys, steps } = merge([signer], [gone]);
  expect(keys).toEqual([{ ...gone, held: false, jwk: undefined }, signer]);
  expect(steps).toHaveLength(1);
});

describe('in place of a signer that is over there', () => {
  const gone = (key: typeof signer) => ({ ...key, held: false, jwk: undefined, retires: later(-day) });

  test('a new key is made where none waits', () => {
    expect(stepsOf(merge([signer], [gone(signer)]))).toEqual(['deleted signer', 'activated (new 1)']);
  });

  test('none, where nobody signed', () => {
    const theirs = { ...signer, held: false };
    expect(stepsOf(merge([theirs], [gone(signer)]))).toEqual(['deleted signer']);
  });
});
