// What the history tells of each step but those of a rotation: words that somebody decides by.
import { expect, test } from 'vitest';
import type { SetLife } from '../../src/lifecycle/draft.ts';
import { planImport } from '../../src/lifecycle/plan-import.ts';
import { planMerge } from '../../src/lifecycle/plan-merge.ts';
import { planPolicy } from '../../src/lifecycle/plan-policy.ts';
import { planRemoval } from '../../src/lifecycle/plan-removal.ts';
import { keyOf } from './key-lives.ts';
import {
  active,
  day,
  ends,
  facts,
  hour,
  later,
  next,
  now,
  type Outcome,
  policy,
  policyOf,
  rotate,
  targets,
  told,
} from './set-lives.ts';

const publishedAt = ['https://example.com/jwks.json'];
const { es256 } = targets;
const old = active('old', 30 * day);
const ending = { ...old, ...ends(5 * day) };
const waiting = next('next', 5 * day, { created: later(-9 * day) });
const over = active('over', 40 * day, ends(-9 * day));
const revoke = { kind: 'revoke', reason: 'keyCompromise' } as const;

const remove = (set: SetLife, kids: string[], decline = false) =>
  planRemoval(set, now, kids, { kind: 'delete' }, decline);
const imported = { kind: 'next' } as const;

// Planned within the test: by what it runs there mutation testing knows which tests a mutant meets.
test.each<[string, () => Outcome, string[]]>([
  [
    'the signer is deleted',
    () => remove({ keys: [old] }, ['old']),
    ['deleted old: asked for', 'activated (new 1): in place of old'],
  ],
  [
    'the signer is revoked, and another key waited for the same successor',
    () =>
      planRemoval(
        { keys: [waiting, ending, { ...ending, kid: 'beside', held: false }] },
        now,
        ['old'],
        revoke,
      ),
    ['revoked old: keyCompromise', 'activated next: in place of old', 'scheduled beside: in place of old'],
  ],
  [
    'the successor is deleted',
    () => remove({ keys: [waiting, ending] }, ['next']),
    [
      'deleted next: asked for',
      'published (new 1): no successor was left behind it',
      'scheduled old: no successor was left behind it',
    ],
  ],
  [
    'and none is wanted',
    () => remove({ keys: [waiting, ending] }, ['next'], true),
    ['deleted next: asked for', 'scheduled old: no successor was left behind it'],
  ],
  [
    'a key that does not sign retires',
    () => planRemoval({ keys: [active('signer', day), old] }, now, ['old'], { kind: 'retire' }),
    ['retired old: asked for'],
  ],
  [
    'a longer wait',
    () =>
      planPolicy(
        { keys: [next('next', day), { ...old, ...ends(day) }], policy },
        { ...facts, publishLag: 9 * day },
        now,
      ),
    ['scheduled next: the policy wants it later', 'scheduled old: the policy wants it later'],
  ],
  [
    'a longer stay',
    () =>
      planPolicy(
        { keys: [active('signer', day), active('k', 9 * day, ends(-hour))], policy },
        { ...facts, tokenTtl: 9 * day },
        now,
      ),
    ['scheduled k: the policy wants it later'],
  ],
  [
    'a place where it has to be seen',
    () => planPolicy({ keys: [waiting, ending], policy }, { ...facts, publishedAt }, now),
    ['scheduled next: it has to be seen first', 'scheduled old: until its successor signs'],
  ],
  [
    'an algorithm that is wanted again',
    () => planPolicy({ keys: [next('es', 5 * day, es256), ending], policy }, facts, now, [es256]),
    ['scheduled old: the policy wants RS256'],
  ],
  [
    'an import of a successor, before and after one that waits',
    () =>
      planImport(
        { keys: [next('soon', day), active('beside', 9 * day)] },
        now,
        [keyOf('one')],
        imported,
        () => 'of a file',
      ),
    [
      'imported one: of a file',
      'scheduled beside: until its successor signs',
      'scheduled soon: until its successor signs',
    ],
  ],
  [
    'a backup',
    () =>
      planMerge(
        { keys: [active('signer', day), { ...old, kid: 'a' }, { ...old, kid: 'b' }] },
        {
          keys: [
            { ...over, kid: 'a' },
            { ...old, kid: 'b', revoked: { at: later(-day), reason: 'superseded' } },
            { ...over, kid: 'c' },
          ],
          updated: now,
        },
        now,
      ),
    [
      'deleted a: it is retired in the backup',
      'revoked b: superseded; so it is in the backup',
      'imported c: a name of the backup that stays taken',
    ],
  ],
  [
    'what is over',
    () =>
      rotate({
        keys: [
          active('signer', day),
          over,
          active('gone', day, { revoked: { at: later(-day), reason: 'superseded' } }),
          active('done', 9 * day, ends(-hour)),
        ],
        policy: policyOf({ destroyRetiring: true }),
      }),
    [
      'destroyed over: it left the set on 1972-09-20T00:05:00Z',
      'destroyed gone: it was revoked',
      'destroyed done: it no longer signs, and the policy keeps no private half longer',
    ],
  ],
])('%s', (_, outcome, words) => {
  expect(told(outcome())).toEqual(words);
});
