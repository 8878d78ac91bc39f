// What every write does besides: what has had its time is destroyed, and a name stays for ever.
import { describe, expect, test } from 'vitest';
import type { SetLife } from '../../src/lifecycle/draft.ts';
import { refuseName } from '../../src/lifecycle/plan-create.ts';
import { planPolicy } from '../../src/lifecycle/plan-policy.ts';
import { planRemoval } from '../../src/lifecycle/plan-removal.ts';
import {
  active,
  applied,
  day,
  ends,
  hour,
  keysOf,
  later,
  next,
  now,
  policy,
  policyOf,
  rotate,
  stepsOf,
  targets,
} from './set-lives.ts';

const signer = active('signer', day);
const over = active('over', 40 * day, ends(-3 * day));
const revoked = { at: later(-hour), reason: 'keyCompromise' } as const;

describe('a key that is over', () => {
  test.each([
    [
      'retires this second',
      active('k', 9 * day, { deactivates: later(-day), retires: now }),
      ['destroyed k'],
    ],
    ['retires in a second', active('k', 9 * day, { deactivates: later(-day), retires: later(1) }), []],
    ['was revoked and is still whole', active('k', 9 * day, { revoked }), ['destroyed k']],
    ['was revoked before it signed', next('k', day, { revoked }), ['destroyed k']],
    ['has no private half of ours', { ...over, kid: 'k', held: false }, ['destroyed k']],
    [
      'has no public half, which a symmetric key never had',
      { ...over, ...targets.hs256, kid: 'k', jwk: undefined },
      ['destroyed k'],
    ],
    ['is a name already', { ...over, kid: 'k', held: false, jwk: undefined }, []],
  ])('%s', (_, key, steps) => {
    expect(stepsOf(rotate({ keys: [signer, key] }))).toEqual(steps);
  });

  test('is a name and its dates afterwards, in its place', () => {
    const [, after] = keysOf(rotate({ keys: [signer, over] }));
    expect(after).toEqual({ ...over, held: false, jwk: undefined });
  });

  test('is one for ever', () => {
    const set = { keys: [signer, over] };
    const once = applied(set, rotate(set));
    expect(stepsOf(rotate(once, undefined, later(4_000 * day)))).toEqual([]);
  });

  test('is destroyed by whatever is written', () => {
    const set: SetLife = { keys: [signer, over], policy };
    const steps = [
      rotate(set, { kind: 'successor' }),
      rotate(set, { kind: 'now', force: false, lastForced: () => undefined }),
      rotate(set, { kind: 'activate-at', at: later(9 * day), force: false }),
      rotate(set, { kind: 'cancel', force: false }),
      planRemoval(set, now, ['signer'], { kind: 'retire' }),
      planPolicy(set, policy.facts, now),
    ].map(stepsOf);
    for (const one of steps) expect(one).toContain('destroyed over');
  });

  test('keeps its kid from ever being used again', () => {
    const bare = { ...over, held: false, jwk: undefined, thumbprint: 'T' };
    expect(refuseName([bare], { kid: 'over', thumbprint: 'other' })).toBe('taken');
    expect(refuseName([bare], { kid: 'other', thumbprint: 'T' })).toBeUndefined();
    expect(refuseName([{ ...bare, revoked }], { kid: 'other', thumbprint: 'T' })).toBe('revoked');
  });
});

describe('the private half of a key that no longer signs', () => {
  const retiring = active('k', 9 * day, ends(-hour));

  test('is kept until the key leaves the set: it is the way back from a bad switch', () => {
    expect(stepsOf(rotate({ keys: [signer, retiring], policy }))).toEqual([]);
  });

  test.each([
    ['of a signing key: destroyed, the public half stays', {}, ['destroyed k']],
    ['of a symmetric key: kept, it verifies', targets.hs256, []],
    ['of an encryption key: kept, it decrypts', targets.ecdh, []],
  ])('where the policy keeps none longer, %s', (_, kind, steps) => {
    const keen = policyOf({ destroyRetiring: true });
    const plan = rotate({ keys: [signer, { ...retiring, ...kind }], policy: keen });
    expect(stepsOf(plan)).toEqual(steps);
    expect(keysOf(plan)[1]).toMatchObject({ held: steps.length === 0, jwk: {} });
  });

  test('not while it signs, or is to', () => {
    const keen = policyOf({ destroyRetiring: true });
    const keys = [next('next', day), active('k', 9 * day, ends(day))];
    expect(stepsOf(rotate({ keys, policy: keen }))).toEqual([]);
  });
});
