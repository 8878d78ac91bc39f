// Keys that are taken out of use: when they leave, and that every role that signed goes on being signed for.
import { describe, expect, test } from 'vitest';
import type { SetLife } from '../../src/lifecycle/draft.ts';
import type { RevocationReason } from '../../src/lifecycle/key.ts';
import { planRemoval, type Removal } from '../../src/lifecycle/plan-removal.ts';
import { isPublished } from '../../src/lifecycle/publication.ts';
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
  next,
  now,
  policy,
  policyOf,
  stepsOf,
  targets,
} from './set-lives.ts';

const retire = { kind: 'retire' } as const;
const revoke = { kind: 'revoke', reason: 'keyCompromise' } as const;
const remove = { kind: 'delete' } as const;
const take = (set: SetLife, kids: string[], removal: Removal, decline = false) =>
  planRemoval({ policy, ...set }, now, kids, removal, decline);

const old = active('old', 30 * day);
const signer = active('signer', day);
const ending = { ...old, ...ends(5 * day) };
const waiting = next('next', 5 * day);
const all: [string, Removal][] = [
  ['retire', retire],
  ['revoke', revoke],
  ['delete', remove],
];

describe('what becomes of the key', () => {
  const keyAfter = (removal: Removal, key = old) =>
    keysOf(take({ keys: [signer, key] }, [key.kid], removal))[1];

  test('retire: stops now, stays published for grace, and is whole', () => {
    expect(keyAfter(retire)).toEqual({ ...old, ...ends(0) });
  });

  test('revoke: gone at once but for its name, the date and the reason', () => {
    const after = keyAfter(revoke);
    expect(after).toMatchObject({ kid: 'old', held: false, revoked: { at: now, reason: 'keyCompromise' } });
    expect(after?.jwk).toBeUndefined();
    expect(after && isPublished(after, now)).toBe(false);
  });

  test.each<RevocationReason>(['superseded', 'cessationOfOperation'])(
    'revoke keeps the reason %s',
    (reason) => {
      expect(keyAfter({ kind: 'revoke', reason })?.revoked?.reason).toBe(reason);
    },
  );

  test('delete: gone at once but for its name and the date', () => {
    const after = keyAfter(remove);
    expect(after).toMatchObject({ kid: 'old', held: false, retires: now });
    expect([after?.jwk, after?.revoked]).toEqual([undefined, undefined]);
  });

  test('an encryption key that retires is kept until what was sent with an old set is over', () => {
    const enc = active('enc', 30 * day, targets.ecdh);
    const plan = take({ keys: [active('enc2', day, targets.ecdh), enc] }, ['enc'], retire);
    expect(livesOf(plan)['enc']?.[3]).toBe(lead + day);
  });

  const retired = { ...keyOf('retired', { activates: later(-9 * day), ...ends(-3 * day) }), held: false };
  const revoked = { ...retired, kid: 'revoked', revoked: { at: later(-day), reason: 'superseded' } as const };

  test.each<[string, string, Removal, string[]]>([
    ['retire leaves a key that is next', 'next', retire, []],
    ['retire leaves a key that retires already', 'over', retire, []],
    ['retire leaves a tombstone', 'retired', retire, []],
    ['delete leaves a tombstone', 'retired', remove, []],
    ['delete leaves a revoked key, and its reason', 'revoked', remove, []],
    ['revoke leaves a revoked key, and its reason', 'revoked', revoke, []],
    [
      'revoke tells of a key that was over already: its tokens are trusted no more',
      'retired',
      revoke,
      ['revoked retired'],
    ],
    ['revoke takes one that retires', 'over', revoke, ['revoked over']],
    ['no key of that name', 'unknown', revoke, []],
  ])('%s', (_, kid, removal, steps) => {
    const keys = [signer, next('next', 9 * day), active('over', 9 * day, ends(-hour)), retired, revoked];
    expect(stepsOf(take({ keys }, [kid], removal))).toEqual(steps);
  });
});

describe('every deactivation has a successor behind it', () => {
  test.each(all)('%s of a key that does not sign: nothing more', (_, removal) => {
    expect(stepsOf(take({ keys: [signer, old] }, ['old'], removal))).toHaveLength(1);
  });

  test.each(all)('%s of the signer: another active key signs, and nothing more', (_, removal) => {
    const plan = take({ keys: [signer, old] }, ['signer'], removal);
    expect(stepsOf(plan)).toHaveLength(1);
    expect(livesOf(plan)['old']).toEqual(['active', -30 * day, undefined, undefined]);
  });

  test.each(all)('%s of the only one: the next key activates now', (_, removal) => {
    const plan = take({ keys: [waiting, ending] }, ['old'], removal);
    expect(livesOf(plan)['next']).toEqual(['active', 0, undefined, undefined]);
  });

  test.each(all)('%s, of several next keys: the earliest', (_, removal) => {
    const keys = [
      next('later', 9 * day),
      next('sooner', 8 * day),
      keyOf('undated', { created: later(-day) }),
      old,
    ];
    const lives = livesOf(take({ keys }, ['old'], removal));
    expect([lives['sooner']?.[0], lives['later']?.[0], lives['undated']?.[0]]).toEqual([
      'active',
      'next',
      'next',
    ]);
  });

  test.each(all)('%s, where there is no next key: a new one is made, and activates now', (_, removal) => {
    const plan = take({ keys: [old] }, ['old'], removal);
    const [made] = keysOf(plan);
    expect(livesOf(plan)['(new 1)']).toEqual(['active', 0, undefined, undefined]);
    expect(made).toMatchObject({ ...targets.rs256, like: 'old', isNew: true });
  });

  test.each(all)('%s, declined: none is made, but a next key signs', (_, removal) => {
    expect(stepsOf(take({ keys: [old] }, ['old'], removal, true))).toHaveLength(1);
    expect(livesOf(take({ keys: [waiting, ending] }, ['old'], removal, true))['next']?.[0]).toBe('active');
  });

  test.each<[string, Removal]>([
    ['revoke', revoke],
    ['delete', remove],
  ])('%s of the successor: a new one is made, and the date moves to its start', (_, removal) => {
    const plan = take({ keys: [waiting, ending] }, ['next'], removal);
    expect(livesOf(plan)).toMatchObject({
      '(new 1)': ['next', lead, undefined, undefined],
      old: ['active', -30 * day, lead, lead + grace],
    });
  });

  test('declined: the signer goes on, without a date', () => {
    const plan = take({ keys: [waiting, ending] }, ['next'], remove, true);
    expect(livesOf(plan)['old']).toEqual(['active', -30 * day, undefined, undefined]);
    expect(keysOf(plan)).toHaveLength(2);
  });

  test('where the new one has to be seen first, the signer goes on until it was', () => {
    const seen = policyOf({ publishedAt: ['https://example.com/jwks.json'] });
    const lives = livesOf(take({ keys: [waiting, ending], policy: seen }, ['next'], remove));
    expect(lives['(new 1)']?.slice(0, 2)).toEqual(['next', undefined]);
    expect(lives['old']).toEqual(['active', -30 * day, undefined, undefined]);
  });

  test('another successor is enough: the date moves to its start', () => {
    const plan = take({ keys: [waiting, next('later', 9 * day), ending] }, ['next'], remove);
    expect(keysOf(plan)).toHaveLength(3);
    expect(livesOf(plan)['old']?.[2]).toBe(9 * day);
  });

  test('both at once: a new key signs', () => {
    const plan = take({ keys: [waiting, ending] }, ['next', 'old'], revoke);
    expect(livesOf(plan)['(new 1)']?.[0]).toBe('active');
  });

  test('all active keys at once: one new key', () => {
    const made = keysOf(take({ keys: [signer, old] }, ['signer', 'old'], revoke)).filter(
      (key) => 'isNew' in key,
    );
    expect(made).toHaveLength(1);
  });

  test('of each role by itself', () => {
    const keys = [old, active('es', 30 * day, targets.es256), active('enc', 30 * day, targets.ecdh)];
    const made = keysOf(take({ keys }, ['old', 'enc'], revoke)).filter((key) => 'isNew' in key);
    expect(made.map(({ alg }) => alg).sort()).toEqual(['ECDH-ES', 'RS256']);
  });

  test('nobody signed before: nobody does now', () => {
    const theirs = active('theirs', day, { held: false });
    expect(stepsOf(take({ keys: [theirs] }, ['theirs'], revoke))).toEqual(['revoked theirs']);
    expect(stepsOf(take({ keys: [waiting] }, ['next'], revoke))).toEqual(['revoked next']);
  });

  test('keys that waited for a successor that signs at once stop at once', () => {
    const older = active('older', 60 * day, { ...ends(5 * day), held: false });
    const lives = livesOf(take({ keys: [waiting, ending, older] }, ['old'], revoke));
    expect(lives['older']?.slice(2)).toEqual([0, grace]);
  });

  test('where the policy lists another algorithm, the way to it goes on as it was', () => {
    const es = next('es', 5 * day, targets.es256);
    const lives = livesOf(take({ keys: [es, ending], listed: [targets.es256] }, ['old'], revoke));
    expect(lives['(new 1)']).toEqual(['active', 0, 5 * day, 5 * day + grace]);
    expect(lives['es']).toEqual(['next', 5 * day, undefined, undefined]);
  });
});
