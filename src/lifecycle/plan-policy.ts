// A change of policy: what was lowered counts on for a while, what was raised moves dates later, never earlier.
import { Draft, type Drafted, type Plan, type SetLife } from './draft.ts';
import { activation, type KeyLife, stateOf } from './key.ts';
import {
  defaultFacts,
  graceOf,
  leadOf,
  type Policy,
  type PolicyFacts,
  spanNames,
  waitsToBeSeen,
} from './policy.ts';
import { moveEnds, safeFor, takeBackEnds } from './succession.ts';
import { tidy } from './tidy.ts';
import type { Instant } from './time.ts';

export interface PolicyPlan<K extends KeyLife> extends Plan<K> {
  readonly policy: Policy;
}

/** `set` has the algorithms of the new facts as roles, `wasListed` are the ones until now. */
export function planPolicy<K extends KeyLife>(
  set: SetLife<K>,
  facts: PolicyFacts,
  now: Instant,
  wasListed: SetLife['listed'] = set.listed,
): PolicyPlan<K> {
  const before = new Draft({ ...set, listed: wasListed }, now);
  const policy = { facts, was: wasBefore(before, facts) };
  const draft = new Draft({ ...set, policy }, now);
  tidy(draft);
  takeBackEnds(draft, before);
  holdBack(draft, before);
  for (const key of draft.keys) postpone(draft, before, key);
  tidy(draft);
  return { policy, steps: draft.steps, keys: draft.keys };
}

/** The facts that are lowered go on counting for the longest span that follows from them. */
function wasBefore<K extends KeyLife>(before: Draft<K>, facts: PolicyFacts): Policy['was'] {
  const still = (before.policy?.was ?? []).filter(({ until }) => until > before.now);
  const old = before.policy?.facts ?? defaultFacts;
  if (spanNames.every((name) => facts[name] >= old[name])) return still;
  const kinds = [{ use: 'sig', symmetric: false } as const, ...before.keys.filter(({ held }) => held)];
  const spans = kinds.flatMap((kind) => [leadOf(old, kind), graceOf(old, kind)]);
  return [...still, { facts: old, until: (before.now + Math.max(...spans)) as Instant }];
}

/** A successor that has to be seen from now on has no date until it was. */
function holdBack<K extends KeyLife>(draft: Draft<K>, before: Draft<K>): void {
  for (const key of draft.inState('next')) {
    const { activates } = key;
    const isNewly = waitsToBeSeen(draft.facts, key) && !waitsToBeSeen(before.facts, key);
    if (!isNewly || activation(key) <= draft.now + draft.facts.skew) continue;
    draft.date(key, { activates: undefined }, 'scheduled', 'it has to be seen first');
    moveEnds(draft, key, activates, undefined, 'until its successor signs');
  }
}

function postpone<K extends KeyLife>(draft: Draft<K>, before: Draft<K>, { kid }: Drafted<K>): void {
  const reason = 'the policy wants it later';
  // As it is by now: the key before it may have moved it.
  const key = draft.keys.find((one) => one.kid === kid);
  if (key === undefined) return;
  const state = stateOf(key, draft.now);
  if (state === 'next' && key.activates !== undefined) {
    const { activates } = key;
    const safe = safeFor(draft, key);
    if (leadOf(draft.facts, key) > leadOf(before.facts, key) && safe > activates) {
      draft.date(key, { activates: safe }, 'scheduled', reason);
      moveEnds(draft, key, activates, safe, reason);
    }
  }
  const { deactivates, retires } = key;
  if ((state === 'active' || state === 'retiring') && deactivates !== undefined && retires !== undefined) {
    const later = (deactivates + graceOf(draft.facts, key)) as Instant;
    const isRaised = graceOf(draft.facts, key) > graceOf(before.facts, key);
    if (isRaised && later > retires) draft.date(key, { retires: later }, 'scheduled', reason);
  }
}
