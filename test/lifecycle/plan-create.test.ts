// Adding a key: what it takes over from, what is there already, and which names it cannot have.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { stateOf } from '../../src/lifecycle/key.ts';
import { bornActive, existingFor, refuseName, supersededBy } from '../../src/lifecycle/plan-create.ts';
import { hasRole, signerOf } from '../../src/lifecycle/signer.ts';
import { at, keyOf, keys, moments, sets, skews } from './key-lives.ts';

const rs256 = { use: 'sig', alg: 'RS256' } as const;

test('a new key is active in the second it is made, and is the signer at once', () => {
  fc.assert(
    fc.property(sets, moments, skews, (set, now, skew) => {
      const made = keyOf('made', bornActive(now));
      expect(stateOf(made, now)).toBe('active');
      expect(signerOf([made, ...set], rs256, now, skew)).toBe(made);
    }),
  );
});

test('it takes over from whoever signs', () => {
  const signer = keyOf('signer', { activates: at(20) });
  const set = [keyOf('older', { activates: at(10) }), signer];
  expect(supersededBy(set, rs256, at(30), 5)).toBe(signer);
  expect(supersededBy(set, { use: 'sig', alg: 'ES256' }, at(30), 5)).toBeUndefined();
});

describe('what --if-missing is content with', () => {
  const older = keyOf('older', { activates: at(10) });
  const signer = keyOf('signer', { activates: at(20) });
  const existingAt = (now: number, ...set: ReturnType<typeof keyOf>[]) =>
    existingFor(set, rs256, at(now), 5)?.kid;

  test('the signer, of several active keys', () => {
    expect(existingAt(30, older, signer)).toBe('signer');
  });
  test('no public half alone, which signs nothing', () => {
    expect(existingAt(30, { ...older, held: false })).toBeUndefined();
    expect(existingAt(30, { ...signer, held: false }, older)).toBe('older');
  });
  test('no key that is yet to come, even one that signs within skew', () => {
    expect(existingAt(15, signer)).toBeUndefined();
    expect(existingAt(9, signer, older)).toBeUndefined();
    // At a switch, by a clock that is behind, it would sign already.
    expect(existingAt(15, signer, { ...older, deactivates: at(15) })).toBeUndefined();
  });
  test('no key that is over, and none of another algorithm or use', () => {
    expect(existingAt(30, { ...older, deactivates: at(30) })).toBeUndefined();
    expect(existingAt(30, { ...older, alg: 'PS256' }, { ...older, use: 'enc' })).toBeUndefined();
  });

  test('it is active and of the role, and there whenever such a key is', () => {
    fc.assert(
      fc.property(sets, keys, moments, skews, (set, role, now, skew) => {
        const active = set.filter((key) => key.held && hasRole(key, role) && stateOf(key, now) === 'active');
        const found = existingFor(set, role, now, skew);
        expect(found === undefined).toBe(active.length === 0);
        if (found !== undefined) expect(active).toContain(found);
      }),
    );
  });
});

describe('a name that cannot be had', () => {
  const revoked = { at: at(5), reason: 'keyCompromise' } as const;
  const there = { ...keyOf('there'), thumbprint: 'T1' };

  test('is one of a key that is there, whatever has become of it', () => {
    expect(refuseName([there], { kid: 'there' })).toBe('taken');
    expect(refuseName([{ ...there, retires: at(1) }], { kid: 'there', thumbprint: 'T9' })).toBe('taken');
    expect(refuseName([{ ...there, revoked }], { kid: 'there' })).toBe('taken');
  });
  test('is any name, for key material that was revoked', () => {
    expect(refuseName([{ ...there, revoked }], { kid: 'new', thumbprint: 'T1' })).toBe('revoked');
    expect(refuseName([{ ...there, revoked }], { kid: 'there', thumbprint: 'T1' })).toBe('revoked');
  });
  test('is no other: the same material may come under a new name', () => {
    expect(refuseName([there], { kid: 'new', thumbprint: 'T1' })).toBeUndefined();
    expect(refuseName([], { kid: 'there', thumbprint: 'T1' })).toBeUndefined();
    expect(refuseName([there], { kid: 'THERE' })).toBeUndefined();
  });
  test('symmetric keys have no thumbprint, and are not taken for each other', () => {
    const symmetric = { ...keyOf('oct', { symmetric: true, revoked }), thumbprint: undefined };
    expect(refuseName([symmetric], { kid: 'new', thumbprint: undefined })).toBeUndefined();
  });
});
