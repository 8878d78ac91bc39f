// Several algorithms: one successor for each that is wanted, and keys of others end when the last of them signs.
import { describe, expect, test } from 'vitest';
import { Draft, type SetLife, targetsOf } from '../../src/lifecycle/draft.ts';
import { planPolicy } from '../../src/lifecycle/plan-policy.ts';
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
  policy,
  policyOf,
  rotate,
  stepsOf,
  targets,
} from './set-lives.ts';

const { rs256, es256, ecdh } = targets;
const rs = active('rs', 30 * day);
const es = active('es', 30 * day, es256);
const enc = active('enc', 30 * day, ecdh);
const cancelled = { kind: 'cancel', force: false } as const;

describe('the algorithms that a set should have a signer for', () => {
  const algsOf = (set: SetLife) => targetsOf(new Draft(set, now)).map(({ alg }) => alg);

  test.each<[string, SetLife, string[]]>([
    ['those of the policy', { keys: [rs, es], listed: [es256] }, ['ES256']],
    ['else those of the active keys, each once', { keys: [rs, es, active('rs2', day)] }, ['RS256', 'ES256']],
    [
      'of a use that the policy does not list those of its keys',
      { keys: [rs, enc], listed: [es256] },
      ['ES256', 'ECDH-ES'],
    ],
    [
      'not of keys that do not sign',
      { keys: [next('next', day), active('over', 9 * day, ends(-1)), { ...es, held: false }] },
      [],
    ],
  ])('%s', (_, set, algs) => {
    expect(algsOf(set)).toEqual(algs);
  });
});

describe('a policy that lists one that no key signs for yet', () => {
  test('gets a key for it, and keys of others end when that signs', () => {
    const plan = rotate({ keys: [rs], policy, listed: [es256] });
    expect(livesOf(plan)).toEqual({
      '(new 1)': ['next', lead, undefined, undefined],
      rs: ['active', -30 * day, lead, lead + grace],
    });
  });

  test('beside its own: that one goes on', () => {
    const plan = rotate({ keys: [rs], policy, listed: [rs256, es256] });
    expect(stepsOf(plan)).toEqual(['published (new 1)']);
  });

  test('keys of another use are no matter', () => {
    expect(livesOf(rotate({ keys: [rs, enc], policy, listed: [es256] }))['enc']).toEqual([
      'active',
      -30 * day,
      undefined,
      undefined,
    ]);
  });

  test('in the place of the one that waits, the other waits too', () => {
    const seen = policyOf({ publishedAt: ['https://example.com/jwks.json'] });
    expect(livesOf(rotate({ keys: [rs], policy: seen, listed: [es256] }))['rs']?.[2]).toBeUndefined();
  });
});

describe('keys of others end when the last that was missing signs', () => {
  const listed = [es256, { ...es256, alg: 'ES384' }];
  const soon = next('soon', 5 * day, { ...es256, created: later(-day) });
  const late = next('late', 9 * day, { alg: 'ES384', created: later(-day) });

  test('of two that are to come the later', () => {
    expect(livesOf(rotate({ keys: [soon, late, rs], policy, listed }))['rs']).toEqual([
      'active',
      -30 * day,
      9 * day,
      9 * day + grace,
    ]);
  });

  test('not while one of them has no key', () => {
    const bare = policyOf({ rotateEvery: undefined });
    expect(
      stepsOf(rotate({ keys: [soon, rs], policy: bare, listed }, { kind: 'cancel', force: false })),
    ).toEqual(['cancelled soon']);
    const made = livesOf(rotate({ keys: [soon, rs], policy, listed }))['rs'];
    expect(made?.[2]).toBe(5 * day);
  });

  test('they do not end again: a date that they have stays', () => {
    const ending = { ...rs, ...ends(3 * day) };
    expect(livesOf(rotate({ keys: [soon, late, ending], policy, listed }))['rs']?.[2]).toBe(3 * day);
  });

  test('one that waited for the first of them waits for the last', () => {
    const waits = { ...rs, ...ends(5 * day) };
    expect(livesOf(rotate({ keys: [soon, late, waits], policy, listed }))['rs']).toEqual([
      'active',
      -30 * day,
      9 * day,
      9 * day + grace,
    ]);
  });

  test('a key that was made to sign at once is waited for until all know it', () => {
    const fresh = active('fresh', hour, es256);
    expect(livesOf(rotate({ keys: [fresh, rs], policy, listed: [es256] }))['rs']?.[2]).toBe(lead - hour);
  });

  test('when all that are wanted sign already and are known, now', () => {
    expect(livesOf(rotate({ keys: [es, rs], policy, listed: [es256] }))['rs']).toEqual([
      'retiring',
      -30 * day,
      0,
      grace,
    ]);
  });

  test('by --due only where there is a period', () => {
    const bare = policyOf({ rotateEvery: undefined });
    expect(stepsOf(rotate({ keys: [es, rs], policy: bare, listed: [es256] }))).toEqual([]);
    const asked = rotate({ keys: [es, rs], policy: bare, listed: [es256] }, { kind: 'successor' });
    expect(livesOf(asked)['rs']?.[0]).toBe('retiring');
  });
});

describe('a date that moves', () => {
  const listed = [es256];
  const first = next('es', 9 * day, { ...es256, created: later(-lead) });
  const waits = { ...rs, ...ends(9 * day) };
  const set = { keys: [first, waits], policy, listed };

  test('moves for keys of others that wait for it', () => {
    const sooner = rotate(set, { kind: 'activate-at', at: later(2 * day), force: false });
    expect(livesOf(sooner)['rs']?.slice(2)).toEqual([2 * day, 2 * day + grace]);
  });

  test('is gone where the successor is: they go on', () => {
    expect(livesOf(rotate(set, cancelled))['rs']).toEqual(['active', -30 * day, undefined, undefined]);
  });
});

test('a key of an algorithm that is wanted again no longer ends', () => {
  const keys = [next('es', 5 * day, es256), { ...rs, ...ends(5 * day) }];
  const plan = planPolicy({ keys, policy, listed: [rs256] }, policy.facts, now, [es256]);
  expect(livesOf(plan)['rs']).toEqual(['active', -30 * day, undefined, undefined]);
});

test('it does end where a successor of its own is behind it', () => {
  const keys = [next('es', 5 * day, es256), next('rs2', 5 * day), { ...rs, ...ends(5 * day) }];
  const plan = planPolicy({ keys, policy, listed: [rs256] }, policy.facts, now, [es256]);
  expect(livesOf(plan)['rs']?.[2]).toBe(5 * day);
});

describe('wanted again, one that waited for the others waits for its own successor', () => {
  const keys = [next('es', 9 * day, es256), next('rs2', 5 * day), { ...rs, ...ends(9 * day) }];
  const again = () => planPolicy({ keys, policy, listed: undefined }, policy.facts, now, [es256]);

  test('from the date of that', () => {
    expect(livesOf(again())['rs']?.slice(2)).toEqual([5 * day, 5 * day + grace]);
  });

  test('so that it goes on where both are cancelled', () => {
    const left = rotate({ keys: keysOf(again()), policy }, cancelled);
    expect(livesOf(left)['rs']).toEqual(['active', -30 * day, undefined, undefined]);
  });
});
