// Rotation: what policy makes due, and what a person asks for, as steps with their reasons.
import { Draft, type Drafted, type Plan, type SetLife, type Target, targetsOf } from './draft.ts';
import { dueSuccessors } from './due.ts';
import { activation, type KeyLife } from './key.ts';
import { graceOf, leadOf, leadOnceSeen, waitsToBeSeen } from './policy.ts';
import { hasRole, type Role } from './signer.ts';
import { earliestFor, endAt, endOthers, likeOf, moveEnds, safeFor, succeed } from './succession.ts';
import { tidy } from './tidy.ts';
import { describeDuration, formatInstant, type Instant } from './time.ts';

export type RotationRequest =
  /** What policy makes due. `seen`: the kids that were found at every place where the policy wants them. */
  | { readonly kind: 'due'; readonly seen?: readonly string[] }
  | { readonly kind: 'successor' }
  | { readonly kind: 'now'; readonly force: boolean; readonly lastForced: LastForced }
  | { readonly kind: 'activate-at'; readonly at: Instant; readonly force: boolean }
  | { readonly kind: 'cancel'; readonly force: boolean };

/** When a key of a role was last made to sign without having been published ahead. */
export type LastForced = (role: Role) => Instant | undefined;

/** Why nothing may be done: `unsafe` wants to be forced. */
export interface Refusal {
  readonly refusal: 'unsafe' | 'no-signer';
  readonly message: string;
}

/**
 * The steps that a set needs, each with its reason. Applying them and planning again gives none. A plan has no steps
 * where there is nothing to do.
 */
export function planRotation<K extends KeyLife>(
  set: SetLife<K>,
  now: Instant,
  request: RotationRequest = { kind: 'due' },
): Plan<K> | Refusal {
  const draft = new Draft(set, now);
  tidy(draft);
  const refusal = request.kind === 'due' ? planDue(draft, request.seen ?? []) : planAsked(draft, request);
  tidy(draft);
  return refusal ?? { steps: draft.steps, keys: draft.keys };
}

function planDue<K extends KeyLife>(draft: Draft<K>, seen: readonly string[]): undefined {
  dateWaiting(draft, seen);
  for (const { target, at, signer } of dueSuccessors(draft)) {
    if (at > draft.now) continue;
    const reason = signer === undefined ? `nothing signs ${target.alg}` : `due since ${formatInstant(at)}`;
    publish(draft, target, earliestFor(draft, target), reason);
  }
  if (draft.policy?.facts.rotateEvery !== undefined) endOthers(draft);
  return undefined;
}

function planAsked<K extends KeyLife>(
  draft: Draft<K>,
  request: Exclude<RotationRequest, { readonly kind: 'due' }>,
): Refusal | undefined {
  // A successor can also be cancelled where its algorithm is no longer wanted.
  const targets = request.kind === 'cancel' ? waitingRoles(draft) : targetsOf(draft);
  if (request.kind !== 'cancel' && targets.length === 0)
    return { refusal: 'no-signer', message: 'it has no key that signs' };
  for (const target of targets) {
    const refusal = planTarget(draft, target, request);
    if (refusal !== undefined) return refusal;
  }
  endOthers(draft);
  return undefined;
}

function waitingRoles(draft: Draft<KeyLife>): Target[] {
  const waiting = draft.inState('next');
  return waiting.filter((key, index) => waiting.findIndex((one) => hasRole(one, key)) === index);
}

function planTarget<K extends KeyLife>(
  draft: Draft<K>,
  target: Target,
  request: Exclude<RotationRequest, { readonly kind: 'due' }>,
): Refusal | undefined {
  const next = draft.next(target);
  switch (request.kind) {
    case 'successor':
      if (next === undefined) publish(draft, target, earliestFor(draft, target), 'asked for');
      return undefined;
    case 'now':
      return activateNow(draft, target, next, request);
    case 'activate-at':
      return activateAt(draft, target, next, request);
    case 'cancel':
      return next === undefined ? undefined : cancel(draft, next, request.force);
  }
}

function publish<K extends KeyLife>(
  draft: Draft<K>,
  target: Target,
  activates: Instant | undefined,
  reason: string,
): void {
  const { kid } = draft.add(target, likeOf(draft, target), { activates }, 'published', reason);
  succeed(draft, target, activates, 'until its successor signs', [kid]);
}

/** Keys without a date get one: those that had to be seen once they are, others as if made now. */
function dateWaiting<K extends KeyLife>(draft: Draft<K>, seen: readonly string[]): void {
  for (const key of draft.inState('next')) {
    if (key.activates !== undefined || !key.held) continue;
    if (waitsToBeSeen(draft.facts, key)) {
      if (!seen.includes(key.kid)) continue;
      const activates = (draft.now + leadOnceSeen(draft.facts)) as Instant;
      draft.date(key, { seen: draft.now, activates }, 'seen', 'found wherever it has to be');
      succeed(draft, key, activates, 'until its successor signs', [key.kid]);
    } else {
      const activates = Math.max(draft.now, safeFor(draft, key)) as Instant;
      draft.date(key, { activates }, 'scheduled', 'it no longer has to be seen');
      succeed(draft, key, activates, 'until its successor signs', [key.kid]);
    }
  }
}

function activateNow<K extends KeyLife>(
  draft: Draft<K>,
  target: Target,
  next: Drafted<K> | undefined,
  request: { readonly force: boolean; readonly lastForced: LastForced },
): Refusal | undefined {
  const lastForced = request.lastForced(target);
  if (lastForced !== undefined && !request.force) {
    const known = (lastForced + leadOf(draft.facts, target)) as Instant;
    if (known > draft.now) {
      const ago = describeDuration(draft.now - lastForced);
      return {
        refusal: 'unsafe',
        message: `a key was made to sign at once ${ago} ago, and verifiers may not know that one before ${formatInstant(known)}`,
      };
    }
  }
  const signers = draft.inState('active').filter((key) => hasRole(key, target));
  if (next === undefined)
    draft.add(target, likeOf(draft, target), { activates: draft.now }, 'activated', 'asked for at once');
  else draft.date(next, { activates: draft.now }, 'activated', 'asked for at once');
  for (const key of signers) endAt(draft, key, draft.now, 'its successor signs');
  moveEnds(draft, target, next?.activates, draft.now, 'its successor signs');
  return undefined;
}

function activateAt<K extends KeyLife>(
  draft: Draft<K>,
  target: Target,
  next: Drafted<K> | undefined,
  { at: asked, force }: { readonly at: Instant; readonly force: boolean },
): Refusal | undefined {
  const at = Math.max(asked, draft.now) as Instant;
  const earliest = next === undefined ? earliestFor(draft, target) : safeOnceSeen(draft, next);
  if (!force && (earliest === undefined || at < earliest)) {
    const why =
      earliest === undefined
        ? 'its successor has not been seen yet where the policy wants it'
        : `verifiers may not know its successor before ${formatInstant(earliest)}`;
    return { refusal: 'unsafe', message: why };
  }
  if (next === undefined) {
    publish(draft, target, at, 'asked for');
  } else {
    const { activates } = next;
    draft.date(next, { activates: at }, 'scheduled', 'asked for');
    moveEnds(draft, target, activates, at, 'its successor signs then');
    succeed(draft, target, at, 'until its successor signs', [next.kid]);
  }
  return undefined;
}

function safeOnceSeen(draft: Draft<KeyLife>, next: KeyLife): Instant | undefined {
  return waitsToBeSeen(draft.facts, next) && next.seen === undefined ? undefined : safeFor(draft, next);
}

function cancel<K extends KeyLife>(draft: Draft<K>, next: Drafted<K>, force: boolean): Refusal | undefined {
  if (activation(next) <= draft.now + draft.facts.skew && !force) {
    return {
      refusal: 'unsafe',
      message: `key ${next.kid} signs from ${formatInstant(next.activates as Instant)}, and a host whose clock is ahead may sign with it already`,
    };
  }
  moveEnds(draft, next, next.activates, undefined, 'its successor was cancelled');
  const { facts, now } = draft;
  // A host that has loaded the private set may sign with it before it loads that again, by the date of then: one
  // that was moved later since was no sooner than it was safe.
  const soonest = Math.min(activation(next), safeFor(draft, next));
  if (soonest <= now + facts.signerReload + facts.skew) {
    const retires = (now + graceOf(facts, next)) as Instant;
    draft.date(next, { activates: undefined, deactivates: now, retires }, 'cancelled', 'asked for');
  } else draft.bury(next, { retires: now }, 'cancelled', 'asked for');
  return undefined;
}
