// Whether a set has the signers that it should have, now and at the switches that are to come.
import { expect, test } from 'vitest';
import type { SetLife } from '../../src/lifecycle/draft.ts';
import { inspect } from '../../src/lifecycle/inspect.ts';
import { active, day, ends, hour, next, now, period, policy, policyOf, targets } from './set-lives.ts';

const old = active('old', 30 * day);
const theirs = active('theirs', day, { held: false });
const rsOver = active('rs over', period, ends(-hour));
const esOver = active('es over', period, { ...targets.es256, ...ends(-hour) });

test.each<[string, SetLife, string[]]>([
  ['an empty set', { keys: [] }, ['error no-signer']],
  ['only a key that is next', { keys: [next('next', day)] }, ['error no-signer']],
  [
    'only names',
    { keys: [{ ...active('gone', day, ends(-9 * day)), held: false, jwk: undefined }] },
    ['error no-signer'],
  ],
  [
    'only a public half of others: nothing is wrong with that',
    { keys: [active('theirs', day, { held: false })] },
    [],
  ],
  ['beside that one which is to sign', { keys: [theirs, next('next', day)] }, ['error no-signer']],
  ['theirs that retires: it was ours', { keys: [{ ...theirs, ...ends(-hour) }] }, ['error no-signer']],
  [
    'theirs, where the policy wants a signer',
    { keys: [theirs], listed: [targets.rs256] },
    ['error no-signer'],
  ],
  [
    'an algorithm of the policy that nobody signs for, where a period makes a key due',
    { keys: [old], policy, listed: [targets.es256, targets.rs256] },
    ['error no-signer'],
  ],
  [
    'an algorithm of the policy that nobody signs for',
    { keys: [old], policy: policyOf({ rotateEvery: undefined }), listed: [targets.rs256, targets.es256] },
    ['error no-signer'],
  ],
  [
    'one that is to be signed for is none',
    { keys: [next('es', day, targets.es256), old], policy, listed: [targets.rs256, targets.es256] },
    [],
  ],
  [
    'a gap between two keys of one role',
    {
      keys: [
        next('es', day, targets.es256),
        active('es old', period, { ...targets.es256, ...ends(-hour) }),
        old,
      ],
    },
    ['error no-signer es'],
  ],
  [
    'no gap before a key that is not ours',
    { keys: [next('es', day, { ...targets.es256, held: false }), esOver, old] },
    [],
  ],
  [
    'no gap where one signs meanwhile',
    {
      keys: [
        next('es', day, targets.es256),
        active('es now', day, { ...targets.es256, ...ends(day) }),
        esOver,
        old,
      ],
    },
    [],
  ],
  [
    'no gap where only another algorithm has stopped',
    { keys: [next('es', day, targets.es256), rsOver, old] },
    [],
  ],
])('%s', (_, set, faults) => {
  expect(
    inspect(set, now, undefined).map(({ severity, code, kid }) =>
      [severity, code, kid].filter(Boolean).join(' '),
    ),
  ).toEqual(faults);
});
