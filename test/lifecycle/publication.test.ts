// Which keys the world may see, in which order, and which private halves still have a use.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type KeyLife, stateOf } from '../../src/lifecycle/key.ts';
import { heldKeys, isPublished, publishedKeys } from '../../src/lifecycle/publication.ts';
import { signersOf } from '../../src/lifecycle/signer.ts';
import { at, keyOf, kidsOf, moments, sets, skews } from './key-lives.ts';

const life = { activates: at(10), deactivates: at(20), retires: at(30) };
const byKid = (a: KeyLife, b: KeyLife) => a.kid.localeCompare(b.kid);

describe('what is published', () => {
  const sig = keyOf('sig', life);
  const enc = keyOf('enc', { ...life, use: 'enc', alg: 'ECDH-ES' });
  const symmetric = keyOf('oct', { ...life, alg: 'HS256', symmetric: true });

  test.each([
    ['next', 9, true, false],
    ['active', 10, true, true],
    ['active', 19, true, true],
    ['retiring', 20, true, false],
    ['retiring', 29, true, false],
    ['retired', 30, false, false],
  ])('%s at %d: signing %s, encrypting %s, symmetric never', (state, now, signing, encrypting) => {
    expect(stateOf(sig, at(now))).toBe(state);
    expect(isPublished(sig, at(now))).toBe(signing);
    expect(isPublished(enc, at(now))).toBe(encrypting);
    expect(isPublished(symmetric, at(now))).toBe(false);
    expect(isPublished({ ...symmetric, use: 'enc' }, at(now))).toBe(false);
  });

  test('nothing that was revoked', () => {
    const revoked = { at: at(15), reason: 'keyCompromise' } as const;
    expect(isPublished({ ...sig, revoked }, at(14))).toBe(true);
    expect(isPublished({ ...sig, revoked }, at(15))).toBe(false);
    expect(isPublished({ ...enc, revoked }, at(15))).toBe(false);
  });

  test('a public half alone, too: publishing takes no private one', () => {
    expect(isPublished({ ...sig, held: false }, at(15))).toBe(true);
  });
});

describe('the order', () => {
  const set = [
    keyOf('next, late', { activates: at(130) }),
    keyOf('next, unknown'),
    keyOf('next, soon', { activates: at(120) }),
    keyOf('retiring, old', { activates: at(10), deactivates: at(50), retires: at(200) }),
    keyOf('retired', { activates: at(5), deactivates: at(40), retires: at(90) }),
    keyOf('retiring, young', { activates: at(20), deactivates: at(60), retires: at(200) }),
    keyOf('active, older', { activates: at(70) }),
    keyOf('active, not ours', { activates: at(95), held: false }),
    keyOf('signer', { activates: at(80) }),
    keyOf('revoked', { activates: at(85), revoked: { at: at(86), reason: 'keyCompromise' } }),
  ];

  test('signer, other active keys, retiring ones newest first, next ones by activation', () => {
    expect(kidsOf(publishedKeys(set, at(100), 5))).toEqual([
      'signer',
      'active, not ours',
      'active, older',
      'retiring, young',
      'retiring, old',
      'next, soon',
      'next, late',
      'next, unknown',
    ]);
  });

  test('private halves stand in the same order', () => {
    expect(kidsOf(heldKeys(set, at(100), 5))).toEqual([
      'signer',
      'active, older',
      'retiring, young',
      'retiring, old',
      'next, soon',
      'next, late',
      'next, unknown',
    ]);
  });

  test('the signers of all algorithms come before any other key', () => {
    const several = [
      keyOf('rs, older', { activates: at(70) }),
      keyOf('es', { alg: 'ES256', activates: at(10) }),
      keyOf('rs', { activates: at(80) }),
    ];
    expect(kidsOf(publishedKeys(several, at(100), 5))).toEqual(['rs', 'es', 'rs, older']);
  });

  test('a next key that signs already, by a clock that is behind, comes first', () => {
    const switching = [
      keyOf('over', { activates: at(10), deactivates: at(98), retires: at(200) }),
      keyOf('near', { activates: at(103) }),
    ];
    expect(kidsOf(publishedKeys(switching, at(100), 5))).toEqual(['near', 'over']);
    expect(kidsOf(publishedKeys(switching, at(97), 5))).toEqual(['over', 'near']);
  });

  test('whatever order they stand in', () => {
    const expected = kidsOf(publishedKeys(set, at(100), 5));
    for (const turned of [[...set].reverse(), [...set.slice(4), ...set.slice(0, 4)]])
      expect(kidsOf(publishedKeys(turned, at(100), 5))).toEqual(expected);
  });

  test('of those that retire one that never had a date to sign from is the newest', () => {
    const stopped = ['b', 'a'].map((kid) => keyOf(kid, { deactivates: at(50) }));
    const keys = [keyOf('old', { activates: at(10), deactivates: at(50) }), ...stopped];
    expect(kidsOf(publishedKeys(keys, at(60), 5))).toEqual(['b', 'a', 'old']);
  });

  test('keys of one place and one second keep the order of the document', () => {
    const twins = ['b', 'a', 'c'].map((kid) => keyOf(kid, { activates: at(10) }));
    expect(kidsOf(publishedKeys(twins, at(20), 5))).toEqual(['b', 'a', 'c']);
  });
});

describe('whatever the set', () => {
  test('published keys are those that may be seen, each once', () => {
    fc.assert(
      fc.property(sets, moments, skews, (set, now, skew) => {
        const before = [...set];
        const published = publishedKeys(set, now, skew);
        const visible = set.filter((key) => isPublished(key, now));
        expect([...published].sort(byKid)).toEqual(visible.sort(byKid));
        expect(published.some(({ symmetric }) => symmetric)).toBe(false);
        expect(set).toEqual(before);
      }),
    );
  });

  test('every signer of a public algorithm that is published stands before all others', () => {
    fc.assert(
      fc.property(sets, moments, skews, (set, now, skew) => {
        const published = publishedKeys(set, now, skew);
        const signers = signersOf(set, now, skew).filter((key) => isPublished(key, now));
        const first = published.slice(0, signers.length);
        expect(first.sort(byKid)).toEqual([...signers].sort(byKid));
      }),
    );
  });

  test('a key that signs is published before it does, and until its tokens are over', () => {
    fc.assert(
      fc.property(sets, moments, skews, (set, now, skew) => {
        const signing = signersOf(set, now, skew).filter(({ use, symmetric }) => use === 'sig' && !symmetric);
        expect(signing.every((key) => publishedKeys(set, now, skew).includes(key))).toBe(true);
      }),
    );
  });

  test('held keys are the held ones that are no tombstones, symmetric and encrypting ones too', () => {
    fc.assert(
      fc.property(sets, moments, skews, (set, now, skew) => {
        const useful = set.filter(
          (key) => key.held && ['next', 'active', 'retiring'].includes(stateOf(key, now)),
        );
        expect(heldKeys(set, now, skew).sort(byKid)).toEqual(useful.sort(byKid));
      }),
    );
  });
});
