// What `check` says of a set: words that somebody at night decides by.
import { expect, test } from 'vitest';
import type { SetLife } from '../../src/lifecycle/draft.ts';
import { inspect } from '../../src/lifecycle/inspect.ts';
import { keyOf } from './key-lives.ts';
import { active, day, ends, hour, later, next, now, period, policy, policyOf, targets } from './set-lives.ts';

const seen = policyOf({ publishedAt: ['https://example.com/jwks.json'] });
const { es256 } = targets;
const old = active('old', 30 * day);
const ending = { ...old, ...ends(5 * day) };
const undated = keyOf('undated', { created: later(-day), jwk: {} });
const over = active('over', 40 * day, ends(-9 * day));

test.each<[string, SetLife, string[]]>([
  ['no signer', { keys: [] }, ['no key signs']],
  [
    'an algorithm without one',
    { keys: [old], policy: policyOf({ rotateEvery: undefined }), listed: [targets.rs256, es256] },
    ['the policy wants ES256, and no key signs with it or is to'],
  ],
  [
    'a gap',
    { keys: [next('es', day, es256), active('es old', 9 * day, { ...es256, ...ends(-hour) }), old] },
    ['nothing signs ES256 until it does'],
  ],
  [
    'overdue',
    { keys: [active('old', period + day)], policy },
    [
      'should have been succeeded on 1972-09-26T00:00:00Z',
      'a successor has been due since 1972-09-23T22:55:00Z',
    ],
  ],
  [
    'overdue, and its successor waits',
    { keys: [undated, active('old', period + day)], policy: seen },
    [
      'should have been succeeded on 1972-09-26T00:00:00Z, and its successor has not been seen yet',
      'waits since 1972-09-26T00:00:00Z to be seen where the policy says',
    ],
  ],
  ['an end', { keys: [ending] }, ['signs until 1972-10-02T00:00:00Z, and nothing is to sign then']],
  [
    'what is over',
    { keys: [old, over] },
    ['has had its time and is not destroyed yet: any write of the set does it, such as rotate --due'],
  ],
  [
    'another algorithm',
    { keys: [old, active('es', day, es256)], policy, listed: [es256] },
    ['signs RS256, which the policy does not list'],
  ],
  [
    'a policy',
    { keys: [active('old', 0)], policy: policyOf({ rotateEvery: 4 * day }) },
    ['rotateEvery 4d is shorter than twice the time that a key must be published ahead (4d 2h 10m)'],
  ],
])('%s', (_, set, words) => {
  expect(inspect(set, now, undefined).map(({ message }) => message)).toEqual(words);
});

test('a key that signs for too long', () => {
  expect(inspect({ keys: [old] }, now, day).map(({ message }) => message)).toEqual([
    'has signed since 1972-08-28T00:00:00Z',
  ]);
});
