// What policy will do next: the plan that is made then is the one that is told today.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { SetLife } from '../../src/lifecycle/draft.ts';
import { plannedKeys } from '../../src/lifecycle/forecast.ts';
import { at } from './key-lives.ts';
import {
  active,
  day,
  ends,
  facts,
  keysOf,
  later,
  lead,
  next,
  now,
  period,
  policy,
  policyOf,
  rotate,
  stepsOf,
  targets,
} from './set-lives.ts';

const planned = (set: SetLife) =>
  plannedKeys(set, now).map(({ alg, publishes, activates, succeeds }) => [
    alg,
    publishes - now,
    activates && activates - now,
    succeeds,
  ]);
const seen = policyOf({ publishedAt: ['https://example.com/jwks.json'] });
const old = active('old', 30 * day);

describe('a successor that is to come', () => {
  test.each<[string, SetLife, unknown[]]>([
    [
      'is published in time to sign when the period is over',
      { keys: [old], policy },
      [['RS256', 60 * day - lead, 60 * day, 'old']],
    ],
    [
      'is published now where it is overdue',
      { keys: [active('old', 2 * period)], policy },
      [['RS256', 0, lead, 'old']],
    ],
    ['waits to be seen', { keys: [old], policy: seen }, [['RS256', 60 * day - lead, undefined, 'old']]],
    [
      'of an algorithm that nobody signs for',
      { keys: [old], policy, listed: [targets.es256] },
      [['ES256', 0, lead, undefined]],
    ],
    ['is not told of where it is there', { keys: [next('next', day), { ...old, ...ends(day) }], policy }, []],
    ['is not wanted without a period', { keys: [old] }, []],
    [
      'comes sooner where the signer stops sooner',
      { keys: [{ ...old, ...ends(9 * day) }], policy },
      [['RS256', 9 * day - lead, 9 * day, 'old']],
    ],
  ])('%s', (_, set, keys) => {
    expect(planned(set)).toEqual(keys);
  });

  test('of each algorithm that signs', () => {
    const keys = [old, active('enc', 30 * day, targets.ecdh)];
    expect(planned({ keys, policy }).map(([alg]) => alg)).toEqual(['RS256', 'ECDH-ES']);
  });
});

test('whatever was lowered: at that time it is due, a second sooner it is not, and it has the date that was told', () => {
  const spans = fc.nat({ max: 20 * day });
  const lowered = fc.record({ publishLag: spans, verifierCache: spans, skew: fc.nat({ max: 900 }) });
  fc.assert(
    fc.property(spans, lowered, fc.nat({ max: 60 * day }), (age, some, span) => {
      const was = [{ facts: { ...facts, ...some }, until: later(span) }];
      const set = { keys: [active('old', age)], policy: policyOf({}, was) };
      const [plan] = plannedKeys(set, now);
      if (plan === undefined) throw new Error('nothing is planned');
      const then = rotate(set, undefined, plan.publishes);
      expect(keysOf(then)[0]?.activates).toBe(plan.activates);
      if (plan.publishes > now) expect(stepsOf(rotate(set, undefined, at(plan.publishes - 1)))).toEqual([]);
    }),
  );
});
