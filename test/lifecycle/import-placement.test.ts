// Keys from elsewhere beside those of a set: successions, public halves, and what is so of every import
// (plan-import.test.ts has the dates of each placement).
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { SetLife } from '../../src/lifecycle/draft.ts';
import { type KeyLife, stateOf } from '../../src/lifecycle/key.ts';
import { type Placement, planImport } from '../../src/lifecycle/plan-import.ts';
import { graceOf, leadOf } from '../../src/lifecycle/policy.ts';
import { publishedKeys } from '../../src/lifecycle/publication.ts';
import { hasRole, signerOf, signersOf } from '../../src/lifecycle/signer.ts';
import type { Instant } from '../../src/lifecycle/time.ts';
import { at, keyOf, kidsOf, orderedKeys } from './key-lives.ts';
import {
  active,
  applied,
  day,
  ends,
  facts,
  grace,
  hour,
  later,
  lead,
  livesOf,
  next,
  now,
  policy,
  policyOf,
  rotate,
  skew,
  stepsOf,
  targets,
} from './set-lives.ts';

/** A key as it stands in a file: nothing is known of its life. */
const incoming = (kid: string, life: Partial<KeyLife> = {}) => keyOf(kid, { jwk: {}, ...life });
const half = { held: false };
const rs256 = targets.rs256;

function plan(set: SetLife, keys: readonly KeyLife[], placement: Placement = { kind: 'active' }, time = now) {
  return planImport(set, time, keys, placement, ({ kid }) => `from ${kid}.pem`);
}

const signerAt = (set: SetLife, time: Instant) => signerOf(set.keys, rs256, time, skew)?.kid;

describe('keys that sign at once', () => {
  const set = { keys: [active('old', 10 * day)], policy };

  test('stand in front in their order, and the first is the signer', () => {
    const planned = plan(set, [incoming('a'), incoming('b')]);
    expect(kidsOf(planned.keys)).toEqual(['a', 'b', 'old']);
    expect(signerAt(planned, now)).toBe('a');
    expect(livesOf(planned)).toEqual({
      a: ['active', 0, undefined, undefined],
      b: ['active', 0, undefined, undefined],
      old: ['active', -10 * day, undefined, undefined],
    });
    expect(planned.keys.map(({ created }) => created - now)).toEqual([0, 0, -10 * day]);
    expect(planned.steps).toEqual([
      { event: 'imported', kid: 'a', reason: 'from a.pem' },
      { event: 'imported', kid: 'b', reason: 'from b.pem' },
    ]);
  });

  test('are followed when they are old enough, as if they had been made here', () => {
    const planned = applied(set, plan({ keys: [], policy }, [incoming('a')]));
    expect(stepsOf(rotate(planned, { kind: 'due' }, later(80 * day)))).toEqual([]);
    const due = rotate(planned, { kind: 'due' }, later(88 * day));
    expect(stepsOf(due)).toEqual(['published (new 1)', 'scheduled a']);
  });

  test('have each its own role', () => {
    const planned = plan({ keys: [] }, [
      incoming('rs'),
      incoming('es', targets.es256),
      incoming('en', targets.ecdh),
    ]);
    expect(kidsOf(signersOf(planned.keys, now, skew))).toEqual(['rs', 'es', 'en']);
  });
});

describe('keys that come next', () => {
  const next1: Placement = { kind: 'next' };

  test('sign when all know them, and those that sign stop then and leave after grace', () => {
    const set = { keys: [active('old', 10 * day), active('older', 20 * day)], policy };
    const planned = plan(set, [incoming('a')], next1);
    expect(livesOf(planned)).toEqual({
      a: ['next', lead, undefined, undefined],
      old: ['active', -10 * day, lead, lead + grace],
      older: ['active', -20 * day, lead, lead + grace],
    });
    expect(stepsOf(planned)).toEqual(['imported a', 'scheduled old', 'scheduled older']);
    expect([now, later(lead - skew - 1), later(lead)].map((time) => signerAt(planned, time))).toEqual([
      'old',
      'old',
      'a',
    ]);
    expect(stepsOf(rotate(applied(set, planned), undefined, later(hour)))).toEqual([]);
  });

  test('wait for their own lead: secrets and encryption keys for that of those who load them', () => {
    const planned = plan(
      { keys: [], policy },
      [incoming('en', targets.ecdh), incoming('hs', targets.hs256)],
      next1,
    );
    expect(planned.keys.map(({ activates = 0 }) => activates - now)).toEqual([
      leadOf(facts, targets.ecdh),
      leadOf(facts, targets.hs256),
    ]);
  });

  test('a public half in front of a private one does not keep the signer from stopping', () => {
    const set = { keys: [active('old', 10 * day)], policy };
    const planned = plan(set, [incoming('theirs', half), incoming('ours')], next1);
    expect(livesOf(planned)['old']).toEqual(['active', -10 * day, lead, lead + grace]);
    expect(signerAt(planned, later(lead))).toBe('ours');
  });

  test('where nothing has to be waited for, several are all active, and none ends another', () => {
    const none = { publishLag: 0, cacheMaxAge: 0, verifierCache: 0, skew: 0 };
    const set = { keys: [active('old', 10 * day)], policy: policyOf(none) };
    const planned = plan(set, [incoming('a'), incoming('b')], next1);
    expect(planned.keys.map((key) => stateOf(key, now))).toEqual(['active', 'active', 'retiring']);
  });

  test('beside one that waits already, no key signs without an end when both are over', () => {
    const set = { keys: [next('soon', day), active('old', 10 * day, ends(day))], policy };
    const planned = applied(set, plan(set, [incoming('a')], next1));
    const unending = planned.keys.filter(
      (key) => key.kid !== 'a' && stateOf(key, later(lead)) === 'active' && key.deactivates === undefined,
    );
    expect(kidsOf(unending)).toEqual([]);
  });
});

describe('keys that no longer sign', () => {
  const set = { keys: [active('old', 10 * day)], policy };

  test('are published for grace, or until a date', () => {
    expect(livesOf(plan(set, [incoming('a')], { kind: 'retiring' }))['a']).toEqual(['retiring', 0, 0, grace]);
    const until = { kind: 'retiring', retires: later(30 * day) } as const;
    const planned = plan(set, [incoming('a')], until);
    expect(livesOf(planned)['a']).toEqual(['retiring', 0, 0, 30 * day]);
    const published = (time: Instant) => kidsOf(publishedKeys(planned.keys, time, skew));
    expect(published(later(30 * day - 1))).toEqual(['old', 'a']);
    expect(published(later(30 * day))).toEqual(['old']);
    expect(signerAt(planned, now)).toBe('old');
  });

  test('keep no private half where the policy has it destroyed at once', () => {
    const strict = { keys: [], policy: policyOf({ destroyRetiring: true }) };
    const planned = applied(strict, plan(strict, [incoming('a')], { kind: 'retiring' }));
    expect(stepsOf(rotate(planned, { kind: 'due' }))).toEqual([]);
  });
});

describe('whatever the set and the keys', () => {
  const roles = fc.constantFrom(targets.rs256, targets.es256, targets.hs256, targets.ecdh);
  const files = fc.uniqueArray(
    fc
      .record({ role: roles, held: fc.boolean(), kid: fc.uuid() })
      .map(({ role, held, kid }) => incoming(kid, { ...role, held: held || role.symmetric })),
    { minLength: 1, maxLength: 5, selector: ({ kid }) => kid },
  );
  const placements = fc.constantFrom<Placement>(
    { kind: 'active' },
    { kind: 'next' },
    { kind: 'retiring' },
    { kind: 'retiring', retires: at(50 * day) },
  );
  const sets = fc.uniqueArray(orderedKeys, { maxLength: 6, selector: ({ kid }) => kid });
  const time = at(20);

  /** Every import into every set. */
  function always(look: (before: SetLife, keys: readonly KeyLife[], placement: Placement) => void): void {
    fc.assert(
      fc.property(sets, files, placements, (keys, some, place) => look({ keys, policy }, some, place)),
    );
  }

  test('all keys come in, in front and in their order, and no other is lost', () => {
    always((set, keys, placement) => {
      const planned = plan(set, keys, placement, time);
      expect(kidsOf(planned.keys)).toEqual([...kidsOf(keys), ...kidsOf(set.keys)]);
      const imported = planned.steps.filter(({ event }) => event === 'imported');
      expect(imported.map(({ kid }) => kid)).toEqual(kidsOf(keys));
    });
  });

  test('a public half never signs, and is published as its state says', () => {
    always((set, keys, placement) => {
      const planned = plan(set, keys, placement, time);
      const wait = Math.max(...keys.map((key) => Math.max(leadOf(facts, key), graceOf(facts, key))));
      for (const when of [time, at(time + wait - 1), at(time + wait)]) {
        expect(signersOf(planned.keys, when, skew).filter(({ held }) => !held)).toEqual([]);
      }
      const published = kidsOf(publishedKeys(planned.keys, time, skew));
      const open = keys.filter(({ use, symmetric }) => use === 'sig' && !symmetric);
      for (const { kid } of open) expect(published).toContain(kid);
    });
  });

  test('who signed goes on until a key of its role does in its place', () => {
    always((set, keys, placement) => {
      const planned = plan(set, keys, placement, time);
      for (const signer of signersOf(set.keys, time, skew).filter((key) => stateOf(key, time) === 'active')) {
        const after = signerOf(planned.keys, signer, time, skew);
        const first = keys.find((key) => key.held && hasRole(key, signer));
        const expected = placement.kind === 'active' && first !== undefined ? first.kid : signer.kid;
        expect(after?.kid).toBe(expected);
      }
    });
  });
});
