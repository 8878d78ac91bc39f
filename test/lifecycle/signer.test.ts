// Which key signs: the last activated of those held, the earlier in the set at a tie, the next one near a switch.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type KeyLife, stateOf } from '../../src/lifecycle/key.ts';
import { hasRole, signerOf, signersOf } from '../../src/lifecycle/signer.ts';
import { at, keyOf, keys, kidsOf, moments, sets, skews } from './key-lives.ts';

const rs256 = { use: 'sig', alg: 'RS256' } as const;
const skew = 5;
const signerAt = (now: number, ...set: KeyLife[]) => signerOf(set, rs256, at(now), skew)?.kid;

describe('the signer of a role', () => {
  test('is the active key that was activated last, wherever it stands', () => {
    const [old, young] = [keyOf('old', { activates: at(10) }), keyOf('young', { activates: at(20) })];
    expect(signerAt(30, old, young)).toBe('young');
    expect(signerAt(30, young, old)).toBe('young');
    expect(signerAt(19, young, old)).toBe('old');
    expect(signerAt(20, young, old)).toBe('young');
  });

  test('is the earlier in the document where two were activated in one second', () => {
    const [one, two] = [keyOf('one', { activates: at(10) }), keyOf('two', { activates: at(10) })];
    expect(signerAt(10, one, two)).toBe('one');
    expect(signerAt(10, two, one)).toBe('two');
    // Both ways of being next to sign, too.
    const over = keyOf('over', { activates: at(1), deactivates: at(8) });
    expect(signerAt(9, one, two, over)).toBe('one');
    expect(signerAt(9, two, one, over)).toBe('two');
  });

  test('is never a key whose private half is not there', () => {
    const published = keyOf('published', { activates: at(20), held: false });
    expect(signerAt(30, published)).toBeUndefined();
    expect(signerAt(30, published, keyOf('ours', { activates: at(10) }))).toBe('ours');
    expect(signerAt(19, published)).toBeUndefined();
  });

  test('is not one that is retiring, retired or revoked', () => {
    const activates = at(10);
    expect(signerAt(20, keyOf('retiring', { activates, deactivates: at(20) }))).toBeUndefined();
    expect(signerAt(19, keyOf('retiring', { activates, deactivates: at(20) }))).toBe('retiring');
    expect(signerAt(20, keyOf('retired', { activates, retires: at(20) }))).toBeUndefined();
    const revoked = { at: at(20), reason: 'keyCompromise' } as const;
    expect(signerAt(20, keyOf('revoked', { activates, revoked }))).toBeUndefined();
  });

  test('is of that use and that algorithm', () => {
    const others = [
      keyOf('es', { alg: 'ES256', activates: at(10) }),
      keyOf('enc', { use: 'enc', activates: at(10) }),
    ];
    expect(signerAt(20, ...others)).toBeUndefined();
    expect(hasRole(keyOf('k'), rs256)).toBe(true);
    expect(others.some((key) => hasRole(key, rs256))).toBe(false);
  });

  test('is, where none is active, the next key that activates within skew', () => {
    const over = keyOf('over', { activates: at(1), deactivates: at(15) });
    const next = keyOf('next', { activates: at(20) });
    const sooner = keyOf('sooner', { activates: at(18) });
    expect(signerAt(14, next, over)).toBe('over');
    expect(signerAt(15, keyOf('later', { activates: at(21) }), over)).toBeUndefined();
    expect(signerAt(15, next, over)).toBe('next');
    expect(signerAt(15, next, sooner, over)).toBe('sooner');
    expect(signerAt(15, keyOf('waiting'), over)).toBeUndefined();
    expect(signerAt(15, next, keyOf('active', { activates: at(1) }))).toBe('active');
    // A switch where the old key is over before the new one has begun.
    expect(signerAt(16, next, keyOf('over', { activates: at(1), deactivates: at(16) }))).toBe('next');
  });

  test('is not the first key of a role before its date, unless that was when it was made', () => {
    expect(signerAt(19, keyOf('published ahead', { activates: at(20) }))).toBeUndefined();
    expect(signerAt(20, keyOf('published ahead', { activates: at(20) }))).toBe('published ahead');
    expect(signerAt(15, keyOf('made at once', { created: at(20), activates: at(20) }))).toBe('made at once');
    const other = keyOf('es', { alg: 'ES256', activates: at(1), deactivates: at(9) });
    expect(signerAt(19, keyOf('published ahead', { activates: at(20) }), other)).toBeUndefined();
  });

  test('is not the next key before its date because of a key that does not stop for it', () => {
    const next = keyOf('next', { activates: at(20) });
    const before = (other: KeyLife) => signerAt(19, next, other);
    expect(before(keyOf('over', { activates: at(1), deactivates: at(18) }))).toBe('next');
    expect(before(keyOf('theirs', { activates: at(1), held: false }))).toBeUndefined();
    expect(before(keyOf('cancelled', { deactivates: at(18) }))).toBeUndefined();
    expect(before(keyOf('twin', { activates: at(20), deactivates: at(40), held: false }))).toBeUndefined();
    expect(signerAt(19, { ...next, deactivates: at(40) })).toBeUndefined();
  });

  test('nobody, in an empty set', () => {
    expect(signerAt(0)).toBeUndefined();
    expect(signersOf([], at(0), skew)).toEqual([]);
  });
});

describe('whatever the set', () => {
  test('the signer is held, of the role, and active or about to be', () => {
    fc.assert(
      fc.property(sets, keys, moments, skews, (set, role, now, width) => {
        const signer = signerOf(set, role, now, width);
        if (signer === undefined) return;
        expect([signer.held, signer.use, signer.alg]).toEqual([true, role.use, role.alg]);
        const state = stateOf(signer, now);
        const isNear = state === 'next' && Number(signer.activates) <= now + width;
        expect(state === 'active' || isNear).toBe(true);
      }),
    );
  });

  test('there is a signer wherever a held key is active, and none was activated after it', () => {
    fc.assert(
      fc.property(sets, keys, moments, skews, (set, role, now, width) => {
        const candidates = set.filter(
          (key) =>
            key.held && hasRole(key, role) && stateOf(key, now) === 'active' && key.activates !== undefined,
        );
        const signer = signerOf(set, role, now, width);
        if (candidates.length === 0) return;
        expect(Number(signer?.activates)).toBe(
          Math.max(...candidates.map(({ activates }) => Number(activates))),
        );
        expect(signer).toBe(candidates.find(({ activates }) => activates === signer?.activates));
      }),
    );
  });

  test('a wider skew never takes the signer away nor changes one that is active', () => {
    fc.assert(
      fc.property(sets, keys, moments, skews, (set, role, now, width) => {
        const narrow = signerOf(set, role, now, 0);
        if (narrow !== undefined) expect(signerOf(set, role, now, width)).toBe(narrow);
      }),
    );
  });

  test('signers are one for each role, in the order of their keys', () => {
    fc.assert(
      fc.property(sets, moments, skews, (set, now, width) => {
        const signers = signersOf(set, now, width);
        const roles = new Set(signers.map(({ use, alg }) => `${use} ${alg}`));
        expect(roles.size).toBe(signers.length);
        expect(signers.every((key) => signerOf(set, key, now, width) === key)).toBe(true);
        expect(kidsOf(signers)).toEqual(kidsOf(set.filter((key) => signers.includes(key))));
        const without = set.filter((key) => !roles.has(`${key.use} ${key.alg}`));
        expect(without.every((key) => signerOf(set, key, now, width) === undefined)).toBe(true);
      }),
    );
  });
});
