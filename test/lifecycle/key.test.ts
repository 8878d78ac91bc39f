// The state of a key: every combination of dates around now, and that time moves it forward only.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isTombstone, type KeyState, stateOf } from '../../src/lifecycle/key.ts';
import { at, type Dates, keyOf, keys, latest, moments, orderedKeys } from './key-lives.ts';

const order: readonly KeyState[] = ['next', 'active', 'retiring', 'retired', 'revoked'];
const placeOf = (state: KeyState) => order.indexOf(state);

describe('around the second of a date', () => {
  const revoked = { at: at(10), reason: 'superseded' } as const;
  const all: Dates = { activates: at(10), deactivates: at(20), retires: at(30) };

  test.each<[Dates, number, KeyState]>([
    [{}, 0, 'next'],
    [{ activates: at(10) }, 9, 'next'],
    [{ activates: at(10) }, 10, 'active'],
    [{ activates: at(10) }, 11, 'active'],
    [all, 9, 'next'],
    [all, 10, 'active'],
    [all, 19, 'active'],
    [all, 20, 'retiring'],
    [all, 29, 'retiring'],
    [all, 30, 'retired'],
    [all, 1_000, 'retired'],
    [{ activates: at(10), retires: at(20) }, 20, 'retired'],
    [{ deactivates: at(10) }, 10, 'retiring'],
    [{ retires: at(10) }, 10, 'retired'],
    [{ retires: at(10) }, 9, 'next'],
    [{ revoked }, 9, 'next'],
    [{ revoked }, 10, 'revoked'],
    [{ ...all, revoked: { at: at(40), reason: 'keyCompromise' } }, 39, 'retired'],
    [{ ...all, revoked: { at: at(40), reason: 'keyCompromise' } }, 40, 'revoked'],
  ])('%j at %d is %s', (dates, now, state) => {
    expect(stateOf(keyOf('k', dates), at(now))).toBe(state);
  });

  // A date is missing, past, this very second or to come: of those that are reached, the last in order counts.
  const choices = [undefined, at(4), at(5), at(6)];
  const combinations = choices.flatMap((activates) =>
    choices.flatMap((deactivates) =>
      choices.flatMap((retires) =>
        choices.map((revocation) => ({ activates, deactivates, retires, revocation })),
      ),
    ),
  );

  test(`all ${combinations.length} combinations of missing, past, present and future`, () => {
    for (const { activates, deactivates, retires, revocation } of combinations) {
      const reached = [at(0), activates, deactivates, retires, revocation].map(
        (date) => date !== undefined && date <= 5,
      );
      const life = { activates, deactivates, retires };
      const key = keyOf('k', {
        ...life,
        revoked: revocation && { at: revocation, reason: 'unspecified' },
      });
      expect([life, revocation, stateOf(key, at(5))]).toEqual([
        life,
        revocation,
        order[reached.lastIndexOf(true)],
      ]);
    }
  });
});

describe('as time moves on', () => {
  test('a state only moves forward, whatever the dates', () => {
    fc.assert(
      fc.property(keys, moments, moments, (key, one, two) => {
        const [earlier, later] = one <= two ? [one, two] : [two, one];
        expect(placeOf(stateOf(key, later))).toBeGreaterThanOrEqual(placeOf(stateOf(key, earlier)));
      }),
    );
  });

  test('a key with dates in order passes no state by, unless two dates are one', () => {
    fc.assert(
      fc.property(orderedKeys, (life) => {
        const { activates, deactivates, retires } = life;
        const key = { ...life, revoked: undefined };
        const dates = [activates, deactivates, retires].filter((date) => date !== undefined);
        const seen = Array.from({ length: latest + 2 }, (_, now) => stateOf(key, at(now)));
        const states = seen.filter((state, index) => state !== seen[index - 1]);
        if (new Set(dates).size === dates.length && !dates.includes(at(0)))
          expect(states).toEqual(order.slice(0, dates.length + 1));
      }),
    );
  });

  test('revocation wins over every date, from its second on', () => {
    fc.assert(
      fc.property(keys, moments, moments, (key, when, now) => {
        const state = stateOf({ ...key, revoked: { at: when, reason: 'keyCompromise' } }, now);
        expect(state === 'revoked').toBe(when <= now);
      }),
    );
  });

  test('a tombstone is a key that is retired or revoked, and stays one', () => {
    fc.assert(
      fc.property(keys, moments, (key, now) => {
        const isOne = isTombstone(key, now);
        expect(isOne).toBe(['retired', 'revoked'].includes(stateOf(key, now)));
        if (isOne) expect(isTombstone(key, at(now + 1))).toBe(true);
      }),
    );
  });
});
