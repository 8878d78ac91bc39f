// What policy will do next, as far as it can be told today.
import { Draft, type SetLife } from './draft.ts';
import { dueSuccessors } from './due.ts';
import type { Use } from './key.ts';
import { earliestFor } from './succession.ts';
import type { Instant } from './time.ts';

export interface PlannedKey {
  readonly use: Use;
  readonly alg: string;
  /** When `rotate --due` publishes it: not before it runs. */
  readonly publishes: Instant;
  /** Absent: it waits to be seen. */
  readonly activates: Instant | undefined;
  /** The kid of the key that it follows. */
  readonly succeeds: string | undefined;
}

/** The successors that policy wants and that are not made yet. */
export function plannedKeys(set: SetLife, now: Instant): PlannedKey[] {
  return dueSuccessors(new Draft(set, now)).map(({ target, at, signer }) => {
    const publishes = Math.max(at, now) as Instant;
    const activates = earliestFor(new Draft(set, publishes), target);
    return { use: target.use, alg: target.alg, publishes, activates, succeeds: signer?.kid };
  });
}
