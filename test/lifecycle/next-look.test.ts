// Until when nothing can become due: never later than it does (plan-properties.test.ts), and not sooner without a reason.
import { expect, test } from 'vitest';
import type { SetLife } from '../../src/lifecycle/draft.ts';
import { nextLook } from '../../src/lifecycle/next-look.ts';
import { at, keyOf } from './key-lives.ts';
import {
  active,
  day,
  ends,
  facts,
  grace,
  hour,
  later,
  lead,
  next,
  now,
  period,
  policy,
  policyOf,
} from './set-lives.ts';

const old = active('old', 30 * day);
const bare = policyOf({ rotateEvery: undefined });
const lowered = (...spans: number[]) => spans.map((span) => ({ facts, until: later(span) }));

test.each<[string, SetLife, number | undefined]>([
  ['nothing is planned', { keys: [old] }, undefined],
  ['there is no key', { keys: [], policy: bare }, undefined],
  ['a successor becomes due', { keys: [old], policy }, 60 * day - lead],
  ['one is overdue', { keys: [active('old', period)], policy }, 0],
  ['a key begins', { keys: [next('next', 2 * hour), { ...old, ...ends(day) }], policy }, 2 * hour],
  ['a key stops', { keys: [{ ...old, ...ends(hour) }] }, hour],
  ['a key leaves', { keys: [old, active('over', 40 * day, ends(-hour))] }, grace - hour],
  ['a key stops in this second: only that it leaves is to come', { keys: [{ ...old, ...ends(0) }] }, grace],
  [
    'what was lowered counts no more',
    { keys: [old], policy: { ...bare, was: lowered(2 * day, day, 0) } },
    day,
  ],
  ['a key has no date yet', { keys: [keyOf('undated'), { ...old, ...ends(hour) }], policy }, 0],
  [
    'only a name is without a date, and has one that is still to come',
    { keys: [keyOf('gone', { revoked: { at: at(1), reason: 'superseded' }, retires: later(day) }), old] },
    undefined,
  ],
])('%s', (_, set, span) => {
  expect(nextLook(set, now)).toBe(span === undefined ? undefined : later(span));
});
