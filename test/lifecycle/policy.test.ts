// The arithmetic of a policy, with the numbers that the documentation shows.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  defaultFacts,
  defaultRotateEvery,
  grace,
  type PolicyFacts,
  publishAhead,
  unsafeFacts,
} from '../../src/lifecycle/policy.ts';

const hour = 3_600;
const spans = fc.nat({ max: 1_000_000 });
const facts: fc.Arbitrary<PolicyFacts> = fc.record({
  publishLag: spans,
  cacheMaxAge: spans,
  staleIfError: spans,
  verifierCache: spans,
  tokenTtl: spans,
  signerReload: spans,
  skew: spans,
});

test('by default a key is published 49 h 5 min ahead and stays 48 h 5 min', () => {
  expect(publishAhead(defaultFacts)).toBe(49 * hour + 300);
  expect(grace(defaultFacts)).toBe(48 * hour + 300);
  expect(defaultFacts.rotateEvery).toBeUndefined();
  expect(unsafeFacts(defaultFacts)).toBeUndefined();
  expect(defaultRotateEvery).toBe(90 * 24 * hour);
});

test.each<[keyof PolicyFacts, number, number]>([
  ['publishLag', 1, 0],
  ['cacheMaxAge', 1, 0],
  ['staleIfError', 1, 0],
  ['verifierCache', 1, 0],
  ['tokenTtl', 0, 1],
  ['signerReload', 0, 1],
  ['skew', 1, 1],
  ['rotateEvery', 0, 0],
])('a longer %s counts %d times ahead and %d times after', (fact, ahead, after) => {
  fc.assert(
    fc.property(facts, spans, (before, more) => {
      const raised = { ...before, [fact]: Number(before[fact] ?? 0) + more };
      expect(publishAhead(raised) - publishAhead(before)).toBe(ahead * more);
      expect(grace(raised) - grace(before)).toBe(after * more);
    }),
    { numRuns: 20 },
  );
});

test('rotating exactly every two times publishAhead is safe, a second less is not', () => {
  fc.assert(
    fc.property(facts, (some) => {
      const shortest = 2 * publishAhead(some);
      expect(unsafeFacts({ ...some, rotateEvery: shortest })).toBeUndefined();
      expect(unsafeFacts({ ...some, rotateEvery: shortest + 1 })).toBeUndefined();
      if (shortest > 0) expect(unsafeFacts({ ...some, rotateEvery: shortest - 1 })).toBeDefined();
    }),
  );
});

test('a refusal names both spans', () => {
  const words = unsafeFacts({ ...defaultFacts, rotateEvery: 86_400 });
  expect(words).toContain('1d');
  expect(words).toContain('4d 2h 10m');
  expect(unsafeFacts({ ...defaultFacts, rotateEvery: 90 * 86_400 })).toBeUndefined();
});

test('twice what a kind of key needs ahead is the least, where that is more', () => {
  const some = { ...defaultFacts, signerReload: 9 * 86_400, rotateEvery: 2 * 9 * 86_400 };
  const symmetric = { use: 'sig', symmetric: true } as const;
  expect(unsafeFacts(some)).toBeUndefined();
  expect(unsafeFacts(some, [symmetric])).toContain('18d 10m');
  expect(unsafeFacts({ ...some, rotateEvery: 19 * 86_400 }, [symmetric])).toBeUndefined();
});

test('a period of nothing never ends, also where nothing has to be waited for', () => {
  const none = { publishLag: 0, cacheMaxAge: 0, staleIfError: 0, verifierCache: 0, skew: 0 };
  expect(unsafeFacts({ ...defaultFacts, ...none, rotateEvery: 0 })).toBe(
    'rotateEvery 0s would rotate without end',
  );
});
