// Replacing the keys of a set by those of a list: what is new comes in, what is missing goes, the last one signs.
import { Draft, type Plan, type SetLife } from './draft.ts';
import { isTombstone, type KeyLife, stateOf } from './key.ts';
import { hasRole } from './signer.ts';
import { leavingSigners, restoreSuccession } from './succession.ts';
import { tidy } from './tidy.ts';
import type { Instant } from './time.ts';

/** The list; all of it in its order. */
export interface Replacement<K extends KeyLife> {
  /** Every key of it. */
  readonly kids: readonly string[];
  /** Those that the set does not have yet. */
  readonly incoming: readonly K[];
  /** The kids of those that it has a private half of. */
  readonly privateKids: readonly string[];
}

/** Keys that the set has stay as they are; of those that came in or are active, the last one signs. `describe`: what the history says of each that comes in. */
export function planReplacement<K extends KeyLife>(
  set: SetLife<K>,
  now: Instant,
  { kids, incoming, privateKids }: Replacement<K>,
  describe: (key: K) => string,
): Plan<K> {
  const draft = new Draft(set, now);
  const signers = draft.signers();
  const leaving = leavingSigners(draft);
  // What was read and is put back must not undo a rotation: a key with dates of its own keeps them.
  const free = set.keys.filter((key) => key.held && stateOf(key, now) === 'active');
  const known = new Map([...free, ...incoming].map((key) => [key.kid, key]));
  const working = privateKids.flatMap((kid) => known.get(kid) ?? []);
  const last = working.filter((key, index) => !working.slice(index + 1).some((one) => hasRole(one, key)));
  const chosen = last.map(({ kid }) => kid);
  const comesFirst = ({ kid }: KeyLife) => Number(chosen.includes(kid));
  // Those that are to sign come first: they begin at the same time as the others.
  const ordered = [...incoming].sort((one, other) => comesFirst(other) - comesFirst(one));
  draft.insert(
    ordered.map((key): K => ({ ...key, created: now, activates: now })),
    describe,
  );
  const gone = draft.keys.filter((key) => !kids.includes(key.kid) && !isTombstone(key, now));
  for (const key of gone) draft.bury(key, { retires: now }, 'deleted', 'it was left out of the keys put');
  const moved = chosen.filter((kid) => makeSign(draft, kid));
  if (draft.steps.length === 0) return { steps: [], keys: set.keys };
  restoreSuccession(draft, signers, leaving, true);
  tidy(draft);
  const isMoved = ({ kid }: KeyLife) => moved.includes(kid);
  const keys = [...draft.keys.filter(isMoved), ...draft.keys.filter((key) => !isMoved(key))];
  return { steps: draft.steps, keys };
}

/** True if it did not sign before: it then has to stand in front of those that begin at the same time. */
function makeSign<K extends KeyLife>(draft: Draft<K>, kid: string): boolean {
  const key = draft.keys.find((one) => one.kid === kid);
  if (key === undefined || draft.active(key)?.kid === kid) return false;
  const reason = 'the last of the keys put';
  const count = draft.steps.length;
  draft.date(key, { activates: draft.now, deactivates: undefined, retires: undefined }, 'activated', reason);
  // Within one second only the order changes.
  if (draft.steps.length === count) draft.steps.push({ event: 'activated', kid, reason });
  return true;
}
