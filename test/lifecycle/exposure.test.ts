// Who may go on trusting a key that was taken away, and until when.
import { expect, test } from 'vitest';
import { exposureOf } from '../../src/lifecycle/exposure.ts';
import type { KeyLife } from '../../src/lifecycle/key.ts';
import { keyOf } from './key-lives.ts';
import { active, day, ends, facts, hour, minute, next, now, skew, targets } from './set-lives.ts';

const heldBy = (key: KeyLife, some = facts) =>
  exposureOf(key, some, now).map(({ holder, until }) => [holder, until - now]);
const reload = 24 * hour + 5 * minute;
const verifiers = 49 * hour + 5 * minute;
const publicly = [
  ['publication', 24 * hour],
  ['caches', 25 * hour],
  ['verifiers', verifiers],
];

test.each<[string, KeyLife]>([
  ['an active key', active('k', day)],
  ['one that is next, which is published too', next('k', day)],
  ['one that retires', active('k', 9 * day, ends(-hour))],
])('%s: first who takes it from the set, and hosts that loaded it', (_, key) => {
  expect(heldBy(key).sort()).toEqual([...publicly, ['private-sets', reload]].sort());
});

test('the first to know comes first', () => {
  expect(heldBy(active('k', day)).map(([, until]) => until)).toEqual([day, reload, 25 * hour, verifiers]);
  const slow = { ...facts, signerReload: 9 * day };
  expect(heldBy(active('k', day), slow).at(-1)).toEqual(['private-sets', 9 * day + skew]);
});

test('caches that serve what is stale while their source fails', () => {
  const stale = { ...facts, staleIfError: 2 * day };
  const held = Object.fromEntries(heldBy(active('k', day), stale));
  expect(held).toMatchObject({
    caches: 25 * hour,
    'stale-caches': 73 * hour,
    verifiers: verifiers + 2 * day,
  });
});

test('a symmetric key was never published: hosts alone', () => {
  expect(heldBy(active('k', day, targets.hs256))).toEqual([['private-sets', reload]]);
});

test('an encryption key is published only while it is active', () => {
  expect(heldBy(next('k', day, targets.ecdh))).toEqual([['private-sets', reload]]);
  expect(heldBy(active('k', day, targets.ecdh))).toContainEqual(['verifiers', verifiers]);
  expect(heldBy(active('k', 0, targets.ecdh))).toContainEqual(['verifiers', verifiers]);
  expect(heldBy(keyOf('undated', targets.ecdh))).toEqual([['private-sets', reload]]);
  // It stopped two days ago, and senders that took it then may hold it for an hour more.
  expect(heldBy(active('k', 9 * day, { ...targets.ecdh, ...ends(-2 * day, 3 * day) }))).toEqual([
    ['verifiers', hour + 5 * minute],
    ['private-sets', reload],
  ]);
});

test('a key that left the set counts from then, and at last nobody trusts it', () => {
  const left = (span: number) =>
    active('k', 99 * day, { deactivates: ends(-9 * day).deactivates, retires: ends(-span, 0).retires });
  expect(heldBy(left(2 * day))).toEqual([['verifiers', hour + 5 * minute]]);
  expect(heldBy(left(3 * day))).toEqual([]);
});
