// How long tokens live: never longer than the policy allows or their key is published.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { toInstant } from '../../src/lifecycle/time.ts';
import { planTokenLife } from '../../src/lifecycle/token-life.ts';

const now = toInstant(1_769_947_200);
const day = 86_400;
const facts = { tokenTtl: day };
const after = (seconds: number) => ({ retires: toInstant(now + seconds) });

test.each([
  ['nothing asked for: ten minutes', {}, {}, facts, 600],
  ['nothing asked for, and the policy allows less', {}, {}, { tokenTtl: 300 }, 300],
  ['nothing asked for, and the key is published for less', {}, after(60), facts, 60],
  ['a span', { lifetime: 3_600 }, {}, facts, 3_600],
  ['a span that the policy just allows', { lifetime: day }, {}, facts, day],
  ['a date', { exp: now + 90.5 }, {}, facts, 90.5],
  ['a span stands in place of a date', { lifetime: 60, exp: now + day }, {}, facts, 60],
  ['as long as the key is published', { lifetime: 60 }, after(60), facts, 60],
])('%s', (_, asked, key, policy, seconds) => {
  expect(planTokenLife(asked, key, policy, now)).toEqual({ exp: now + seconds });
});

test.each([
  [
    'too long a span',
    { lifetime: day + 1 },
    {},
    "would be good for 1d 1s, and the policy's longest token life is 1d",
  ],
  ['too late a date', { exp: now + 2 * day }, {}, 'would be good for 2d, and'],
  ['a date beyond all calendars', { exp: 1e20 }, {}, 'would be good for '],
  ['no span', { lifetime: 0 }, {}, 'would have expired already'],
  ['a date that has passed', { exp: now }, {}, 'would have expired already'],
  [
    'longer than its key',
    { lifetime: 61 },
    after(60),
    'would outlive its key, which leaves the set on 2026-02-01T12:01:00Z',
  ],
])('refused: %s', (_, asked, key, words) => {
  expect(planTokenLife(asked, key, facts, now)).toMatchObject({ refusal: expect.stringContaining(words) });
});

test('no token is good after its key left, or longer than the policy says', () => {
  const span = fc.integer({ min: 0, max: 4 * day });
  const maybe = fc.option(span, { nil: undefined });
  fc.assert(
    fc.property(
      maybe,
      maybe,
      fc.option(span, { nil: undefined }),
      span,
      (lifetime, until, left, tokenTtl) => {
        const exp = until === undefined ? undefined : now + until;
        const key = left === undefined ? {} : after(left);
        const life = planTokenLife({ lifetime, exp }, key, { tokenTtl }, now);
        if ('refusal' in life) return true;
        const isShort = life.exp > now && life.exp <= now + tokenTtl;
        return isShort && (left === undefined || life.exp <= now + left);
      },
    ),
  );
});

test('a refusal says what to ask for instead', () => {
  expect(planTokenLife({ lifetime: day + 1 }, {}, facts, now)).toHaveProperty(
    'hint',
    'ask for less with --exp, or raise it with jwks policy --token-ttl',
  );
  expect(planTokenLife({ lifetime: 61 }, after(60), facts, now)).toHaveProperty(
    'hint',
    'ask for less with --exp',
  );
});
