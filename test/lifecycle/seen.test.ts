// Where the policy names places, a successor has no date until it was found at all of them.
import { describe, expect, test } from 'vitest';
import { planPolicy } from '../../src/lifecycle/plan-policy.ts';
import type { RotationRequest } from '../../src/lifecycle/plan-rotation.ts';
import { keyOf } from './key-lives.ts';
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
  policyOf,
  rotate,
  skew,
  stepsOf,
  targets,
  policy as unseen,
} from './set-lives.ts';

const publishedAt = ['https://example.com/jwks.json'];
const policy = policyOf({ publishedAt });
const old = active('old', period);
const waiting = keyOf('waiting', { created: later(-day), jwk: {} });
/** cacheMaxAge + staleIfError + verifierCache + skew */
const onceSeen = 25 * hour + 5 * minute;

test.each<[string, RotationRequest]>([
  ['one that is due', { kind: 'due' }],
  ['one that was asked for', { kind: 'successor' }],
])('%s is published without a date, and the key before it goes on without one', (_, request) => {
  expect(livesOf(rotate({ keys: [old], policy }, request))).toEqual({
    '(new 1)': ['next', undefined, undefined, undefined],
    old: ['active', -period, undefined, undefined],
  });
});

test('while it waits, no other one is made', () => {
  expect(stepsOf(rotate({ keys: [waiting, old], policy }))).toEqual([]);
  expect(stepsOf(rotate({ keys: [waiting, old], policy }, { kind: 'successor' }))).toEqual([]);
});

describe('a signer that is to stop, while its successor has no date', () => {
  const made = (...keys: Parameters<typeof rotate>[0]['keys']) => livesOf(rotate({ keys, policy }));

  test('goes on', () => {
    expect(made({ ...old, ...ends(hour) })['old']).toEqual(['active', -period, undefined, undefined]);
  });

  test('a key beside it that stops sooner still does', () => {
    const beside = active('beside', 2 * period, ends(hour));
    expect(made(old, beside)['beside']).toEqual(['active', -2 * period, hour, hour + grace]);
  });

  test('and one that only leaves then still does', () => {
    const leaving = { ...old, retires: later(hour) };
    expect(made(leaving)['old']).toEqual(['active', -period, undefined, hour]);
  });
});

describe('once it was found', () => {
  const seen = (...kids: string[]) => ({ kind: 'due', seen: kids }) as const;

  test('it signs when the caches of all verifiers are over, and the key before it stops then', () => {
    const plan = rotate({ keys: [waiting, old], policy }, seen('waiting'));
    expect(stepsOf(plan)).toEqual(['seen waiting', 'scheduled old']);
    expect(livesOf(plan)).toEqual({
      waiting: ['next', onceSeen, undefined, undefined],
      old: ['active', -period, onceSeen, onceSeen + grace],
    });
  });

  test('publishLag no longer matters, staleIfError does', () => {
    const slow = policyOf({ publishedAt, publishLag: 9 * day, staleIfError: hour });
    expect(livesOf(rotate({ keys: [waiting, old], policy: slow }, seen('waiting')))['waiting']?.[1]).toBe(
      onceSeen + hour,
    );
  });

  test('another time, nothing is done', () => {
    const set = { keys: [waiting, old], policy };
    const once = applied(set, rotate(set, seen('waiting')));
    expect(stepsOf(rotate(once, seen('waiting'), later(hour)))).toEqual([]);
  });

  test('where no cache has to be waited for it signs at once, and does not end itself', () => {
    const none = { cacheMaxAge: 0, verifierCache: 0, skew: 0, tokenTtl: 0, signerReload: day };
    const plan = rotate(
      { keys: [waiting, old], policy: policyOf({ publishedAt, ...none }) },
      seen('waiting'),
    );
    expect(livesOf(plan)).toEqual({
      waiting: ['active', 0, undefined, undefined],
      old: ['retiring', -period, 0, day],
    });
  });

  test('only that one gets a date', () => {
    const es = keyOf('es', { ...targets.es256, created: later(-day) });
    const keys = [waiting, es, old, active('old es', period, targets.es256)];
    expect(stepsOf(rotate({ keys, policy }, seen('es', 'unknown')))).toEqual(['seen es', 'scheduled old es']);
  });
});

test.each([
  ['an encryption key', targets.ecdh, 24 * hour + 5 * minute],
  ['a symmetric key', targets.hs256, lead],
])('%s is not published before it signs, and waits for the clock alone', (_, target, span) => {
  const lives = livesOf(rotate({ keys: [active('old', period, target)], policy }));
  expect(lives['(new 1)']?.[1]).toBe(span);
});

test('--activate-at wants to be forced before it was found', () => {
  const onDate = (force: boolean) => ({ kind: 'activate-at', at: later(20 * day), force }) as const;
  expect(stepsOf(rotate({ keys: [waiting, old], policy }, onDate(false)))).toEqual(['unsafe']);
  expect(stepsOf(rotate({ keys: [old], policy }, onDate(false)))).toEqual(['unsafe']);
  expect(livesOf(rotate({ keys: [waiting, old], policy }, onDate(true)))['old']?.[2]).toBe(20 * day);
  const found = { ...next('next', 9 * day), seen: later(-onceSeen + hour) };
  const moved = (span: number) =>
    stepsOf(
      rotate(
        { keys: [found, { ...old, ...ends(9 * day) }], policy },
        {
          kind: 'activate-at',
          at: later(span),
          force: false,
        },
      ),
    )[0];
  expect(moved(hour)).toBe('scheduled next');
  expect(moved(hour - 1)).toBe('unsafe');
});

describe('where the places are named', () => {
  test('while a successor has its date already, it loses that until it was found', () => {
    const set = { keys: [next('next', day), { ...old, ...ends(day) }], policy: unseen };
    expect(livesOf(planPolicy(set, policy.facts, later(0)))).toEqual({
      next: ['next', undefined, undefined, undefined],
      old: ['active', -period, undefined, undefined],
    });
  });

  test('when hosts may sign with it already, it keeps it', () => {
    const set = { keys: [next('next', skew), { ...old, ...ends(skew) }], policy: unseen };
    expect(stepsOf(planPolicy(set, policy.facts, later(0)))).toEqual([]);
  });

  test('no more, a key that waited is dated as if made in time, never before now', () => {
    const dated = (age: number) =>
      livesOf(rotate({ keys: [{ ...waiting, created: later(-age) }, old], policy: { facts, was: [] } }));
    expect(dated(day)['waiting']?.[1]).toBe(lead - day);
    expect(dated(day)['old']?.slice(2)).toEqual([lead - day, lead - day + grace]);
    expect(dated(20 * day)['waiting']).toEqual(['active', 0, undefined, undefined]);
  });
});
