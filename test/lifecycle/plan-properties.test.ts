// What is so of every plan, after whatever was done to a set before. A seed is printed: JWKS_SEED=... runs it again,
// JWKS_RUNS=... more of them.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isNew } from '../../src/lifecycle/draft.ts';
import { type KeyLife, type KeyState, stateOf } from '../../src/lifecycle/key.ts';
import { nextLook } from '../../src/lifecycle/next-look.ts';
import { refuseName } from '../../src/lifecycle/plan-create.ts';
import { heldKeys, publishedKeys } from '../../src/lifecycle/publication.ts';
import { signerOf, signersOf } from '../../src/lifecycle/signer.ts';
import type { Instant } from '../../src/lifecycle/time.ts';
import type { Decision, FleetKey, FleetKeystore } from '../support/fleet-keystore.ts';
import { at } from './key-lives.ts';
import { type Event, freshStore, lives } from './set-operations.ts';

const seed = Number(process.env['JWKS_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const numRuns = 40 * Number(process.env['JWKS_RUNS'] ?? 4);
console.info(`JWKS_SEED=${seed}`);

interface Moment {
  readonly before: readonly FleetKey[];
  readonly decision: Decision;
  readonly now: Instant;
  readonly store: FleetKeystore;
}

/** Holds whatever is done to a set, each time that something was. `begin`: once for each set. */
function always(declines: boolean, begin: () => (moment: Moment) => void): void {
  const property = fc.property(lives(declines), (events: readonly Event[]) => {
    const store = freshStore(at(1_000));
    const look = begin();
    const story: string[] = [];
    let now = at(1_000);
    for (const { wait, deed } of events) {
      now = at(now + wait);
      const before = store.keys;
      const decision = store.decide(deed(store, now), now);
      store.write(decision, now);
      story.push(`${now}: ${JSON.stringify(decision.operation)}`);
      try {
        look({ before, decision, now, store });
      } catch (error) {
        throw new Error(story.join('\n'), { cause: error });
      }
    }
  });
  fc.assert(property, { seed, numRuns });
}

const order: readonly KeyState[] = ['next', 'active', 'retiring', 'retired', 'revoked'];
const roleOf = ({ use, alg }: KeyLife) => `${use} ${alg}`;

describe('whatever is done to a set', { timeout: 30_000 + 10 * numRuns }, () => {
  test('what is due and was done is not due again', () => {
    always(true, () => ({ decision: { operation }, now, store }) => {
      if (operation.kind !== 'rotate' || operation.request.kind !== 'due') return;
      expect(store.decide(operation, now).plan?.steps).toEqual([]);
    });
  });

  test('nothing becomes due before the next look', () => {
    const due = { kind: 'rotate', request: { kind: 'due', seen: [] } } as const;
    const stepsAt = (store: FleetKeystore, time: number) => store.decide(due, at(time)).plan?.steps;
    let looked = 0;
    always(true, () => ({ now, store }) => {
      if (stepsAt(store, now)?.length !== 0) return;
      const next = nextLook(store.set, now);
      const until = next ?? now + 400 * 86_400;
      for (const share of [0.01, 0.3, 0.7, 1]) {
        const time = Math.floor(now + (until - 1 - now) * share);
        if (time <= now) continue;
        looked += 1;
        expect([time, stepsAt(store, time)]).toEqual([time, []]);
      }
    });
    expect(looked).toBeGreaterThan(numRuns);
  });

  test('a plan without steps changes nothing', () => {
    always(true, () => ({ before, decision: { plan } }) => {
      if (plan?.steps.length === 0) expect(plan.keys).toEqual(before);
    });
  });

  test('the same set, the same time and the same wish lead to the same plan, and touch nothing', () => {
    always(true, () => ({ decision: { operation }, now, store }) => {
      const kept = structuredClone(store.keys);
      const plans = [store.decide(operation, now), store.decide(operation, now)];
      expect(plans[0]?.plan).toEqual(plans[1]?.plan);
      expect(store.keys).toEqual(kept);
    });
  });

  test('a role has at most one next key', () => {
    always(true, () => ({ now, store }) => {
      const roles = store.keys.filter((key) => key.held && stateOf(key, now) === 'next').map(roleOf);
      expect(new Set(roles).size).toBe(roles.length);
    });
  });

  test('the state of a key moves forward only', () => {
    always(true, () => {
      const places = new Map<string, number>();
      return ({ now, store }) => {
        for (const key of store.keys) {
          const place = order.indexOf(stateOf(key, now));
          expect(place).toBeGreaterThanOrEqual(places.get(key.kid) ?? 0);
          places.set(key.kid, place);
        }
      };
    });
  });

  test('a role that had a signer has one for ever, unless somebody declined or wants other algorithms', () => {
    always(false, () => {
      const relied = new Map<string, FleetKey>();
      return ({ now, store }) => {
        const { skew } = store.factsAt(now);
        const wanted = (key: KeyLife) => {
          const forUse = (store.listed ?? []).filter(({ use }) => use === key.use);
          return forUse.length === 0 || forUse.some(({ alg }) => alg === key.alg);
        };
        for (const key of signersOf(store.keys, now, skew)) relied.set(roleOf(key), key);
        for (const [role, key] of relied) {
          if (!wanted(key)) relied.delete(role);
          // At every time from now on, if nothing more is done.
          else
            for (const span of [0, 1, 5, 30, 300, 9_999])
              expect(signerOf(store.keys, key, at(now + span), skew)).toBeDefined();
        }
      };
    });
  });

  test('a key that stops also leaves, and both after it was made', () => {
    always(true, () => ({ store }) => {
      for (const { created, deactivates, retires } of store.keys) {
        if (deactivates === undefined) continue;
        expect(deactivates).toBeGreaterThanOrEqual(created);
        expect(Number(retires)).toBeGreaterThanOrEqual(created);
      }
    });
  });

  test('a symmetric key is never in the public set', () => {
    always(true, () => ({ now, store }) => {
      const { skew } = store.factsAt(now);
      expect(publishedKeys(store.keys, now, skew).some(({ symmetric }) => symmetric)).toBe(false);
    });
  });

  test('of a key that is over nothing is left but its name and dates, once a plan was written', () => {
    always(true, () => ({ decision: { plan, operation }, now, store }) => {
      if (operation.kind === 'create' || plan === undefined || plan.steps.length === 0) return;
      const over = store.keys.filter((key) => ['retired', 'revoked'].includes(stateOf(key, now)));
      for (const { held, jwk } of over) expect([held, jwk]).toEqual([false, undefined]);
      expect(heldKeys(store.keys, now, 0).some((key) => over.includes(key))).toBe(false);
    });
  });

  test('no kid is forgotten, used again, or free to be used again', () => {
    always(true, () => ({ before, decision: { plan }, store }) => {
      const kids = store.keys.map(({ kid }) => kid);
      expect(new Set(kids).size).toBe(kids.length);
      for (const { kid } of before) {
        expect(kids).toContain(kid);
        expect(refuseName(store.keys, { kid })).toBeDefined();
      }
      const made = (plan?.keys ?? []).filter(isNew).map(({ kid }) => kid);
      expect(new Set(made).size).toBe(made.length);
    });
  });

  test('a private half that is gone does not come back', () => {
    always(true, () => ({ before, store }) => {
      for (const { kid } of before.filter(({ held }) => !held))
        expect(store.keys.find((key) => key.kid === kid)?.held).toBe(false);
    });
  });
});
