// What is wrong with a set, by its dates and its policy alone.
import { describe, expect, test } from 'vitest';
import type { SetLife } from '../../src/lifecycle/draft.ts';
import { inspect } from '../../src/lifecycle/inspect.ts';
import { keyOf } from './key-lives.ts';
import {
  active,
  day,
  ends,
  hour,
  later,
  lead,
  next,
  now,
  period,
  policy,
  policyOf,
  targets,
} from './set-lives.ts';

const publishedAt = ['https://example.com/jwks.json'];
const faultsOf = (set: SetLife, maxAge?: number) =>
  inspect(set, now, maxAge).map(
    ({ code, kid, severity }) => `${severity} ${code}${kid === undefined ? '' : ` ${kid}`}`,
  );
const old = active('old', 30 * day);
const bare = { held: false, jwk: undefined };
const wanted = [targets.es256, { ...targets.es256, alg: 'ES384' }];
const overdue = active('old', period + 1);

test.each<[string, SetLife]>([
  ['one key, no policy', { keys: [old] }],
  ['one key that is not due', { keys: [old], policy }],
  ['a switch under way', { keys: [next('next', day), { ...old, ...ends(day) }], policy }],
  ['a switch that is done', { keys: [old, active('over', period, ends(-hour))], policy }],
  [
    'names of keys that were',
    { keys: [old, { ...active('gone', period, ends(-9 * day)), held: false, jwk: undefined }], policy },
  ],
  [
    'a way to another algorithm',
    { keys: [next('es', day, targets.es256), { ...old, ...ends(day) }], policy, listed: [targets.es256] },
  ],
])('nothing is wrong with %s', (_, set) => {
  expect(faultsOf(set)).toEqual([]);
});

describe('of a key that signs', () => {
  test.each<[string, SetLife, string[]]>([
    [
      'overdue, a second after its period',
      { keys: [overdue], policy },
      ['error overdue old', 'error no-successor old'],
    ],
    [
      'not in the second in which it ends',
      { keys: [active('old', period)], policy },
      ['error no-successor old'],
    ],
    [
      'not once it has a successor with a date',
      { keys: [next('next', day), { ...overdue, ...ends(day) }], policy },
      [],
    ],
    [
      'while its successor waits to be seen',
      { keys: [keyOf('waits'), overdue], policy: policyOf({ publishedAt }) },
      ['error overdue old', 'warning not-seen waits'],
    ],
    [
      'no-successor, in the second in which it is due',
      { keys: [active('old', period - lead)], policy },
      ['error no-successor old'],
    ],
    ['not a second before', { keys: [active('old', period - lead - 1)], policy }, []],
    [
      'each signer by itself',
      { keys: [active('es', day, targets.es256), active('old', period - lead)], policy },
      ['error no-successor old'],
    ],
    [
      'where not all that the policy lists instead sign then',
      {
        keys: [
          active('es', day, targets.es256),
          next('late', 9 * day, { alg: 'ES384' }),
          { ...old, ...ends(5 * day) },
        ],
        listed: wanted,
      },
      ['error no-successor old'],
    ],
    [
      'nor any of them',
      { keys: [next('es', 9 * day, targets.es256), { ...old, ...ends(5 * day) }], listed: [targets.es256] },
      ['error no-successor old'],
    ],
    [
      'not where only one of another use is missing',
      {
        keys: [active('es', day, targets.es256), { ...old, ...ends(5 * day) }],
        listed: [targets.es256, targets.ecdh],
      },
      ['error no-signer'],
    ],
    [
      'where it stops and nobody follows',
      { keys: [{ ...old, ...ends(9 * day) }] },
      ['error no-successor old'],
    ],
    [
      'where who follows comes too late',
      { keys: [next('next', 9 * day + 1), { ...old, ...ends(9 * day) }] },
      ['error no-successor old'],
    ],
    [
      'where it only leaves, and nobody follows',
      { keys: [{ ...old, retires: later(9 * day) }] },
      ['error no-successor old'],
    ],
  ])('%s', (_, set, faults) => {
    expect(faultsOf(set)).toEqual(faults);
  });

  test('too-old: for more than was asked, whatever the policy says', () => {
    expect(faultsOf({ keys: [old] }, 30 * day)).toEqual([]);
    expect(faultsOf({ keys: [old] }, 30 * day - 1)).toEqual(['error too-old old']);
    expect(faultsOf({ keys: [active('new', day), active('beside', period)] }, 2 * day)).toEqual([]);
  });
});

test.each<[string, SetLife, string[]]>([
  [
    'not-seen',
    { keys: [keyOf('waits'), old], policy: policyOf({ publishedAt, rotateEvery: undefined }) },
    ['warning not-seen waits'],
  ],
  [
    'not one that was',
    { keys: [next('seen', day), { ...old, ...ends(day) }], policy: policyOf({ publishedAt }) },
    [],
  ],
  ['no longer, where nothing has to be seen: the clock gives it a date', { keys: [keyOf('waits'), old] }, []],
  ['not-destroyed', { keys: [old, active('over', period, ends(-9 * day))] }, ['warning not-destroyed over']],
  [
    'not-destroyed, of a key that never was ours',
    { keys: [old, active('over', period, { ...ends(-9 * day), held: false })] },
    ['warning not-destroyed over'],
  ],
  [
    'not-destroyed, of one that has no public half',
    { keys: [old, active('over', period, { ...ends(-9 * day), jwk: undefined })] },
    ['warning not-destroyed over'],
  ],
  [
    'not-destroyed, revoked',
    { keys: [old, active('gone', day, { revoked: { at: later(-hour), reason: 'superseded' } })] },
    ['warning not-destroyed gone'],
  ],
  [
    'unsafe-policy',
    { keys: [old], policy: policyOf({ rotateEvery: 2 * lead - 1, publishLag: day }) },
    ['error overdue old', 'error no-successor old', 'warning unsafe-policy'],
  ],
  [
    'unsafe-policy, by what a key that is held needs',
    {
      keys: [active('hs', day, targets.hs256), { ...old, ...bare, jwk: {} }],
      policy: policyOf({ rotateEvery: 14 * day, signerReload: 8 * day }),
    },
    ['warning unsafe-policy'],
  ],
  [
    'not by what one needs of which only the name is left',
    {
      keys: [old, active('hs', period, { ...targets.hs256, ...ends(-9 * day), ...bare })],
      policy: policyOf({ rotateEvery: 60 * day, signerReload: 35 * day }),
    },
    [],
  ],
  [
    'other-alg, not of a key that is to stop',
    { keys: [{ ...old, ...ends(day) }, active('es', day, targets.es256)], policy, listed: [targets.es256] },
    [],
  ],
  [
    'other-alg',
    { keys: [old, active('es', day, targets.es256)], policy, listed: [targets.es256] },
    ['warning other-alg old'],
  ],
])('%s', (_, set, faults) => {
  expect(faultsOf(set)).toEqual(faults);
});
