// A set as it is being planned: who is next, what a change of dates tells, and what a new key is.
import { describe, expect, test } from 'vitest';
import { Draft, type SetLife, targetsOf } from '../../src/lifecycle/draft.ts';
import { keyOf } from './key-lives.ts';
import { active, day, ends, later, next, now, policyOf, targets } from './set-lives.ts';

const { rs256, es256, ecdh } = targets;
const draftOf = (set: SetLife) => new Draft(set, now);

describe('the first to sign of those that do not yet', () => {
  const nextOf = (...keys: SetLife['keys']) => draftOf({ keys }).next(rs256)?.kid;

  test('is the earlier in the set where two have one date, or none', () => {
    expect(nextOf(next('one', day), next('two', day))).toBe('one');
    expect(nextOf(keyOf('one'), keyOf('two'))).toBe('one');
  });

  test('is one with a date before one without', () => {
    expect(nextOf(keyOf('undated'), next('dated', 99 * day))).toBe('dated');
  });

  test('is held, of the role, and does not sign yet', () => {
    expect(nextOf(next('theirs', day, { held: false }), next('es', day, es256), active('k', day))).toBe(
      undefined,
    );
  });
});

describe('a key that signs now', () => {
  test('is not one that is to sign within skew', () => {
    const draft = draftOf({ keys: [next('next', 60), active('over', day, ends(-60))] });
    expect(draft.signer(rs256)?.kid).toBe('next');
    expect(draft.active(rs256)).toBeUndefined();
  });

  test('by the skew that is in force', () => {
    const keys = [next('next', 600), active('over', day, ends(0))];
    expect(draftOf({ keys }).signer(rs256)).toBeUndefined();
    expect(draftOf({ keys, policy: policyOf({ skew: 600 }) }).signer(rs256)?.kid).toBe('next');
  });
});

test('new keys are counted, and are what they were asked to be', () => {
  const draft = draftOf({ keys: [active('old', day)] });
  draft.add({ ...rs256, extra: true } as typeof rs256, 'old', {}, 'published', 'one');
  draft.add(ecdh, undefined, { activates: later(day) }, 'activated', 'two');
  expect(draft.keys.slice(0, 2)).toEqual([
    {
      ...ecdh,
      isNew: true,
      kid: '(new 2)',
      like: undefined,
      held: true,
      created: now,
      activates: later(day),
    },
    { ...rs256, isNew: true, kid: '(new 1)', like: 'old', held: true, created: now },
  ]);
  expect(draft.steps).toEqual([
    { event: 'published', kid: '(new 1)', reason: 'one' },
    { event: 'activated', kid: '(new 2)', reason: 'two' },
  ]);
});

test('dates that a key has already are no step; one that differs is', () => {
  const old = active('old', day, ends(day));
  const draft = draftOf({ keys: [old] });
  draft.date(old, ends(day), 'scheduled', 'the same');
  expect([draft.steps, draft.keys]).toEqual([[], [old]]);
  draft.date(old, { ...ends(day), retires: later(9 * day) }, 'scheduled', 'another');
  expect(draft.steps).toEqual([{ event: 'scheduled', kid: 'old', reason: 'another' }]);
  expect(draft.keys).toEqual([{ ...old, retires: later(9 * day) }]);
});

test('a set is not touched by its draft', () => {
  const keys = [active('old', day)];
  const draft = draftOf({ keys });
  draft.add(rs256, undefined, {}, 'published', '');
  expect(keys).toHaveLength(1);
});

test('an algorithm that is listed, or signed for, twice is wanted once; of a key nothing else is taken', () => {
  const keys = [active('enc', day, ecdh), active('enc2', 2 * day, ecdh)];
  expect(targetsOf(draftOf({ keys, listed: [rs256, es256, rs256] }))).toEqual([rs256, es256, ecdh]);
});
