// What is to come, in words.
import { expect, test } from 'vitest';
import { formatInstant } from '../../src/lifecycle/time.ts';
import { nextStepsOf } from '../../src/timeline/next-steps.ts';
import { type TimelineSet, toTimeline } from '../../src/timeline/timeline.ts';
import { auth, key, mixed, now, planned, quarterly, setOf } from './sample-sets.ts';

function stepsOf(set: TimelineSet): string[] {
  const charts = toTimeline([set], {}).charts;
  return charts.flatMap((chart) =>
    nextStepsOf(chart, now).map(({ at, kid, what, isPlanned }) => {
      const date = at === undefined ? 'no date' : formatInstant(at).slice(0, 10);
      return `${date} ${kid?.slice(0, 8) ?? '+'} ${what}${isPlanned ? ' (planned)' : ''}`;
    }),
  );
}

test('a rotation to its end, and the next one', () => {
  expect(stepsOf(auth)).toEqual([
    '2026-02-10 9fJ2mNcw leaves the public set and is destroyed',
    '2026-03-07 + a new ES256 key is published (planned)',
    '2026-03-10 uSm3cXKz stops signing; what it signed still verifies (planned)',
    '2026-03-10 + the new ES256 key starts to sign (planned)',
    '2026-03-12 uSm3cXKz leaves the public set and is destroyed (planned)',
  ]);
});

test('encryption, shared secrets, what is due and what waits', () => {
  expect(stepsOf(mixed)).toEqual([
    '2026-02-09 + a new HS256 key is due: jwks rotate --due makes it (planned)',
    '2026-02-12 shared stops signing; what it signed still verifies (planned)',
    '2026-02-12 + the new HS256 key starts to sign (planned)',
    '2026-02-14 shared is destroyed (planned)',
    '2026-02-20 enc-2025 is destroyed',
    'no date waits-fo waits for its date',
  ]);
});

test('encryption keys are published when they begin to work', () => {
  const enc = { use: 'enc', alg: 'ECDH-ES+A256KW' } as const;
  const old = key('old', { activates: '2026-01-01', deactivates: '2026-02-20', retires: '2026-02-25' }, enc);
  const young = key('young', { created: '2026-02-09', activates: '2026-02-20' }, enc);
  const dir = { use: 'enc', alg: 'dir', symmetric: true } as const;
  const shared = key('shared', { activates: '2026-02-21', deactivates: '2026-02-22' }, dir);
  expect(stepsOf(setOf('s', [young, old, shared]))).toEqual([
    '2026-02-20 old leaves the public set; its private half still decrypts',
    '2026-02-20 young is published and starts to encrypt',
    '2026-02-21 shared starts to encrypt',
    '2026-02-22 shared stops encrypting; it still decrypts',
    '2026-02-25 old is destroyed',
  ]);
});

test('a symmetric key is made and handed out, an asymmetric one beside it published', () => {
  const shared = key('shared', { activates: '2026-01-01' }, { alg: 'HS256', symmetric: true });
  const set = setOf('s', [shared, key('own', { activates: '2026-01-01' })], {
    planned: [planned('2026-03-01', undefined, { alg: 'HS256' }), planned('2026-03-02', undefined)],
  });
  expect(stepsOf(set)).toEqual([
    '2026-03-01 + a new HS256 key is made and handed out; it works once it was seen where the set is published (planned)',
    '2026-03-02 + a new ES256 key is published; it works once it was seen where the set is published (planned)',
  ]);
});

test('where a key must be seen first, that is what it waits for', () => {
  const policy = {
    ...quarterly,
    facts: { ...quarterly.facts, publishedAt: ['https://example.org/jwks.json'] },
  };
  expect(stepsOf(setOf('s', [key('a', {})], { policy }))).toEqual([
    'no date a waits to be seen where the set is published',
  ]);
  const set = setOf('s', [key('a', { activates: '2026-01-01' })], {
    policy,
    planned: [planned('2026-03-01', undefined)],
  });
  expect(stepsOf(set)).toEqual([
    '2026-03-01 + a new ES256 key is published; it works once it was seen where the set is published (planned)',
  ]);
});

test('a key that was dropped never comes to the dates it had', () => {
  const dates = { created: '2026-02-01', activates: '2026-02-20', deactivates: '2026-03-20' };
  expect(stepsOf(setOf('s', [key('a', { ...dates, retires: '2026-02-08' })]))).toEqual([]);
});

test('after a revocation nothing else comes', () => {
  const gone = key('a', { activates: '2026-01-01', deactivates: '2026-03-01', retires: '2026-03-05' });
  const revoked = { at: now, reason: 'superseded' } as const;
  expect(stepsOf(setOf('s', [{ ...gone, revoked }]))).toEqual([]);
});
