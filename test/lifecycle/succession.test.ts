// Who comes after whom, where keys stand beside each other: what ends with whom, and what is made in place of what went.
import { describe, expect, test } from 'vitest';
import type { NewKey, SetLife } from '../../src/lifecycle/draft.ts';
import { planPolicy } from '../../src/lifecycle/plan-policy.ts';
import { planRemoval } from '../../src/lifecycle/plan-removal.ts';
import {
  active,
  day,
  ends,
  facts,
  grace,
  hour,
  keysOf,
  later,
  lead,
  livesOf,
  next,
  now,
  policy,
  policyOf,
  rotate,
  stepsOf,
  targets,
} from './set-lives.ts';

const { rs256, es256, ecdh, a256kw } = targets;
const old = active('old', 30 * day);
const signer = active('signer', day);
const waiting = next('next', 5 * day);
const [five, nine] = [ends(5 * day), ends(9 * day)];
const successor = { kind: 'successor' } as const;
const cancel = { kind: 'cancel', force: false } as const;
const bare = policyOf({ rotateEvery: undefined });
const remove = (set: SetLife, ...kids: string[]) =>
  planRemoval({ policy, ...set }, now, kids, { kind: 'delete' });
const stopsOf = (set: SetLife) =>
  Object.fromEntries(
    Object.entries(livesOf(rotate(set, successor))).map(([kid, life]) => [kid, life.slice(2)]),
  );

describe('a key beside the signer, when a successor is made', () => {
  test('stops with the signer where it was to go on for longer', () => {
    expect(stopsOf({ keys: [signer, { ...old, ...nine }] })['old']).toEqual([lead, lead + grace]);
  });

  test('that stops in the same second stays for grace, too', () => {
    expect(stopsOf({ keys: [signer, { ...old, ...ends(lead, hour) }] })['old']).toEqual([lead, lead + grace]);
  });

  test('that stops sooner does, also where nobody of ours signs', () => {
    const theirs = active('theirs', day, { held: false, ...ends(hour) });
    expect(stopsOf({ keys: [theirs], policy, listed: [rs256] })['theirs']).toEqual([hour, hour + grace]);
  });
});

test('a date that stays leaves no sooner, though grace was longer when that was planned', () => {
  const request = { kind: 'activate-at', at: later(5 * day), force: false } as const;
  expect(
    stepsOf(rotate({ keys: [waiting, { ...old, ...ends(5 * day, 9 * day) }], policy }, request)),
  ).toEqual([]);
});

describe('what a new key is like', () => {
  const likeOf = (...keys: SetLife['keys']) =>
    keysOf(rotate({ keys, policy, listed: [rs256] })).find((key): key is NewKey => 'isNew' in key)?.like;
  const over = active('over', 40 * day, ends(-hour));

  test('where nothing signs, the first of its role that is held', () => {
    expect(
      likeOf(
        active('es', 40 * day, { ...es256, ...ends(-hour) }),
        { ...over, held: false },
        { ...over, kid: 'ours' },
      ),
    ).toBe('ours');
  });

  test('where there is none of it, nothing', () => {
    expect(
      likeOf(active('es', 40 * day, { ...es256, ...ends(-hour) }), { ...over, held: false }),
    ).toBeUndefined();
  });
});

describe('a cancel', () => {
  test('is of the first successor of a role, not of the one behind it', () => {
    const keys = [next('later', 9 * day), waiting, { ...old, ...five }];
    expect(stepsOf(rotate({ keys, policy }, cancel))).toEqual(['scheduled old', 'cancelled next']);
  });

  test('finds nothing where only a public half waits', () => {
    expect(stepsOf(rotate({ keys: [{ ...waiting, held: false }, old], policy }, cancel))).toEqual([]);
  });
});

describe('a successor that is taken away', () => {
  test('is made anew though another key stops with the signer', () => {
    const keys = [waiting, { ...signer, ...five }, { ...old, ...five }];
    expect(stepsOf(remove({ keys }, 'next'))).toEqual([
      'deleted next',
      'published (new 1)',
      'scheduled signer',
      'scheduled old',
    ]);
  });

  test.each([
    ['goes on', {}],
    ['goes on for a second more', ends(5 * day + 1)],
  ])('is not where another key %s', (_, life) => {
    const keys = [waiting, { ...signer, ...five }, { ...old, ...life }];
    expect(stepsOf(remove({ keys }, 'next'))).toEqual(['deleted next']);
  });

  test('is not where a public half alone waited for it', () => {
    const theirs = active('theirs', day, { held: false, ...five });
    expect(stepsOf(remove({ keys: [waiting, theirs] }, 'next'))).toEqual(['deleted next']);
  });
});

describe('a key that goes', () => {
  test('and was to stop has one in its place that goes on', () => {
    const lives = livesOf(remove({ keys: [{ ...old, ...five }] }, 'old'));
    expect(lives['(new 1)']).toEqual(['active', 0, undefined, undefined]);
  });

  test('leaves a signer with a successor behind it, though that one did not sign before', () => {
    const plan = remove(
      {
        keys: [
          { ...signer, ...five },
          { ...old, ...nine },
        ],
      },
      'signer',
    );
    expect(stepsOf(plan)).toEqual(['deleted signer', 'published (new 1)', 'scheduled old']);
  });

  test('and another one that is to stop by wish stays as it is', () => {
    const keys = [active('es', day, es256), { ...old, ...five }];
    expect(stepsOf(remove({ keys }, 'es'))).toEqual(['deleted es', 'activated (new 1)']);
  });
});

describe('where the policy lists other algorithms', () => {
  const es = next('es', 5 * day, es256);
  const past = { ...old, ...five };

  test('the one that is taken away is made anew, and nothing of another use', () => {
    const plan = remove({ keys: [es, past], listed: [es256, ecdh] }, 'es');
    expect(stepsOf(plan)).toEqual(['deleted es', 'published (new 1)', 'scheduled old']);
    expect(keysOf(plan)[0]).toMatchObject(es256);
    expect(livesOf(plan)['old']?.slice(2)).toEqual([lead, lead + grace]);
  });

  test('all of them are waited for, those that were there as well', () => {
    const more = next('more', 5 * day, { alg: 'ES384' });
    const plan = remove({ keys: [es, more, past], listed: [es256, { ...es256, alg: 'ES384' }] }, 'es');
    expect(livesOf(plan)['old']?.slice(2)).toEqual([5 * day, 5 * day + grace]);
  });

  test('a key of another use that stops in the same second does not move', () => {
    const keys = [
      es,
      next('kw', 5 * day, a256kw),
      past,
      active('enc', 30 * day, { ...ecdh, ...ends(5 * day, 9 * day) }),
    ];
    const lives = livesOf(remove({ keys, listed: [es256, a256kw] }, 'es'));
    expect([lives['old']?.[2], lives['enc']?.[2]]).toEqual([lead, 5 * day]);
  });

  test('a key that is to stop later, with a successor of its own, does so', () => {
    const keys = [es, next('late', 9 * day), { ...old, ...nine }];
    expect(stepsOf(rotate({ keys, policy, listed: [es256] }))).toEqual([]);
  });

  test('a key that stops with the last of them already keeps its dates, also where it leaves sooner than others', () => {
    const keys = [es, { ...old, ...ends(5 * day, hour) }];
    expect(stepsOf(rotate({ keys, policy, listed: [es256] }))).toEqual([]);
  });

  test('one that only leaves at a date keeps that while there is none to stop at', () => {
    const keys = [es, { ...old, retires: later(99 * day) }];
    const listed = [es256, { ...es256, alg: 'ES384' }];
    expect(stepsOf(rotate({ keys, policy: bare, listed }, cancel))).toEqual(['cancelled es']);
  });
});

describe('an algorithm that is wanted again', () => {
  const es = next('es', 5 * day, es256);
  const again = (...keys: SetLife['keys']) =>
    planPolicy({ keys, policy, listed: [rs256] }, facts, now, [es256]);

  test('has its signer going on; another key beside it still stops', () => {
    expect(stepsOf(again(es, { ...signer, ...five }, { ...old, ...five }))).toEqual(['scheduled signer']);
  });

  test('not where another key goes on anyway', () => {
    expect(stepsOf(again(es, { ...signer, ...five }, old))).toEqual([]);
  });

  test('not where only a public half is to stop', () => {
    expect(stepsOf(again(es, { ...old, ...five, held: false }))).toEqual([]);
  });

  test('a key that was not to stop is not made to', () => {
    expect(stepsOf(again(es, next('own', 9 * day), old))).toEqual([]);
  });

  test('one that was wanted all along stops as it was to', () => {
    const keys = [next('own', 9 * day), { ...old, ...five }];
    expect(stepsOf(planPolicy({ keys, policy, listed: [rs256] }, facts, now, [rs256, es256]))).toEqual([]);
  });

  test('one that is still not wanted does, too', () => {
    const keys = [es, next('own', 9 * day), { ...old, ...five }];
    const listed = [{ ...es256, alg: 'ES384' }];
    expect(stepsOf(planPolicy({ keys, policy, listed }, facts, now, [es256]))).toEqual([]);
  });
});
