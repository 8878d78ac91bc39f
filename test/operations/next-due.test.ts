// The first thing that will be due, of several sets.
import { expect, test } from 'vitest';
import type { PublicJwk } from '../../src/jose/jwk.ts';
import type { ManifestKey } from '../../src/keystore/manifest.ts';
import { parseSetId } from '../../src/keystore/set-id.ts';
import { defaultFacts } from '../../src/lifecycle/policy.ts';
import { type Instant, toInstant } from '../../src/lifecycle/time.ts';
import type { Changed } from '../../src/operations/change-set.ts';
import { nextDue } from '../../src/operations/next-due.ts';
import { noon } from '../support/keystore.ts';

const day = 86_400;
const after = (seconds: number): Instant => toInstant(noon + seconds);
const jwk = { kty: 'EC' } as PublicJwk;

/** A set in which nothing was due, with keys that have signed for ten days. */
function unchanged(name: string, keys: readonly Partial<ManifestKey>[], rotateEvery?: number): Changed {
  const signing = { alg: 'ES256', use: 'sig', symmetric: false, held: true, jwk } as const;
  const dates = { created: after(-10 * day), activates: after(-10 * day) };
  const whole = keys.map((key, index) => ({ ...signing, ...dates, kid: `${name}${index}`, ...key }));
  const policy = rotateEvery === undefined ? undefined : { facts: { ...defaultFacts, rotateEvery }, was: [] };
  const set = parseSetId(name);
  const before = { set, revision: 1, master: 1, updated: noon, keys: whole, events: [], policy };
  return { set, at: noon, before, steps: [], keys: whole, policy, outcome: 'unchanged' };
}

const told = (...sets: Changed[]) => {
  const due = nextDue(sets);
  return due && `${due.set} ${due.kid ?? '-'} ${due.what} ${(due.at - noon) / day}`;
};

test('nothing, where no date is to come', () => {
  expect([told(), told(unchanged('a', [{}])), told(unchanged('a', []))]).toEqual([
    ...[undefined, undefined, undefined],
  ]);
});

test('the first date of all', () => {
  const ending = { deactivates: after(day), retires: after(5 * day) };
  const coming = { activates: after(3 * day) };
  expect(told(unchanged('a', [ending]))).toBe('a a0 leaves 5');
  expect(told(unchanged('a', [ending, coming]))).toBe('a a1 signs 3');
  expect(told(unchanged('a', [ending]), unchanged('b', [{ ...coming, use: 'enc' }]))).toBe('b b0 encrypts 3');
  expect(told(unchanged('a', [coming]), unchanged('b', [coming]))).toBe('a a0 signs 3');
});

test('a successor that is to be made, of which there is no key yet', () => {
  const planned = nextDue([unchanged('a', [{}], 90 * day)]);
  expect(planned).toMatchObject({ set: 'a', kid: undefined, what: 'a successor is published', now: noon });
  expect(planned?.at).toBeGreaterThan(after(70 * day));
});

test('not of what is only a name: a key that was revoked, or of which nothing is left', () => {
  const retires = after(5 * day);
  const revoked = { retires, revoked: { at: after(-1), reason: 'keyCompromise' } } as const;
  expect(told(unchanged('a', [revoked]))).toBeUndefined();
  expect(told(unchanged('a', [{ retires, held: false, jwk: undefined }]))).toBeUndefined();
  expect(told(unchanged('a', [{ retires, held: false }]))).toBe('a a0 leaves 5');
  expect(told(unchanged('a', [{ retires, symmetric: true, jwk: undefined }]))).toBe('a a0 leaves 5');
});
