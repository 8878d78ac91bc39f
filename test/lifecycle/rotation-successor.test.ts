// A successor: of which role it is, when it signs, and when the keys before it stop and leave.
import { describe, expect, test } from 'vitest';
import type { NewKey, Target } from '../../src/lifecycle/draft.ts';
import { publishedKeys } from '../../src/lifecycle/publication.ts';
import { keyOf, kidsOf } from './key-lives.ts';
import {
  active,
  day,
  ends,
  grace,
  hour,
  keysOf,
  lead,
  livesOf,
  minute,
  next,
  now,
  policy,
  policyOf,
  rotate,
  skew,
  stepsOf,
  targets,
} from './set-lives.ts';

const successor = { kind: 'successor' } as const;
const old = active('old', 30 * day);

test('the numbers of the tables are those of the documentation', () => {
  expect([lead, grace, skew]).toEqual([176_700, 173_100, 300]);
});

describe('a successor', () => {
  test('signs after publishAhead; the key before it stops then and leaves grace later', () => {
    const plan = rotate({ keys: [old] }, successor);
    expect(stepsOf(plan)).toEqual(['published (new 1)', 'scheduled old']);
    expect(livesOf(plan)).toEqual({
      '(new 1)': ['next', lead, undefined, undefined],
      old: ['active', -30 * day, lead, lead + grace],
    });
  });

  test('is published from the start, and until then the key before it is the one that signs', () => {
    const keys = keysOf(rotate({ keys: [old] }, successor));
    expect(kidsOf(publishedKeys(keys, now, skew))).toEqual(['old', '(new 1)']);
  });

  test.each(Object.entries(targets))('of %s is of the same use, algorithm and kind', (_, target: Target) => {
    const [made] = keysOf(rotate({ keys: [active('old', day, target)] }, successor));
    expect(made).toMatchObject({ ...target, isNew: true, like: 'old', held: true, created: now });
  });

  test('takes size and kid scheme from the signer, not from a key that signed before it', () => {
    const keys = [active('older', 60 * day), active('signer', day), active('public', 1, { held: false })];
    const made = keysOf(rotate({ keys }, successor)).find((key): key is NewKey => 'isNew' in key);
    expect(made?.like).toBe('signer');
  });

  test('stands in front of the others', () => {
    expect(kidsOf(keysOf(rotate({ keys: [old] }, successor)))).toEqual(['(new 1)', 'old']);
  });

  test('ends all active keys of its role: those that do not sign, and public halves alone', () => {
    const keys = [
      active('signer', day),
      active('older', 40 * day),
      active('public', 50 * day, { held: false }),
    ];
    const lives = livesOf(rotate({ keys }, successor));
    for (const { kid } of keys) expect(lives[kid]?.slice(2)).toEqual([lead, lead + grace]);
  });

  test('does not hold back an older key that stops sooner', () => {
    const keys = [active('signer', day), active('older', 40 * day, ends(hour))];
    expect(livesOf(rotate({ keys }, successor))['older']).toEqual(['active', -40 * day, hour, hour + grace]);
  });

  test('leaves keys of other roles, and those that are over, as they are', () => {
    const keys = [
      active('es', day, targets.es256),
      active('enc', day, targets.ecdh),
      active('retiring', 9 * day, ends(-hour)),
    ];
    const plan = rotate({ keys: [active('due', 89 * day), ...keys], policy });
    expect(stepsOf(plan)).toEqual(['published (new 1)', 'scheduled due']);
    expect(keysOf(plan).slice(2)).toEqual(keys);
  });

  test('of each role that signs, where several do', () => {
    const keys = [old, active('es', day, targets.es256), active('enc', day, targets.ecdh)];
    expect(stepsOf(rotate({ keys }, successor)).filter((step) => step.startsWith('published'))).toHaveLength(
      3,
    );
  });

  test('waits no longer where nobody signs', () => {
    const plan = rotate({ keys: [], policy, listed: [targets.rs256] }, successor);
    expect(livesOf(plan)).toEqual({ '(new 1)': ['next', lead, undefined, undefined] });
  });
});

describe('while there is a next key', () => {
  const keys = [next('next', day), { ...old, ...ends(day) }];

  test('no other one is made', () => {
    expect(stepsOf(rotate({ keys }, successor))).toEqual([]);
    expect(stepsOf(rotate({ keys: [{ ...keyOf('next') }, old] }, successor))).toEqual([]);
  });

  test('one of another role is', () => {
    const es = active('es', day, targets.es256);
    expect(stepsOf(rotate({ keys: [...keys, es] }, successor))).toEqual([
      'published (new 1)',
      'scheduled es',
    ]);
  });

  test('one that is a public half alone is none', () => {
    const [theirs, ...others] = keys;
    const plan = rotate({ keys: [{ ...keyOf('theirs'), ...theirs, held: false }, ...others] }, successor);
    expect(stepsOf(plan)[0]).toBe('published (new 1)');
  });
});

test.each([
  ['no keys at all', []],
  ['only keys that are over', [active('over', 9 * day, ends(-hour))]],
  ['only public halves', [active('theirs', day, { held: false })]],
  ['only a key that is next', [next('next', day)]],
])('nothing is to be rotated in a set with %s', (_, keys) => {
  expect(stepsOf(rotate({ keys }, successor))).toEqual(['no-signer']);
});

describe('how long a key is next, and how long retiring', () => {
  const spans = (target: Target, some: Parameters<typeof policyOf>[0] = {}) => {
    const lives = livesOf(rotate({ keys: [active('old', day, target)], policy: policyOf(some) }, successor));
    const [, starts = 0] = lives['(new 1)'] ?? [];
    const [, , stops = 0, leaves = 0] = lives['old'] ?? [];
    expect(stops).toBe(starts);
    return [starts, Number(leaves) - Number(stops)];
  };
  const reload = 24 * hour + 5 * minute;
  const sent = 73 * hour + 5 * minute;

  test.each<[keyof typeof targets, number, number]>([
    ['rs256', lead, grace],
    ['hs256', lead, grace],
    // OpenID Connect Core 10.2.1: whoever decrypts must have it before senders see it.
    ['ecdh', reload, sent],
    ['a256kw', reload, sent],
  ])('%s: %d and %d seconds', (name, ahead, after) => {
    expect(spans(targets[name])).toEqual([ahead, after]);
  });

  test('a symmetric key reaches its verifiers by the private set: no sooner than that is loaded', () => {
    expect(spans(targets.hs256, { signerReload: 7 * day })[0]).toBe(7 * day + skew);
    expect(spans(targets.rs256, { signerReload: 7 * day })[0]).toBe(lead);
  });

  test('what was encrypted to an old set is opened as long as hosts may go on with that', () => {
    expect(spans(targets.a256kw, { signerReload: 7 * day })[1]).toBe(8 * day + skew);
    expect(spans(targets.ecdh, { signerReload: 7 * day })[1]).toBe(7 * day + skew);
  });

  test('staleIfError counts as a cache does', () => {
    expect(spans(targets.rs256, { staleIfError: day })).toEqual([lead + day, grace]);
    expect(spans(targets.ecdh, { staleIfError: day })).toEqual([reload, sent + day]);
  });
});
