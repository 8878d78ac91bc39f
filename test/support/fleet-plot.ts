// What happens in a simulated world: a policy, who asks for what and when, all of it by chance.
import type { Target } from '../../src/lifecycle/draft.ts';
import { type KeyLife, revocationReasons, stateOf } from '../../src/lifecycle/key.ts';
import { type PolicyFacts, publishAhead } from '../../src/lifecycle/policy.ts';
import type { Instant } from '../../src/lifecycle/time.ts';
import { Fleet } from './fleet.ts';
import { FleetKeystore, type Operation } from './fleet-keystore.ts';
import { Chance } from './fleet-random.ts';

export const targets = {
  rs256: { use: 'sig', alg: 'RS256', symmetric: false },
  es256: { use: 'sig', alg: 'ES256', symmetric: false },
  hs256: { use: 'sig', alg: 'HS256', symmetric: true },
  ecdh: { use: 'enc', alg: 'ECDH-ES', symmetric: false },
  a256kw: { use: 'enc', alg: 'A256KW', symmetric: true },
} as const satisfies Record<string, Target>;
const all = Object.values(targets);

export interface Plot {
  /** Operations by hand: how likely one is in a second. */
  readonly asked: number;
  /** How likely the policy is changed in a second. */
  readonly edited: number;
  readonly steps: number;
}

/** Lives through a plot on a scale so small that edges meet: a policy of a few seconds, each second looked at. */
export function live(seed: number, plot: Plot): Fleet {
  const chance = new Chance(seed);
  const skew = chance.oneOf(0, 1, 3);
  const facts = drawFacts(chance, skew);
  const store = new FleetKeystore({ facts, was: [] }, drawList(chance));
  const crowd = { publishers: chance.from(1, 2), holders: 4, caches: 6 };
  const fleet = new Fleet(store, chance, crowd, { tick: 1, skew, checks: 'all' });
  for (const target of all) if (chance.is(0.6)) fleet.do({ kind: 'create', target });
  while (store.keys.length === 0) fleet.do({ kind: 'create', target: targets.rs256 });
  let every = 1;
  for (let step = 0; step < plot.steps && fleet.faults.length === 0; step++) {
    if (chance.is(0.01)) every = chance.oneOf(1, 1, 3, 20, 300);
    if (chance.is(plot.edited)) fleet.do(drawEdit(chance, store, skew));
    if (chance.is(plot.asked)) fleet.do(drawOperation(chance, store, fleet.time));
    if (chance.is(1 / every)) fleet.do(fleet.due());
    fleet.step();
  }
  if (fleet.faults.length === 0) fleet.settle();
  return fleet;
}

function drawFacts(chance: Chance, skew: number): PolicyFacts {
  const span = () => chance.oneOf(0, chance.from(0, 3), chance.from(0, 12));
  const facts = {
    publishLag: span(),
    cacheMaxAge: span(),
    staleIfError: chance.oneOf(0, span()),
    verifierCache: span(),
    tokenTtl: span() + 1,
    signerReload: span(),
    skew,
    publishedAt: chance.is(0.3) ? ['https://example.com/jwks.json'] : undefined,
    destroyRetiring: chance.is(0.2),
  };
  return { ...facts, rotateEvery: drawPeriod(chance, facts) };
}

function drawPeriod(chance: Chance, facts: PolicyFacts): number | undefined {
  if (chance.is(0.1)) return undefined;
  return Math.max(1, 2 * publishAhead(facts)) + chance.oneOf(0, chance.from(0, 10), chance.from(0, 100));
}

function drawList(chance: Chance): Target[] | undefined {
  const listed = all.filter(() => chance.is(0.4));
  return chance.is(0.6) || listed.length === 0 ? undefined : listed;
}

function drawEdit(chance: Chance, store: FleetKeystore, skew: number): Operation {
  const fresh = drawFacts(chance, skew + chance.oneOf(0, 0, 1));
  const some = Object.entries(fresh).filter(() => chance.is(0.3));
  const facts: PolicyFacts = { ...store.facts, ...Object.fromEntries(some) };
  const rotateEvery = facts.rotateEvery === undefined ? undefined : drawPeriod(chance, facts);
  const listed = chance.is(0.3) ? drawList(chance) : store.listed;
  return { kind: 'policy', facts: { ...facts, rotateEvery }, listed };
}

function drawOperation(chance: Chance, store: FleetKeystore, time: number): Operation {
  const rotate = (request: Extract<Operation, { kind: 'rotate' }>['request']): Operation => ({
    kind: 'rotate',
    request,
  });
  const at = (time + chance.from(0, 80)) as Instant;
  const force = chance.is(0.3);
  return chance.oneOf<() => Operation>(
    () => rotate({ kind: 'successor' }),
    () => rotate({ kind: 'now', force, lastForced: (role) => store.lastForced(role) }),
    () => rotate({ kind: 'activate-at', at, force }),
    () => rotate({ kind: 'cancel', force: false }),
    () => ({ kind: 'create', target: chance.pick(all) ?? targets.rs256 }),
    () => drawRemoval(chance, store, time),
    () => drawRemoval(chance, store, time),
  )();
}

function drawRemoval(chance: Chance, store: FleetKeystore, time: number): Operation {
  const isHere = (key: KeyLife) => !['retired', 'revoked'].includes(stateOf(key, time as Instant));
  const chosen = store.keys.filter((key) => isHere(key) && chance.is(0.3)).map(({ kid }) => kid);
  const reason = chance.pick(revocationReasons) ?? 'unspecified';
  const removal = chance.oneOf<Extract<Operation, { kind: 'remove' }>['removal']>(
    { kind: 'retire' },
    { kind: 'revoke', reason },
    { kind: 'delete' },
  );
  const kids = removal.kind === 'retire' ? chosen.slice(0, 1) : chosen;
  return { kind: 'remove', kids, removal, decline: chance.is(0.1) };
}
