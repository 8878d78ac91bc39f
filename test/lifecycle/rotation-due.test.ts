// What is due, and when: `rotate --due` publishes a successor, never sooner than it may sign, and else only tidies.
import { describe, expect, test } from 'vitest';
import type { KeyLife } from '../../src/lifecycle/key.ts';
import {
  active,
  applied,
  day,
  ends,
  facts,
  grace,
  hour,
  later,
  lead,
  livesOf,
  minute,
  next,
  period,
  policy,
  policyOf,
  rotate,
  stepsOf,
  targets,
} from './set-lives.ts';

const made = ['published (new 1)', 'scheduled old'];

describe('a successor is due', () => {
  test.each([
    ['a second before activates + rotateEvery - publishAhead: nothing', period - lead - 1, []],
    ['that second', period - lead, made],
    ['a day late', period - lead + day, made],
    ['when the key should have been succeeded', period, made],
    ['three periods late: one, however many were missed', 4 * period, made],
  ])('%s', (_, age, steps) => {
    expect(stepsOf(rotate({ keys: [active('old', age)], policy }))).toEqual(steps);
  });

  test.each([0, day, period, 10 * period])(
    '%d seconds late it still is published ahead, and the overdue key goes on meanwhile',
    (late) => {
      const age = period - lead + late;
      expect(livesOf(rotate({ keys: [active('old', age)], policy }))).toEqual({
        '(new 1)': ['next', lead, undefined, undefined],
        old: ['active', -age, lead, lead + grace],
      });
    },
  );

  test('in time, and so it signs when its period begins', () => {
    const plan = rotate({ keys: [active('old', period - lead)], policy });
    expect(livesOf(plan)['(new 1)']?.[1]).toBe(lead);
    expect(livesOf(plan)['old']?.[1]).toBe(lead - period);
  });

  test.each([
    ['an encryption key', targets.ecdh, 24 * hour + 5 * minute],
    ['a symmetric signing key', targets.hs256, lead],
    ['a symmetric encryption key', targets.a256kw, 24 * hour + 5 * minute],
  ])('of %s its own lead ahead', (_, target, ahead) => {
    const at = (age: number) => stepsOf(rotate({ keys: [active('old', age, target)], policy }));
    expect(at(period - ahead - 1)).toEqual([]);
    expect(at(period - ahead)).toEqual(made);
  });

  test('by when the signer was activated, not when it was made', () => {
    const old = active('old', day, { created: later(-400 * day) });
    expect(stepsOf(rotate({ keys: [old], policy }))).toEqual([]);
    expect(stepsOf(rotate({ keys: [old], policy }, undefined, later(period - lead - day)))).toEqual(made);
  });

  test('by the signer, not by an older key beside it', () => {
    const keys = [active('signer', day), active('old', 4 * period)];
    expect(stepsOf(rotate({ keys, policy }))).toEqual([]);
  });

  test('when the signer is to stop sooner than its period is over', () => {
    const old = active('old', day, ends(lead));
    expect(stepsOf(rotate({ keys: [old], policy }))).toEqual(['published (new 1)']);
    expect(stepsOf(rotate({ keys: [{ ...old, ...ends(lead + 1) }], policy }))).toEqual([]);
  });

  test('where it comes too late for that, the key goes on until its successor signs', () => {
    const lives = livesOf(rotate({ keys: [active('old', day, ends(hour))], policy }));
    expect(lives['old']).toEqual(['active', -day, lead, lead + grace]);
  });

  test('at once for an algorithm that the policy lists and no key signs for', () => {
    const plan = rotate({ keys: [], policy, listed: [targets.rs256] });
    expect(livesOf(plan)).toEqual({ '(new 1)': ['next', lead, undefined, undefined] });
  });

  test('not while there is a next key, however overdue the signer', () => {
    const keys = [next('next', day), active('old', 4 * period, ends(day))];
    expect(stepsOf(rotate({ keys, policy }))).toEqual([]);
  });

  test('for each role by itself', () => {
    const keys = [
      active('old', period),
      active('es', period - lead, targets.es256),
      active('enc', day, targets.ecdh),
    ];
    expect(stepsOf(rotate({ keys, policy }))).toEqual([
      'published (new 1)',
      'scheduled old',
      'published (new 2)',
      'scheduled es',
    ]);
  });

  test('as if a lowered span were lowered no more, where it is over by then', () => {
    const was = [{ facts: { ...facts, publishLag: 9 * day }, until: later(2 * day) }];
    const at = (age: number) => stepsOf(rotate({ keys: [active('old', age)], policy: policyOf({}, was) }));
    const long = lead + 8 * day;
    expect(at(period - long - 1)).toEqual([]);
    // Due by what counts today, but by the day on which it matters that no longer does.
    expect(at(period - long)).toEqual([made].flat());
  });
});

test('what was done is not done again', () => {
  const set = { keys: [active('old', period)], policy };
  const once = applied(set, rotate(set));
  expect(stepsOf(rotate(once))).toEqual([]);
  expect(stepsOf(rotate(once, undefined, later(lead)))).toEqual([]);
});

describe('without a period', () => {
  const over = active('over', 9 * day, ends(-3 * day));
  const keys = [active('old', 4 * period), over];

  test.each([
    ['no policy', undefined],
    ['a policy without rotateEvery', policyOf({ rotateEvery: undefined })],
  ])('%s: the set is tidied, and no successor is made', (_, some) => {
    const plan = rotate({ keys, policy: some });
    expect(stepsOf(plan)).toEqual(['destroyed over']);
    expect(stepsOf(rotate({ keys: keys.slice(0, 1), policy: some }))).toEqual([]);
  });

  test('no key is made for an algorithm that is listed, and none of another ends', () => {
    const set = { policy: policyOf({ rotateEvery: undefined }), listed: [targets.es256] };
    expect(stepsOf(rotate({ keys: keys.slice(0, 1), ...set }))).toEqual([]);
  });
});

test('a set in which nothing is due has no steps, and its keys as they were', () => {
  const keys: readonly KeyLife[] = [active('signer', day), active('retiring', 40 * day, ends(-hour))];
  expect(rotate({ keys, policy })).toEqual({ steps: [], keys });
});

test('what is due by a clock at the very moment of a switch: the new key signs, the old one retires', () => {
  const keys = [next('next', 0), active('old', period, ends(0))];
  expect(livesOf(rotate({ keys, policy }))).toEqual({
    next: ['active', 0, undefined, undefined],
    old: ['retiring', -period, 0, grace],
  });
});
