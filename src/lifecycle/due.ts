// When policy wants a successor, and which.
import type { Draft, Target } from './draft.ts';
import { targetsOf } from './draft.ts';
import type { KeyLife } from './key.ts';
import { factsInForce, leadOf } from './policy.ts';
import type { Instant } from './time.ts';

export interface DueSuccessor {
  readonly target: Target;
  /** When a successor is to be published; in the past: it is overdue. */
  readonly at: Instant;
  /** The key that it follows; absent: an algorithm of the policy that no key signs for. */
  readonly signer: KeyLife | undefined;
}

/** The successors that policy will want, of the targets that have none yet. Without a period there are none. */
export function dueSuccessors(draft: Draft<KeyLife>): DueSuccessor[] {
  return targetsOf(draft).flatMap((target) => {
    if (draft.next(target) !== undefined) return [];
    const signer = draft.active(target);
    const at = dueAt(draft, target, signer);
    return at === undefined ? [] : [{ target, at, signer }];
  });
}

function dueAt(draft: Draft<KeyLife>, target: Target, signer: KeyLife | undefined): Instant | undefined {
  const period = draft.policy?.facts.rotateEvery;
  if (period === undefined) return undefined;
  if (signer === undefined) return draft.now;
  const { activates = signer.created, deactivates, retires } = signer;
  const ends = Math.min(activates + period, deactivates ?? retires ?? Number.POSITIVE_INFINITY);
  let at = ends - leadOf(draft.facts, target);
  // What was lowered may no longer count by then.
  for (let earlier = Number.NEGATIVE_INFINITY; at > earlier; ) {
    earlier = at;
    at = Math.max(at, ends - leadOf(factsInForce(draft.policy, at as Instant), target));
  }
  return at as Instant;
}

/** Since when a signer is older than its policy wants, without a successor that has its date; `undefined`: it is not. */
export function overdueSince(draft: Draft<KeyLife>, signer: KeyLife): Instant | undefined {
  const period = draft.policy?.facts.rotateEvery ?? Number.POSITIVE_INFINITY;
  if (draft.next(signer)?.activates !== undefined) return undefined;
  const until = ((signer.activates ?? signer.created) + period) as Instant;
  return until < draft.now ? until : undefined;
}
