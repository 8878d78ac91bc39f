// What the history tells of a rotation, and what its refusal says: words that somebody decides by.
import { expect, test } from 'vitest';
import { keyOf } from './key-lives.ts';
import {
  active,
  day,
  ends,
  hour,
  later,
  lead,
  next,
  type Outcome,
  period,
  policy,
  policyOf,
  rotate,
  targets,
  told,
} from './set-lives.ts';

const publishedAt = ['https://example.com/jwks.json'];
const seen = policyOf({ publishedAt });
const { es256 } = targets;
const old = active('old', 30 * day);
const ending = { ...old, ...ends(5 * day) };
const waiting = next('next', 5 * day, { created: later(-9 * day) });
const undated = keyOf('undated', { created: later(-day), jwk: {} });
const at = (span: number, force = false) => ({ kind: 'activate-at', at: later(span), force }) as const;
const atOnce = { kind: 'now', force: false, lastForced: () => undefined } as const;
const cancel = { kind: 'cancel', force: false } as const;

test.each<[string, () => Outcome, string[]]>([
  [
    'due',
    () => rotate({ keys: [active('old', period - lead)], policy }),
    ['published (new 1): due since 1972-09-27T00:00:00Z', 'scheduled old: until its successor signs'],
  ],
  [
    'of an algorithm without a signer',
    () => rotate({ keys: [old], policy, listed: [es256] }),
    ['published (new 1): nothing signs ES256', 'scheduled old: the policy lists other algorithms than RS256'],
  ],
  [
    'seen',
    () => rotate({ keys: [undated, old], policy: seen }, { kind: 'due', seen: ['undated'] }),
    ['seen undated: found wherever it has to be', 'scheduled old: until its successor signs'],
  ],
  [
    'no longer to be seen',
    () => rotate({ keys: [undated, old], policy }),
    ['scheduled undated: it no longer has to be seen', 'scheduled old: until its successor signs'],
  ],
  [
    'asked for',
    () => rotate({ keys: [old] }, { kind: 'successor' }),
    ['published (new 1): asked for', 'scheduled old: until its successor signs'],
  ],
  [
    'at once',
    () => rotate({ keys: [old] }, atOnce),
    ['activated (new 1): asked for at once', 'scheduled old: its successor signs'],
  ],
  [
    'at once, by the key that waits',
    () => rotate({ keys: [waiting, ending] }, atOnce),
    ['activated next: asked for at once', 'scheduled old: its successor signs'],
  ],
  [
    'at a date',
    () => rotate({ keys: [old] }, at(9 * day)),
    ['published (new 1): asked for', 'scheduled old: until its successor signs'],
  ],
  [
    'at another date',
    () => rotate({ keys: [waiting, ending, active('beside', 9 * day)] }, at(9 * day)),
    [
      'scheduled next: asked for',
      'scheduled old: its successor signs then',
      'scheduled beside: until its successor signs',
    ],
  ],
  [
    'cancelled',
    () => rotate({ keys: [waiting, ending] }, cancel),
    ['scheduled old: its successor was cancelled', 'cancelled next: asked for'],
  ],
  [
    'cancelled, of one that nobody can have signed with',
    () => rotate({ keys: [next('next', 5 * day), ending] }, cancel),
    ['scheduled old: its successor was cancelled', 'cancelled next: asked for'],
  ],
  [
    'at once, and a key of another algorithm waited for it',
    () =>
      rotate(
        { keys: [next('es', 5 * day, { ...es256, created: later(-9 * day) }), ending], listed: [es256] },
        atOnce,
      ),
    ['activated es: asked for at once', 'scheduled old: its successor signs'],
  ],
  [
    'cancelled, of one that may have signed',
    () => rotate({ keys: [next('next', hour), { ...old, ...ends(hour) }] }, cancel),
    ['scheduled old: its successor was cancelled', 'cancelled next: asked for'],
  ],
])('a step: %s', (_, outcome, words) => {
  expect(told(outcome())).toEqual(words);
});

test.each<[string, () => Outcome, string]>([
  ['no key that signs', () => rotate({ keys: [] }, { kind: 'successor' }), 'it has no key that signs'],
  [
    'again too soon',
    () => rotate({ keys: [old] }, { ...atOnce, lastForced: () => later(-hour) }),
    'a key was made to sign at once 1 h ago, and verifiers may not know that one before 1972-09-29T00:05:00Z',
  ],
  [
    'too early',
    () => rotate({ keys: [old] }, at(day)),
    'verifiers may not know its successor before 1972-09-29T01:05:00Z',
  ],
  [
    'not seen',
    () => rotate({ keys: [undated, old], policy: seen }, at(99 * day)),
    'its successor has not been seen yet where the policy wants it',
  ],
  [
    'too late to cancel',
    () => rotate({ keys: [next('next', 60), { ...old, ...ends(60) }] }, cancel),
    'key next signs from 1972-09-27T00:01:00Z, and a host whose clock is ahead may sign with it already',
  ],
])('refused: %s', (_, outcome, words) => {
  expect(told(outcome())).toEqual([words]);
});
