// A change of policy: what is lowered counts on for a while, what is raised moves dates later, and never earlier.
import { describe, expect, test } from 'vitest';
import type { SetLife } from '../../src/lifecycle/draft.ts';
import type { KeyLife } from '../../src/lifecycle/key.ts';
import { planPolicy } from '../../src/lifecycle/plan-policy.ts';
import { defaultFacts, factsInForce, type PolicyFacts } from '../../src/lifecycle/policy.ts';
import { keyOf } from './key-lives.ts';
import {
  active,
  day,
  ends,
  facts,
  grace,
  hour,
  later,
  lead,
  livesOf,
  next,
  now,
  period,
  policy,
  policyOf,
  rotate,
  skew,
  stepsOf,
  targets,
} from './set-lives.ts';

const change = (set: SetLife, some: Partial<PolicyFacts>) => planPolicy(set, { ...facts, ...some }, now);
const old = active('old', 30 * day);

describe('facts in force', () => {
  const was = (some: Partial<PolicyFacts>, span: number) => ({
    facts: { ...facts, ...some },
    until: later(span),
  });

  test('are the policy, or what counts where nothing was said', () => {
    expect(factsInForce(undefined, now)).toEqual(defaultFacts);
    expect(factsInForce(policyOf({ tokenTtl: 7 }), now)).toEqual({ ...facts, tokenTtl: 7 });
  });

  test.each<[string, number, number]>([
    ['a second before its time is over', -1, 9 * day],
    ['then', 0, day],
    ['later', day, day],
  ])('of a span that was lowered the old one, %s', (_, span, ttl) => {
    const lowered = policyOf({}, [was({ tokenTtl: 9 * day }, day)]);
    expect(factsInForce(lowered, later(day + span)).tokenTtl).toBe(ttl);
  });

  test('of several that were lowered the largest, each fact by itself', () => {
    const lowered = policyOf({}, [
      was({ tokenTtl: 9 * day }, day),
      was({ tokenTtl: hour, publishLag: 8 * day }, day),
    ]);
    expect(factsInForce(lowered, now)).toMatchObject({ tokenTtl: 9 * day, publishLag: 8 * day, skew });
  });

  test('never of the period, the algorithms or the places', () => {
    const lowered = policyOf({ alg: ['ES256'] }, [
      was({ rotateEvery: 2 * period, alg: ['RS256'], destroyRetiring: true }, day),
    ]);
    expect(factsInForce(lowered, now)).toMatchObject({ rotateEvery: period, alg: ['ES256'] });
    expect(factsInForce(lowered, now).destroyRetiring).toBeUndefined();
  });
});

describe('what is lowered', () => {
  test('counts at its old value until the longest span that follows from it is over', () => {
    expect(change({ keys: [old], policy }, { verifierCache: 0 }).policy).toEqual({
      facts: { ...facts, verifierCache: 0 },
      was: [{ facts, until: later(lead) }],
    });
    const long = policyOf({ tokenTtl: 9 * day });
    expect(change({ keys: [old], policy: long }, { tokenTtl: day }).policy.was[0]?.until).toBe(
      later(10 * day + skew),
    );
  });

  test('also where that is the span of an encryption key that is there', () => {
    const keys = [old, active('enc', day, targets.ecdh)];
    expect(change({ keys, policy }, { verifierCache: 0 }).policy.was[0]?.until).toBe(later(lead + day));
  });

  test('not one that is not, or of which only the name is left', () => {
    const gone = active('enc', 99 * day, { ...targets.ecdh, ...ends(-9 * day), held: false, jwk: undefined });
    expect(change({ keys: [old, gone], policy }, { verifierCache: 0 }).policy.was[0]?.until).toBe(
      later(lead),
    );
  });

  test('and where nothing was said before', () => {
    expect(change({ keys: [old] }, { publishLag: 0 }).policy.was).toEqual([
      { facts: defaultFacts, until: later(lead) },
    ]);
  });

  test('counts for the next successor, until it counts no more', () => {
    const lowered = change({ keys: [old], policy }, { verifierCache: 0 }).policy;
    const set = { keys: [old], policy: lowered };
    const successor = { kind: 'successor' } as const;
    expect(livesOf(rotate(set, successor, later(hour)))['(new 1)']?.[1]).toBe(hour + lead);
    expect(livesOf(rotate(set, successor, later(lead)))['(new 1)']?.[1]).toBe(lead + lead - day);
  });

  test('what was lowered before counts on, what counts no more is forgotten', () => {
    const was = [
      { facts: { ...facts, skew: 900 }, until: later(hour) },
      { facts: { ...facts, skew: 800 }, until: now },
    ];
    const plan = change({ keys: [old], policy: policyOf({}, was) }, { publishLag: 0 });
    expect(plan.policy.was).toEqual([was[0], { facts, until: later(lead) }]);
  });

  test('moves no date', () => {
    const keys = [next('next', day), { ...old, ...ends(day) }, active('over', 40 * day, ends(-hour))];
    for (const some of [{ publishLag: 0 }, { tokenTtl: 0 }, { rotateEvery: 9 * day }, { signerReload: 0 }])
      expect(stepsOf(change({ keys, policy }, some))).toEqual([]);
  });

  test('the period alone is none', () => {
    expect(change({ keys: [old], policy }, { rotateEvery: 9 * day }).policy.was).toEqual([]);
    expect(change({ keys: [old], policy }, {}).policy.was).toEqual([]);
  });
});

describe('what is raised', () => {
  const waiting = next('next', day);
  const ending = { ...old, ...ends(day) };

  test('moves a successor to when it is known everywhere, and the end before it', () => {
    expect(livesOf(change({ keys: [waiting, ending], policy }, { publishLag: 3 * day }))).toEqual({
      next: ['next', 3 * day, undefined, undefined],
      old: ['active', -30 * day, 3 * day, 3 * day + grace],
    });
  });

  test('not one that is in time even so', () => {
    const early = next('next', 9 * day, { created: later(-9 * day) });
    expect(
      stepsOf(change({ keys: [early, { ...old, ...ends(9 * day) }], policy }, { publishLag: 3 * day })),
    ).toEqual([]);
  });

  test('nor one that is so to the second, or what stops with it and leaves sooner than others', () => {
    const exact = next('next', lead + hour, { created: now });
    const keys = [exact, { ...old, ...ends(lead + hour, hour) }];
    expect(stepsOf(change({ keys, policy }, { cacheMaxAge: 2 * hour }))).toEqual([]);
  });

  test('not one that was forced to a date, unless what it waits for was raised', () => {
    const forced = next('next', hour, { created: now });
    const keys = [forced, { ...old, ...ends(hour) }];
    expect(livesOf(change({ keys, policy }, { rotateEvery: 40 * day }))['next']?.[1]).toBe(hour);
    expect(livesOf(change({ keys, policy }, { tokenTtl: 9 * day }))['next']?.[1]).toBe(hour);
    expect(livesOf(change({ keys, policy }, { cacheMaxAge: 2 * hour }))['next']?.[1]).toBe(lead + hour);
  });

  test('one that waits to be seen has no date to move', () => {
    const keys = [keyOf('undated', { created: later(-day) }), old];
    expect(stepsOf(change({ keys, policy }, { publishLag: 9 * day }))).toEqual([]);
  });

  test('keeps in the set, for longer, what stops or has stopped', () => {
    const keys = [active('signer', day), ending, active('over', 40 * day, ends(-hour))];
    const lives = livesOf(change({ keys, policy }, { tokenTtl: 4 * day }));
    expect(lives['old']?.slice(2)).toEqual([day, day + grace + 3 * day]);
    expect(lives['over']?.slice(2)).toEqual([-hour, -hour + grace + 3 * day]);
  });

  test('not what is to leave sooner by a date of its own, unless that was raised', () => {
    const keys = [active('signer', day), { ...old, ...ends(day, hour) }];
    expect(stepsOf(change({ keys, policy }, { rotateEvery: 80 * day }))).toEqual([]);
    expect(stepsOf(change({ keys, policy }, { publishLag: 2 * day }))).toEqual([]);
    expect(livesOf(change({ keys, policy }, { tokenTtl: 2 * day }))['old']?.[3]).toBe(2 * day + grace);
  });

  test('not longer where it stays long enough', () => {
    const keys = [active('signer', day), { ...old, ...ends(day, 99 * day) }];
    expect(stepsOf(change({ keys, policy }, { tokenTtl: 4 * day }))).toEqual([]);
  });

  test('brings back nothing that is over', () => {
    const over = active('over', 40 * day, ends(-3 * day));
    expect(stepsOf(change({ keys: [active('signer', day), over], policy }, { tokenTtl: 40 * day }))).toEqual([
      'destroyed over',
    ]);
  });

  test.each<[string, Partial<KeyLife>, Partial<PolicyFacts>, number]>([
    ['an encryption key waits for private sets', targets.ecdh, { signerReload: 3 * day }, 3 * day + skew],
    ['and for no cache', targets.ecdh, { publishLag: 9 * day }, day],
    [
      'a symmetric key for private sets, if those take longer',
      targets.hs256,
      { signerReload: 9 * day },
      9 * day + skew,
    ],
  ])('%s', (_, kind, some, span) => {
    const keys = [
      next('next', day, { ...kind, created: now }),
      active('old', 30 * day, { ...kind, ...ends(day) }),
    ];
    const lives = livesOf(change({ keys, policy }, some));
    expect([lives['next']?.[1], lives['old']?.[2]]).toEqual([span, span]);
  });

  test('while something else is lowered: both count', () => {
    const plan = change({ keys: [waiting, ending], policy }, { publishLag: 3 * day, verifierCache: 0 });
    expect(livesOf(plan)['next']?.[1]).toBe(3 * day);
    expect(plan.policy.was).toEqual([{ facts, until: later(lead) }]);
  });
});
