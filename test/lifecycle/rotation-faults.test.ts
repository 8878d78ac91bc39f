// Faults that the simulated world found, each as small as it gets.
import { describe, expect, test } from 'vitest';
import type { Plan, Target } from '../../src/lifecycle/draft.ts';
import type { KeyLife } from '../../src/lifecycle/key.ts';
import { isTombstone, stateOf } from '../../src/lifecycle/key.ts';
import { planPolicy } from '../../src/lifecycle/plan-policy.ts';
import { planRemoval } from '../../src/lifecycle/plan-removal.ts';
import { planRotation, type Refusal } from '../../src/lifecycle/plan-rotation.ts';
import { defaultFacts, grace, publishAhead } from '../../src/lifecycle/policy.ts';
import { isPublished } from '../../src/lifecycle/publication.ts';
import { signerOf } from '../../src/lifecycle/signer.ts';
import { at, keyOf } from './key-lives.ts';

const day = 86_400;
const now = at(1_000 * day);
const facts = { ...defaultFacts, rotateEvery: 90 * day };
const policy = { facts, was: [] };
const [lead, stay] = [publishAhead(facts), grace(facts)];
const rs256 = { use: 'sig', alg: 'RS256', symmetric: false } as const;
const es256 = { use: 'sig', alg: 'ES256', symmetric: false } as const;

const later = (span: number) => at(now + span);
const old = keyOf('old', { created: later(-30 * day), activates: later(-30 * day) });
const ending = { ...old, deactivates: later(day), retires: later(day + stay) };
const next = keyOf('next', { created: later(day - lead), activates: later(day) });
const es = (key: KeyLife) => ({ ...key, ...es256, kid: `es ${key.kid}` });
const keyIn = (plan: Plan | Refusal, kid: string) =>
  ('keys' in plan ? plan.keys : []).find((key) => key.kid === kid);
const signerIn = (plan: Plan | Refusal, role: Target, time = now) =>
  'keys' in plan ? signerOf(plan.keys, role, time, facts.skew)?.kid : undefined;

describe('a successor that signs at once is not ended by its own start', () => {
  test('--activate-at now --force', () => {
    const made = planRotation({ keys: [old], policy }, now, { kind: 'activate-at', at: now, force: true });
    expect(signerIn(made, rs256)).toBe('(new 1)');
    const moved = planRotation({ keys: [next, ending], policy }, now, {
      kind: 'activate-at',
      at: now,
      force: true,
    });
    expect(signerIn(moved, rs256)).toBe('next');
  });
  test('a date that is past means now: the old key stays for its grace', () => {
    const request = { kind: 'activate-at', at: later(-10 * day), force: true } as const;
    const plan = planRotation({ keys: [old], policy }, now, request);
    expect(keyIn(plan, 'old')).toMatchObject({ deactivates: now, retires: later(stay) });
    expect(signerIn(plan, rs256)).toBe('(new 1)');
  });
  test('where nothing has to be known ahead', () => {
    const none = { publishLag: 0, cacheMaxAge: 0, staleIfError: 0, verifierCache: 0, skew: 0 };
    const bare = { facts: { ...facts, ...none, rotateEvery: day }, was: [] };
    expect(signerIn(planRotation({ keys: [old], policy: bare }, now), rs256)).toBe('(new 1)');
  });
});

test('a key waits for its own successor: what happens to RS256 does not end ES256 that stops in the same second', () => {
  const keys = [next, es(next), ending, es(ending)];
  const plan = planRemoval({ keys, policy }, now, ['old'], { kind: 'revoke', reason: 'keyCompromise' });
  expect(keyIn(plan, 'es old')).toMatchObject({ deactivates: later(day) });
  expect(signerIn(plan, es256)).toBe('es old');
});

test('a key that was cancelled may be signed with by hosts that have not heard of it: it stays for grace', () => {
  const plan = planRotation({ keys: [next, ending], policy }, now, { kind: 'cancel', force: false });
  const cancelled = keyIn(plan, 'next');
  expect(cancelled && stateOf(cancelled, now)).toBe('retiring');
  expect(cancelled && isPublished(cancelled, later(stay - 1))).toBe(true);
  expect(cancelled && isTombstone(cancelled, later(stay))).toBe(true);
});

test('the first key of a role that was published ahead waits for its date: nobody may know it skew sooner', () => {
  const plan = planRotation({ keys: [old], policy, listed: [es256] }, now);
  expect(keyIn(plan, '(new 1)')).toMatchObject({ activates: later(lead) });
  expect(signerIn(plan, es256, later(lead - 1))).toBeUndefined();
  expect(signerIn(plan, es256, later(lead))).toBe('(new 1)');
});

describe('a policy that lists other algorithms', () => {
  test('ends keys of others when all that it lists sign already', () => {
    const plan = planRotation({ keys: [old, es(old)], policy, listed: [es256] }, now);
    expect(keyIn(plan, 'old')).toMatchObject({ deactivates: now, retires: later(stay) });
  });
  test('and takes that back where the algorithm is wanted again', () => {
    const plan = planPolicy({ keys: [es(next), ending], policy, listed: [rs256] }, facts, now, [es256]);
    expect(signerIn(plan, rs256, later(2 * day))).toBe('old');
  });
});

test('a private half that is not kept goes in the same plan, not in the next one', () => {
  const keen = { facts: { ...facts, destroyRetiring: true }, was: [] };
  const request = { kind: 'now', force: false, lastForced: () => undefined } as const;
  const plan = planRotation({ keys: [old], policy: keen }, now, request);
  expect(keyIn(plan, 'old')).toMatchObject({ held: false });
});

test('a date that somebody gave a key does not move because another key was revoked', () => {
  const leaving = { ...old, deactivates: later(200 * day), retires: later(200 * day + stay) };
  const keys = [leaving, es(old)];
  const plan = planRemoval({ keys, policy }, now, ['es old'], { kind: 'revoke', reason: 'keyCompromise' });
  expect(keyIn(plan, 'old')).toEqual(leaving);
});

test('a successor that was moved later and is cancelled then may be signed with by the date of before', () => {
  const moved = { ...next, created: later(day - lead), activates: later(20 * day) };
  const ended = { ...old, deactivates: later(20 * day), retires: later(20 * day + stay) };
  const plan = planRotation({ keys: [moved, ended], policy }, now, { kind: 'cancel', force: false });
  const cancelled = keyIn(plan, 'next');
  expect(cancelled && isPublished(cancelled, later(stay - 1))).toBe(true);
});

test('an algorithm that is wanted again, after another one signs already, goes on', () => {
  const set = { keys: [es(old), ending], policy };
  expect(
    signerIn(planPolicy({ ...set, listed: [rs256, es256] }, facts, now, [es256]), rs256, later(2 * day)),
  ).toBe('old');
  expect(
    signerIn(planPolicy({ ...set, listed: undefined }, facts, now, [es256]), rs256, later(2 * day)),
  ).toBe('old');
});

test('a key whose role had one long ago waits for its date as a first one does', () => {
  const over = { ...old, held: false, deactivates: later(-9 * day), retires: later(-7 * day) };
  const retiring = { ...over, deactivates: later(-day), retires: later(day) };
  for (const before of [over, retiring])
    expect(signerOf([next, before], rs256, later(day - 1), facts.skew)).toBeUndefined();
});
