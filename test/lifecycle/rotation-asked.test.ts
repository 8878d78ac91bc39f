// Rotation by a person's wish: at once, at a date, and not after all.
import { describe, expect, test } from 'vitest';
import type { LastForced } from '../../src/lifecycle/plan-rotation.ts';
import { keyOf } from './key-lives.ts';
import {
  active,
  day,
  ends,
  grace,
  hour,
  keysOf,
  later,
  lead,
  livesOf,
  minute,
  next,
  policy,
  policyOf,
  rotate,
  skew,
  stepsOf,
  targets,
} from './set-lives.ts';

const old = active('old', 30 * day);
const ending = { ...old, ...ends(5 * day) };
const waiting = next('next', 5 * day);

describe('--now', () => {
  const atOnce = (force = false, lastForced: LastForced = () => undefined) =>
    ({ kind: 'now', force, lastForced }) as const;

  test('a new key signs at once, and the one before it stops', () => {
    expect(livesOf(rotate({ keys: [old], policy }, atOnce()))).toEqual({
      '(new 1)': ['active', 0, undefined, undefined],
      old: ['retiring', -30 * day, 0, grace],
    });
  });

  test('the next key, if there is one', () => {
    expect(livesOf(rotate({ keys: [waiting, ending], policy }, atOnce()))).toEqual({
      next: ['active', 0, undefined, undefined],
      old: ['retiring', -30 * day, 0, grace],
    });
  });

  test('of several next keys the one that was to sign first', () => {
    const keys = [next('later', 9 * day), next('sooner', 8 * day), keyOf('undated'), old];
    const lives = livesOf(rotate({ keys, policy }, atOnce()));
    expect(lives['sooner']?.[0]).toBe('active');
    expect([lives['later']?.[0], lives['undated']?.[0]]).toEqual(['next', 'next']);
  });

  test('one that has not been seen yet', () => {
    const seen = policyOf({ publishedAt: ['https://example.com/jwks.json'] });
    const lives = livesOf(rotate({ keys: [keyOf('undated'), old], policy: seen }, atOnce()));
    expect(lives['undated']?.slice(0, 2)).toEqual(['active', 0]);
  });

  test('all active keys of the role stop', () => {
    const keys = [old, active('older', 60 * day), active('public', 9 * day, { held: false })];
    const lives = livesOf(rotate({ keys, policy }, atOnce()));
    for (const { kid } of keys) expect(lives[kid]).toEqual(['retiring', lives[kid]?.[1], 0, grace]);
  });

  test.each<[string, number | undefined, boolean, string]>([
    ['the first time', undefined, false, 'activated (new 1)'],
    ['again within publishAhead of the last', -lead + 1, false, 'unsafe'],
    ['in the same second', 0, false, 'unsafe'],
    ['forced', -hour, true, 'activated (new 1)'],
    ['when publishAhead is over', -lead, false, 'activated (new 1)'],
  ])('%s: %s', (_, last, force, step) => {
    const request = atOnce(force, () => (last === undefined ? undefined : later(last)));
    expect(stepsOf(rotate({ keys: [old], policy }, request))[0]).toBe(step);
  });

  test('what was forced of one role says nothing about another', () => {
    const keys = [old, active('es', 30 * day, targets.es256)];
    const lastOfEs: LastForced = ({ alg }) => (alg === 'ES256' ? later(-hour) : undefined);
    expect(stepsOf(rotate({ keys, policy, listed: [targets.rs256] }, atOnce(false, lastOfEs)))).not.toEqual([
      'unsafe',
    ]);
    expect(stepsOf(rotate({ keys, policy }, atOnce(false, lastOfEs)))).toEqual(['unsafe']);
  });
});

describe('--activate-at', () => {
  const onDate = (span: number, force = false) => ({ kind: 'activate-at', at: later(span), force }) as const;

  test('makes a successor that signs then', () => {
    expect(livesOf(rotate({ keys: [old], policy }, onDate(20 * day)))).toEqual({
      '(new 1)': ['next', 20 * day, undefined, undefined],
      old: ['active', -30 * day, 20 * day, 20 * day + grace],
    });
  });

  test.each([
    ['later', 9 * day],
    ['earlier, but in time', 4 * day],
  ])('moves the next key %s, and the dates behind it', (_, span) => {
    expect(
      livesOf(rotate({ keys: [{ ...waiting, created: later(-day) }, ending], policy }, onDate(span))),
    ).toEqual({
      next: ['next', span, undefined, undefined],
      old: ['active', -30 * day, span, span + grace],
    });
  });

  test('what stops later leaves no earlier, though grace was longer when that was planned', () => {
    const long = { ...old, ...ends(5 * day, 9 * day) };
    const lives = livesOf(rotate({ keys: [waiting, long], policy }, onDate(6 * day)));
    expect(lives['old']?.slice(2)).toEqual([6 * day, 14 * day]);
  });

  test('where it is its date already, nothing is done', () => {
    expect(stepsOf(rotate({ keys: [waiting, ending], policy }, onDate(5 * day)))).toEqual([]);
  });

  test.each<[string, number, boolean, string]>([
    ['a new key, as early as publishAhead', lead, false, 'published (new 1)'],
    ['a second earlier', lead - 1, false, 'unsafe'],
    ['a second earlier, forced', lead - 1, true, 'published (new 1)'],
  ])('%s', (_, span, force, step) => {
    expect(stepsOf(rotate({ keys: [old], policy }, onDate(span, force)))[0]).toBe(step);
  });

  test.each<[string, number, boolean, string]>([
    ['a next key, publishAhead after it was published', lead - day, false, 'scheduled next'],
    ['a second earlier', lead - day - 1, false, 'unsafe'],
    ['a second earlier, forced', lead - day - 1, true, 'scheduled next'],
  ])('%s', (_, span, force, step) => {
    const keys = [next('next', 9 * day, { created: later(-day) }), { ...old, ...ends(9 * day) }];
    expect(stepsOf(rotate({ keys, policy }, onDate(span, force)))[0]).toBe(step);
  });

  test('of an encryption key: as early as hosts have loaded it', () => {
    const keys = [active('enc', 30 * day, targets.ecdh)];
    const reload = 24 * hour + 5 * minute;
    expect(stepsOf(rotate({ keys, policy }, onDate(reload)))[0]).toBe('published (new 1)');
    expect(stepsOf(rotate({ keys, policy }, onDate(reload - 1)))).toEqual(['unsafe']);
  });
});

describe('--cancel', () => {
  const cancel = (force = false) => ({ kind: 'cancel', force }) as const;
  const reload = 24 * hour + 5 * minute;

  test('drops the successor, and with it the dates behind it', () => {
    const plan = rotate({ keys: [waiting, ending], policy }, cancel());
    expect(livesOf(plan)).toEqual({
      next: ['retired', 5 * day, undefined, 0],
      old: ['active', -30 * day, undefined, undefined],
    });
    expect(keysOf(plan)[0]).toMatchObject({ held: false, jwk: undefined });
  });

  test('takes back what all keys before it waited for, and no other date', () => {
    const keys = [
      waiting,
      ending,
      active('older', 60 * day, ends(5 * day)),
      active('sooner', 90 * day, ends(day)),
    ];
    const lives = livesOf(rotate({ keys, policy }, cancel()));
    expect([lives['old']?.[2], lives['older']?.[2], lives['sooner']?.[2]]).toEqual([
      undefined,
      undefined,
      day,
    ]);
  });

  test('also one that waits to be seen', () => {
    const keys = [keyOf('undated', { created: later(-day) }), old];
    expect(livesOf(rotate({ keys, policy }, cancel()))).toEqual({
      undated: ['retired', undefined, undefined, 0],
      old: ['active', -30 * day, undefined, undefined],
    });
  });

  test.each<[string, number, string]>([
    ['a second later than a host that loaded it can sign: it is gone', reload + 1, 'retired'],
    ['a host that loaded it may sign with it before it loads again: it stays published', reload, 'retiring'],
  ])('%s', (_, span, state) => {
    const lives = livesOf(
      rotate({ keys: [next('next', span), { ...old, ...ends(span) }], policy }, cancel()),
    );
    expect(lives['next']?.[0]).toBe(state);
    expect(lives['next']?.[3]).toBe(state === 'retiring' ? grace : 0);
    expect(lives['old']).toEqual(['active', -30 * day, undefined, undefined]);
  });

  test.each<[string, number, boolean, string]>([
    ['it signs within skew, and on some hosts already', skew, false, 'unsafe'],
    ['a second more', skew + 1, false, 'scheduled old'],
    ['forced', skew, true, 'scheduled old'],
  ])('%s', (_, span, force, step) => {
    const keys = [next('next', span), { ...old, ...ends(span) }];
    expect(stepsOf(rotate({ keys, policy }, cancel(force)))[0]).toBe(step);
  });

  test('where there is none, nothing is done', () => {
    expect(stepsOf(rotate({ keys: [old], policy }, cancel()))).toEqual([]);
  });

  test('also one of an algorithm that is no longer wanted, and where nothing signs', () => {
    const es = next('next es', 9 * day, targets.es256);
    expect(
      livesOf(rotate({ keys: [es, old], policy, listed: [targets.rs256] }, cancel()))['next es']?.[0],
    ).toBe('retired');
    expect(livesOf(rotate({ keys: [es], policy }, cancel()))['next es']?.[0]).toBe('retired');
  });

  test('the successor of one role is not that of another', () => {
    const es = active('es', 30 * day, { ...targets.es256, ...ends(5 * day) });
    const keys = [waiting, next('next es', 5 * day, targets.es256), ending, es];
    const plan = rotate({ keys, policy }, cancel());
    expect(stepsOf(plan)).toEqual(['scheduled old', 'cancelled next', 'scheduled es', 'cancelled next es']);
  });
});
