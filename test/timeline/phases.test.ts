// What keys do over time, as stretches.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { KeyLife } from '../../src/lifecycle/key.ts';
import { stateOf } from '../../src/lifecycle/key.ts';
import { type Phase, stretchesOf } from '../../src/timeline/phases.ts';
import { at, keyOf, latest, orderedKeys, sets } from '../lifecycle/key-lives.ts';

const role = { use: 'sig', alg: 'RS256' } as const;

function drawn(keys: readonly KeyLife[], known = 0): string[] {
  return stretchesOf(keys, role, at(known)).map((stretches) =>
    stretches.map(({ phase, from, to }) => `${phase} ${from}-${to ?? ''}`).join(', '),
  );
}

test.each<[string, KeyLife[], string[]]>([
  ['signs for ever', [keyOf('a', { activates: at(0) })], ['signs 0-']],
  ['waits for a date', [keyOf('a')], ['published 0-']],
  [
    'a whole life',
    [keyOf('a', { activates: at(2), deactivates: at(5), retires: at(7) })],
    ['published 0-2, signs 2-5, verifies 5-7'],
  ],
  [
    'revoked in its best years',
    [
      keyOf('a', {
        activates: at(1),
        deactivates: at(5),
        retires: at(7),
        revoked: { at: at(3), reason: 'unspecified' },
      }),
    ],
    ['published 0-1, signs 1-3'],
  ],
  [
    'one that was added beside it takes over',
    [keyOf('b', { created: at(3), activates: at(3) }), keyOf('a', { activates: at(0) })],
    ['signs 3-', 'signs 0-3, verifies 3-'],
  ],
  [
    'and hands back when it is revoked',
    [
      keyOf('b', { created: at(3), activates: at(3), revoked: { at: at(6), reason: 'keyCompromise' } }),
      keyOf('a', { activates: at(0) }),
    ],
    ['signs 3-6', 'signs 0-3, verifies 3-6, signs 6-'],
  ],
  ['a public half only never signs', [keyOf('a', { activates: at(0), held: false })], ['verifies 0-']],
  [
    'a private half that was destroyed did sign',
    [keyOf('a', { activates: at(0), deactivates: at(1), retires: at(2), held: false })],
    ['signs 0-1, verifies 1-2'],
  ],
])('%s', (_, keys, expected) => {
  expect(drawn(keys, 9)).toEqual(expected);
});

test('of encryption keys all that are active encrypt', () => {
  const enc = { use: 'enc', alg: 'RSA-OAEP-256' } as const;
  const keys = [keyOf('b', { ...enc, activates: at(1) }), keyOf('a', { ...enc, activates: at(0) })];
  const phases = stretchesOf(keys, enc, at(9)).map((one) => one.map(({ phase }) => phase));
  expect(phases).toEqual([['published', 'signs'], ['signs']]);
});

test('at every moment a key is drawn as its state has it, and at most one key signs', () => {
  fc.assert(
    fc.property(fc.oneof(sets, fc.array(orderedKeys, { maxLength: 6 })), (all) => {
      const keys = all.map((key) => ({ ...key, ...role }));
      const stretches = stretchesOf(keys, role, at(latest + 1));
      for (let now = 0; now <= latest + 1; now++) {
        const shown = stretches.map((one) =>
          one.filter(({ from, to }) => from <= now && now < (to ?? Infinity)),
        );
        expect(shown.every((one) => one.length <= 1)).toBe(true);
        const phases = shown.map((one) => one[0]?.phase);
        for (const [index, key] of keys.entries()) {
          expect(allowed(key, now)).toContain(phases[index]);
        }
        expect(phases.filter((phase) => phase === 'signs').length).toBeLessThanOrEqual(1);
      }
    }),
  );
});

function allowed(key: KeyLife, now: number): (Phase | undefined)[] {
  if (key.created > now) return [undefined];
  const phases = {
    next: ['published'],
    active: ['signs', 'verifies'],
    retiring: ['verifies'],
    retired: [undefined],
    revoked: [undefined],
  } as const;
  return [...phases[stateOf(key, at(now))]];
}
