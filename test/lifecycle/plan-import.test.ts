// Keys that come from elsewhere: who signs then, and what becomes of the keys that are there.
import { describe, expect, test } from 'vitest';
import type { SetLife } from '../../src/lifecycle/draft.ts';
import type { KeyLife } from '../../src/lifecycle/key.ts';
import { type Placement, planImport } from '../../src/lifecycle/plan-import.ts';
import { signerOf } from '../../src/lifecycle/signer.ts';
import { keyOf, kidsOf } from './key-lives.ts';
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
  next,
  now,
  policyOf,
  skew,
  stepsOf,
  targets,
} from './set-lives.ts';

const old = active('old', 30 * day);
const one = keyOf('one', { created: later(-99 * day) });
const two = keyOf('two');
const bring = (set: SetLife, keys: readonly KeyLife[], placement: Placement) =>
  planImport(set, now, keys, placement, ({ kid }) => `of ${kid}`);

test('they stand in front, in their order, and are told of', () => {
  const plan = bring({ keys: [old] }, [one, two], { kind: 'active' });
  expect(kidsOf(keysOf(plan))).toEqual(['one', 'two', 'old']);
  expect(stepsOf(plan)).toEqual(['imported one', 'imported two']);
  expect(plan.steps.map(({ reason }) => reason)).toEqual(['of one', 'of two']);
});

test('they were made, as far as the set knows, when they came', () => {
  const plan = bring({ keys: [] }, [one], { kind: 'next' });
  expect(keysOf(plan)[0]?.created).toBe(now);
});

describe('that sign at once', () => {
  const plan = () => bring({ keys: [old] }, [one, two], { kind: 'active' });

  test('the first of them is the signer', () => {
    expect(signerOf(keysOf(plan()), targets.rs256, now, skew)?.kid).toBe('one');
  });

  test('the others stay as they are', () => {
    expect(livesOf(plan())['old']).toEqual(['active', -30 * day, undefined, undefined]);
  });
});

describe('that are to sign next', () => {
  test('sign after publishAhead, and the keys before them stop then', () => {
    expect(livesOf(bring({ keys: [old] }, [one], { kind: 'next' }))).toEqual({
      one: ['next', lead, undefined, undefined],
      old: ['active', -30 * day, lead, lead + grace],
    });
  });

  test('each by its kind', () => {
    const enc = keyOf('enc', targets.ecdh);
    expect(livesOf(bring({ keys: [old] }, [one, enc], { kind: 'next' }))['enc']?.[1]).toBe(day + skew);
  });

  test('wait to be seen where the policy names places', () => {
    const policy = policyOf({ publishedAt: ['https://example.com/jwks.json'] });
    expect(livesOf(bring({ keys: [old], policy }, [one], { kind: 'next' }))).toEqual({
      one: ['next', undefined, undefined, undefined],
      old: ['active', -30 * day, undefined, undefined],
    });
  });

  test('a public half alone ends nobody', () => {
    const plan = bring({ keys: [old] }, [{ ...one, held: false }], { kind: 'next' });
    expect(livesOf(plan)['old']?.[2]).toBeUndefined();
  });
});

describe('that only verify', () => {
  test('leave after grace', () => {
    expect(livesOf(bring({ keys: [old] }, [one], { kind: 'retiring' }))['one']).toEqual([
      'retiring',
      0,
      0,
      grace,
    ]);
  });

  test('or when somebody said', () => {
    const placement = { kind: 'retiring', retires: later(hour) } as const;
    expect(livesOf(bring({ keys: [old] }, [one], placement))['one']).toEqual(['retiring', 0, 0, hour]);
  });
});

test('what has had its time is destroyed meanwhile', () => {
  const over = active('over', 40 * day, ends(-9 * day));
  expect(stepsOf(bring({ keys: [old, over] }, [one], { kind: 'active' }))).toContain('destroyed over');
});

describe('a successor that is imported beside others that wait', () => {
  const soon = next('soon', day);
  const stopOf = (key: KeyLife) =>
    livesOf(bring({ keys: [key, old] }, [one], { kind: 'next' }))[key.kid]?.[2];

  test('ends one that signs before it, when it signs itself', () => {
    expect(stopOf(soon)).toBe(lead);
  });

  test.each<[string, KeyLife, number | undefined]>([
    ['of another role', { ...soon, ...targets.es256 }, undefined],
    ['without a date', keyOf('undated'), undefined],
    ['that signs after it', next('late', 9 * day), undefined],
    ['that signs with it', next('twin', lead), undefined],
    ['that stops sooner anyway', { ...soon, ...ends(day + hour) }, day + hour],
  ])('not one %s', (_, key, stop) => {
    expect(stopOf(key)).toBe(stop);
  });

  test('nor another one that comes with it', () => {
    const lives = livesOf(bring({ keys: [old] }, [one, two], { kind: 'next' }));
    expect([lives['one']?.[2], lives['two']?.[2]]).toEqual([undefined, undefined]);
    expect(lives['old']?.slice(2)).toEqual([lead, lead + grace]);
  });

  test('ends nobody while it has no date', () => {
    const policy = policyOf({ publishedAt: ['https://example.com/jwks.json'] });
    const leaving = { ...soon, retires: later(9 * day) };
    expect(stepsOf(bring({ keys: [leaving], policy }, [one], { kind: 'next' }))).toEqual(['imported one']);
  });
});
