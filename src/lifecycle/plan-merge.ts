// What is over elsewhere is over here: a set takes in the tombstones of another state of it.
import { Draft, type Plan, type SetLife } from './draft.ts';
import { isTombstone, type KeyLife, stateOf } from './key.ts';
import { leavingSigners, restoreSuccession } from './succession.ts';
import { tidy } from './tidy.ts';
import type { Instant } from './time.ts';

/** A set as it stood when it was last changed. */
export interface OtherState<K extends KeyLife> {
  readonly keys: readonly K[];
  readonly updated: Instant;
}

/**
 * Keys that were retired or revoked in `other` become so, and names that are not known here are taken. No steps: there
 * was nothing to take over. A date of it that was still to come is none to go by: here it may have been moved since.
 */
export function planMerge<K extends KeyLife>(set: SetLife<K>, other: OtherState<K>, now: Instant): Plan<K> {
  const draft = new Draft(set, now);
  const signers = draft.signers();
  const leaving = leavingSigners(draft);
  const dead = other.keys.filter((key) => key.revoked !== undefined || isTombstone(key, other.updated));
  for (const key of dead) {
    const own = draft.keys.find(({ kid }) => kid === key.kid);
    if (own === undefined || stateOf(own, now) === 'revoked') continue;
    if (key.revoked !== undefined) {
      // By a clock that may have been ahead of this one: revoked it is at once.
      const revoked = { ...key.revoked, at: earlier(key.revoked.at, now) };
      draft.bury(own, { revoked }, 'revoked', `${revoked.reason}; so it is in the backup`);
    } else if (!isTombstone(own, now))
      draft.bury(
        own,
        { retires: earlier(key.retires ?? now, now) },
        'deleted',
        'it is retired in the backup',
      );
  }
  const unknown = dead.filter((key) => draft.keys.every(({ kid }) => kid !== key.kid));
  const names = unknown.map((key): K => ({ ...key, held: false, jwk: undefined }));
  draft.insert(names, () => 'a name of the backup that stays taken');
  if (draft.steps.length === 0) return { steps: [], keys: set.keys };
  restoreSuccession(draft, signers, leaving, false);
  tidy(draft);
  return { steps: draft.steps, keys: draft.keys };
}

function earlier(a: Instant, b: Instant): Instant {
  return Math.min(a, b) as Instant;
}
