// What may be done to a set, drawn at random: any operation, after any while, on whichever keys are there then.
import fc from 'fast-check';
import type { Target } from '../../src/lifecycle/draft.ts';
import { type KeyLife, revocationReasons, stateOf } from '../../src/lifecycle/key.ts';
import type { Removal } from '../../src/lifecycle/plan-removal.ts';
import type { PolicyFacts } from '../../src/lifecycle/policy.ts';
import type { Instant } from '../../src/lifecycle/time.ts';
import { FleetKeystore, type Operation } from '../support/fleet-keystore.ts';
import { policyOf, targets } from './set-lives.ts';

/** An operation as it turns out on the set as it is by then. */
export type Deed = (store: FleetKeystore, now: Instant) => Operation;

export interface Event {
  readonly wait: number;
  readonly deed: Deed;
}

/** Spans so short that dates meet. */
const span = fc.nat({ max: 12 });
const target: fc.Arbitrary<Target> = fc.constantFrom(...Object.values(targets));
const some: fc.Arbitrary<Partial<PolicyFacts>> = fc.record(
  {
    publishLag: span,
    cacheMaxAge: span,
    staleIfError: span,
    verifierCache: span,
    tokenTtl: span,
    signerReload: span,
    skew: fc.nat({ max: 3 }),
    rotateEvery: fc.option(fc.integer({ min: 1, max: 120 }), { nil: undefined }),
    publishedAt: fc.option(fc.constant(['https://example.com/jwks.json']), { nil: undefined }),
    destroyRetiring: fc.boolean(),
  },
  { requiredKeys: [] },
);
const small = { publishLag: 4, cacheMaxAge: 2, verifierCache: 3, tokenTtl: 5, signerReload: 4, skew: 1 };
const listed = fc.option(fc.uniqueArray(target, { minLength: 1, maxLength: 3 }), { nil: undefined, freq: 2 });
const removal: fc.Arbitrary<Removal> = fc.oneof(
  fc.constant({ kind: 'retire' } as const),
  fc.constantFrom(...revocationReasons).map((reason) => ({ kind: 'revoke', reason }) as const),
  fc.constant({ kind: 'delete' } as const),
);

const due: fc.Arbitrary<Deed> = fc.boolean().map((isSeen) => ({ keys }) => ({
  kind: 'rotate',
  request: { kind: 'due', seen: isSeen ? keys.map(({ kid }) => kid) : [] },
}));
const asked: fc.Arbitrary<Deed> = fc
  .tuple(fc.constantFrom('successor', 'now', 'activate-at', 'cancel'), fc.boolean(), span)
  .map(([kind, force, ahead]) => (store, now) => {
    const request = { force, lastForced: store.lastForced.bind(store), at: (now + 3 * ahead) as Instant };
    return { kind: 'rotate', request: { kind, ...request } };
  });
const removed = (decline: fc.Arbitrary<boolean>): fc.Arbitrary<Deed> =>
  fc
    .tuple(removal, decline, fc.uniqueArray(fc.nat({ max: 9 }), { maxLength: 3 }))
    .map(([how, isDeclined, places]) => ({ keys }, now) => {
      const isHere = (key: KeyLife) => !['retired', 'revoked'].includes(stateOf(key, now));
      const kids = keys.filter(isHere).flatMap(({ kid }, place) => (places.includes(place) ? [kid] : []));
      return { kind: 'remove', kids, removal: how, decline: isDeclined };
    });
const created: fc.Arbitrary<Deed> = target.map((one) => () => ({ kind: 'create', target: one }));
const edited: fc.Arbitrary<Deed> = fc.tuple(some, listed).map(([changes, list]) => (store) => ({
  kind: 'policy',
  facts: { ...store.facts, ...changes },
  listed: list,
}));

/** `declines`: some removals want no successor. */
export function lives(declines: boolean): fc.Arbitrary<readonly Event[]> {
  const deed = fc.oneof(
    { weight: 4, arbitrary: due },
    { weight: 3, arbitrary: asked },
    { weight: 2, arbitrary: removed(declines ? fc.boolean() : fc.constant(false)) },
    { weight: 1, arbitrary: created },
    { weight: 1, arbitrary: edited },
  );
  return fc.array(fc.record({ wait: fc.oneof(fc.constant(0), span, fc.nat({ max: 200 })), deed }), {
    maxLength: 25,
  });
}

/** A keystore with one key that signs, and a policy of a few seconds. */
export function freshStore(now: Instant): FleetKeystore {
  const store = new FleetKeystore(policyOf({ ...small, rotateEvery: 60 }), undefined);
  store.write(store.decide({ kind: 'create', target: targets.rs256 }, now), now);
  return store;
}
