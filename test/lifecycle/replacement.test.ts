// The keys of a set replaced by those of a list: what comes in, what goes, who signs, and what stays as it is.
import { describe, expect, test } from 'vitest';
import type { SetLife } from '../../src/lifecycle/draft.ts';
import type { KeyLife } from '../../src/lifecycle/key.ts';
import { planReplacement } from '../../src/lifecycle/plan-replacement.ts';
import { signerOf } from '../../src/lifecycle/signer.ts';
import { keyOf, kidsOf } from './key-lives.ts';
import { active, day, ends, later, livesOf, next, now, policy, skew, stepsOf, targets } from './set-lives.ts';

const old = active('old', 30 * day);
const young = active('young', day);
const fresh = (kid: string, life: Partial<KeyLife> = {}) =>
  keyOf(kid, { jwk: {}, created: later(-99 * day), ...life });

/** The list in its order: kids of keys that the set has, and keys that come in. `open`: of these only the public half. */
function put(keys: readonly KeyLife[], list: readonly (string | KeyLife)[], open: readonly string[] = []) {
  const set: SetLife = { keys, policy };
  const kids = list.map((one) => (typeof one === 'string' ? one : one.kid));
  const incoming = list.filter((one) => typeof one !== 'string');
  const privateKids = kids.filter((kid) => !open.includes(kid));
  return planReplacement(set, now, { kids, incoming, privateKids }, ({ kid }) => `from ${kid}.json`);
}
const signerIn = (
  plan: { readonly keys: readonly KeyLife[] },
  role: typeof targets.rs256 | typeof targets.es256 = targets.rs256,
) => signerOf(plan.keys, role, now, skew)?.kid;

describe('a list of what the set has', () => {
  test('does nothing, and gives the very keys back', () => {
    const keys = [young, old];
    const plan = put(keys, ['old', 'young']);
    expect(plan.steps).toEqual([]);
    expect(plan.keys).toBe(keys);
  });

  test('its last key signs from now on, and stands in front', () => {
    const plan = put([young, old], ['young', 'old']);
    expect(plan.steps).toEqual([{ event: 'activated', kid: 'old', reason: 'the last of the keys put' }]);
    expect(kidsOf(plan.keys)).toEqual(['old', 'young']);
    expect(livesOf(plan)).toEqual({
      old: ['active', 0, undefined, undefined],
      young: ['active', -day, undefined, undefined],
    });
    expect(signerIn(plan)).toBe('old');
  });

  test('one that was to stop then no longer does', () => {
    const plan = put([young, { ...old, ...ends(9 * day) }], ['young', 'old']);
    expect(livesOf(plan)['old']).toEqual(['active', 0, undefined, undefined]);
  });

  test('of keys that began in this second only the order changes', () => {
    const keys = [active('one', 0), active('two', 0)];
    const plan = put(keys, ['one', 'two']);
    expect(plan.steps).toEqual([{ event: 'activated', kid: 'two', reason: 'the last of the keys put' }]);
    expect(plan.keys).toEqual([keys[1], keys[0]]);
    expect(stepsOf(put(plan.keys, ['one', 'two']))).toEqual([]);
  });

  test('a public half does not sign, though it is the last', () => {
    expect(stepsOf(put([young, old], ['young', 'old'], ['old']))).toEqual([]);
  });

  test('nor one of which the set has no more than that, though the list has it whole', () => {
    const theirs = active('theirs', day, { held: false });
    expect(stepsOf(put([theirs], ['theirs']))).toEqual([]);
    expect(stepsOf(put([theirs, young, old], ['young', 'old', 'theirs']))).toEqual(['activated old']);
  });

  test('each role by itself', () => {
    const es = [active('es1', day, targets.es256), active('es2', 9 * day, targets.es256)];
    const plan = put([young, old, ...es], ['es1', 'old', 'es2', 'young']);
    expect(stepsOf(plan)).toEqual(['activated es2']);
    expect(kidsOf(plan.keys)).toEqual(['es2', 'young', 'old', 'es1']);
    expect([signerIn(plan), signerIn(plan, targets.es256)]).toEqual(['young', 'es2']);
  });

  test.each([
    ['is to sign later', next('k', 5 * day)],
    ['no longer signs', active('k', 40 * day, ends(-day))],
  ])('a key that %s keeps its dates, though it is the last', (_, key) => {
    expect(stepsOf(put([young, key], ['young', 'k']))).toEqual([]);
  });
});

describe('keys that come in', () => {
  test('begin now, in front of the others; the last of them signs', () => {
    const plan = put([old], ['old', fresh('a'), fresh('b')]);
    expect(plan.steps).toEqual([
      { event: 'imported', kid: 'b', reason: 'from b.json' },
      { event: 'imported', kid: 'a', reason: 'from a.json' },
    ]);
    expect(kidsOf(plan.keys)).toEqual(['b', 'a', 'old']);
    expect(plan.keys.map(({ created, activates }) => [created - now, Number(activates) - now])).toEqual([
      [0, 0],
      [0, 0],
      [-30 * day, -30 * day],
    ]);
    expect(signerIn(plan)).toBe('b');
  });

  test('behind one that the set has, that one signs', () => {
    const plan = put([old], [fresh('a'), 'old']);
    expect(stepsOf(plan)).toEqual(['imported a', 'activated old']);
    expect(kidsOf(plan.keys)).toEqual(['old', 'a']);
    expect(signerIn(plan)).toBe('old');
  });

  test('as public halves they do not sign, and leave the signer alone', () => {
    const plan = put([old], ['old', fresh('theirs', { held: false })], ['theirs']);
    expect(stepsOf(plan)).toEqual(['imported theirs']);
    expect(signerIn(plan)).toBe('old');
  });

  test('in an empty set', () => {
    expect(livesOf(put([], [fresh('a')]))).toEqual({ a: ['active', 0, undefined, undefined] });
  });
});

describe('keys that the list does not have', () => {
  test('are gone at once but for their names, and a step tells of each', () => {
    const plan = put([young, old], ['young']);
    expect(plan.steps).toEqual([{ event: 'deleted', kid: 'old', reason: 'it was left out of the keys put' }]);
    expect(plan.keys).toEqual([young, { ...old, held: false, jwk: undefined, retires: now }]);
  });

  test('also those that are to sign, or no longer do; tombstones are let be', () => {
    const over = { ...active('over', 40 * day, ends(-9 * day)), held: false, jwk: undefined };
    const keys = [young, next('next', day), active('retiring', 40 * day, ends(-day)), over];
    expect(stepsOf(put(keys, ['young']))).toEqual(['deleted next', 'deleted retiring']);
  });

  test('where the signer goes, another signs, and none is made', () => {
    expect(signerIn(put([young, old], ['old']))).toBe('old');
    expect(stepsOf(put([old], []))).toEqual(['deleted old']);
    const waiting = put([next('next', 5 * day), old], ['next']);
    expect(stepsOf(waiting)).toEqual(['deleted old', 'activated next']);
    expect(livesOf(waiting)['next']).toEqual(['active', 0, undefined, undefined]);
  });

  test('where only what does not sign goes, a successor that waits still does', () => {
    const plan = put([next('next', 5 * day), { ...young, ...ends(5 * day) }, old], ['next', 'young']);
    expect(stepsOf(plan)).toEqual(['deleted old']);
  });

  test('where the successor goes, the signer goes on', () => {
    const plan = put([next('next', 5 * day), { ...young, ...ends(5 * day) }], ['young'], ['young']);
    expect(stepsOf(plan)).toEqual(['deleted next', 'scheduled young']);
    expect(livesOf(plan)['young']).toEqual(['active', -day, undefined, undefined]);
  });
});

test('what has had its time is destroyed meanwhile, and only where something is done', () => {
  const over = active('over', 40 * day, ends(-9 * day));
  expect(stepsOf(put([young, over], ['young', fresh('a')]))).toEqual(['imported a', 'destroyed over']);
  expect(stepsOf(put([young, over], ['young']))).toEqual([]);
});
