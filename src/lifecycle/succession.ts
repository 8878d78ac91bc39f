// Who comes after whom: the dates behind a successor, and that no key stops signing without one.
import { type Draft, type Drafted, listedFor, type Target, targetsOf } from './draft.ts';
import { activation, type KeyLife } from './key.ts';
import { graceOf, leadOf, leadOnceSeen, waitsToBeSeen } from './policy.ts';
import { hasRole, type Role, signerOf } from './signer.ts';
import type { Instant } from './time.ts';

const never = Number.POSITIVE_INFINITY;

/** When a new key may sign: absent while it has to be seen first. */
export function earliestFor(draft: Draft<KeyLife>, target: Target): Instant | undefined {
  return waitsToBeSeen(draft.facts, target)
    ? undefined
    : ((draft.now + leadOf(draft.facts, target)) as Instant);
}

/** When a key that does not sign yet may, whatever its date says. */
export function safeFor(draft: Draft<KeyLife>, key: KeyLife): Instant {
  const { facts } = draft;
  return (
    key.seen === undefined ? key.created + leadOf(facts, key) : key.seen + leadOnceSeen(facts)
  ) as Instant;
}

/** Gives a key until when it signs, and from that when it leaves. */
export function endAt<K extends KeyLife>(
  draft: Draft<K>,
  key: Drafted<K>,
  at: Instant | undefined,
  reason: string,
  event: 'scheduled' | 'retired' = 'scheduled',
): void {
  const isLater = Number(at) >= Number(key.deactivates);
  // What moves later leaves no earlier, also where facts were lowered since.
  const least = isLater ? (key.retires ?? 0) : 0;
  const retires = at === undefined ? undefined : (Math.max(least, at + graceOf(draft.facts, key)) as Instant);
  draft.date(key, { deactivates: at, retires }, event, reason);
}

/** All active keys of a role stop when the successor starts; one that stops sooner does, unless it is the signer. */
export function succeed<K extends KeyLife>(
  draft: Draft<K>,
  role: Role,
  at: Instant | undefined,
  reason: string,
  successors: readonly string[],
): void {
  const keys = draft.inState('active').filter((one) => hasRole(one, role) && !successors.includes(one.kid));
  const signer = signerOf(keys, role, draft.now, 0);
  for (const key of keys) {
    const isSooner = (key.deactivates ?? never) < (at ?? never);
    if (isSooner && key.kid !== signer?.kid) continue;
    if (at === undefined && key.deactivates === undefined) continue;
    endAt(draft, key, at, reason);
  }
}

/** Active keys that stop at one date stop at another: they wait for the same successor. */
export function moveEnds<K extends KeyLife>(
  draft: Draft<K>,
  role: Role,
  from: Instant | undefined,
  to: Instant | undefined,
  reason: string,
): void {
  if (from === undefined) return;
  const waiting = draft.inState('active').filter((key) => key.use === role.use && key.deactivates === from);
  for (const key of waiting) {
    if (hasRole(key, role)) endAt(draft, key, to, reason);
    else if (isPast(draft, key)) endAt(draft, key, lastStart(draft, role.use, to), reason);
  }
}

/** The targets that no key signs for. */
export function missingTargets(draft: Draft<KeyLife>): Target[] {
  return targetsOf(draft).filter((target) => draft.active(target) === undefined);
}

/** Keys of algorithms that are not wanted stop when the last algorithm that is wanted signs. */
export function endOthers<K extends KeyLife>(draft: Draft<K>): void {
  for (const key of draft.inState('active').filter((one) => isPast(draft, one))) {
    const at = lastStart(draft, key.use, draft.now);
    const end = key.deactivates;
    // One that waits for another successor already waits for the last of them.
    const isEarly =
      draft.inState('next').some(({ activates }) => activates === end) && Number(end) < Number(at);
    if (end !== undefined && !isEarly) continue;
    if (at !== undefined) endAt(draft, key, at, `the policy lists other algorithms than ${key.alg}`);
  }
}

function lastStart(draft: Draft<KeyLife>, use: Role['use'], to: Instant | undefined): Instant | undefined {
  const starts = listedFor(draft, use).map((target) => startOf(draft, target));
  const last = Math.max(to ?? never, ...starts);
  return Number.isFinite(last) ? (last as Instant) : undefined;
}

/** When a target is signed for by a key that all know: one that was made to sign at once may not be known yet. */
function startOf(draft: Draft<KeyLife>, target: Target): number {
  const key = draft.active(target) ?? draft.next(target);
  return key === undefined ? never : Math.max(activation(key), safeFor(draft, key));
}

/**
 * After keys were taken away: where a role that signed has no active key, its first `next` key signs now, or a
 * new one does; where a signer stops at a date and nobody is behind it, a successor is made. `decline`: none is
 * made, and a signer without a successor goes on. `before`: who signed then.
 */
export function restoreSuccession<K extends KeyLife>(
  draft: Draft<K>,
  before: readonly Drafted<K>[],
  leaving: readonly string[],
  decline: boolean,
): void {
  for (const lost of before) replace(draft, lost, decline);
  for (const { kid } of draft.inState('active')) {
    const key = draft.keys.find((one) => one.kid === kid);
    if (key === undefined || leaving.includes(kid)) continue;
    if (draft.active(key)?.kid === kid) standBehind(draft, key, decline);
  }
}

/** Signers that stop, by somebody's wish, with nobody behind them. */
export function leavingSigners(draft: Draft<KeyLife>): string[] {
  return draft
    .signers()
    .filter((key) => uncovered(draft, key).length > 0)
    .map(({ kid }) => kid);
}

/** What nobody signs for when a signer stops. */
function uncovered(draft: Draft<KeyLife>, signer: KeyLife): Target[] {
  const { deactivates } = signer;
  if (deactivates === undefined) return [];
  const own: Target = { use: signer.use, alg: signer.alg, symmetric: signer.symmetric };
  const wanted = isPast(draft, signer) ? listedFor(draft, signer.use) : [own];
  return wanted.filter((target) => !isCovered(draft, target, deactivates));
}

/** A key of an algorithm that is wanted again no longer stops because others were wanted before. */
export function takeBackEnds<K extends KeyLife>(draft: Draft<K>, before: Draft<K>): void {
  for (const key of draft.inState('active')) {
    if (key.deactivates === undefined || !isPast(before, key) || isPast(draft, key)) continue;
    const reason = `the policy wants ${key.alg}`;
    const successor = draft.next(key)?.activates;
    // Where it has a successor of its own, that one's date is what it waits for, whenever it moves.
    if (successor !== undefined) endAt(draft, key, successor, reason);
    else if (draft.active(key)?.kid === key.kid && uncovered(draft, key).length > 0)
      endAt(draft, key, undefined, reason);
  }
}

/** `lost`: a key that signed for its role until now; one that still does needs nobody. */
function replace<K extends KeyLife>(draft: Draft<K>, lost: Drafted<K>, decline: boolean): void {
  if (draft.active(lost) !== undefined) return;
  const reason = `in place of ${lost.kid}`;
  const next = draft.next(lost);
  if (next !== undefined) {
    const { activates } = next;
    draft.date(next, { activates: draft.now }, 'activated', reason);
    moveEnds(draft, lost, activates, draft.now, reason);
  } else if (!decline) {
    // Where the policy lists other algorithms the way to them goes on as it was.
    const dates = isPast(draft, lost) ? { deactivates: lost.deactivates, retires: lost.retires } : {};
    const target = { use: lost.use, alg: lost.alg, symmetric: lost.symmetric };
    draft.add(target, lost.kid, { activates: draft.now, ...dates }, 'activated', reason);
  }
}

function standBehind<K extends KeyLife>(draft: Draft<K>, signer: Drafted<K>, decline: boolean): void {
  const { deactivates } = signer;
  const missing = uncovered(draft, signer);
  if (missing.length === 0) return;
  const reason = 'no successor was left behind it';
  if (decline) {
    moveEnds(draft, signer, deactivates, undefined, reason);
    return;
  }
  const starts = missing.map((target) => {
    const next =
      draft.next(target) ??
      draft.add(
        target,
        likeOf(draft, target),
        { activates: earliestFor(draft, target) },
        'published',
        reason,
      );
    return next.activates;
  });
  const at = starts.includes(undefined) ? undefined : (Math.max(...starts.map(Number)) as Instant);
  // Of other algorithms it waits for the last, also for one that was there.
  moveEnds(draft, signer, deactivates, isPast(draft, signer) ? lastStart(draft, signer.use, at) : at, reason);
}

/** Somebody signs for the target when another key stops. */
function isCovered(draft: Draft<KeyLife>, target: Target, at: Instant): boolean {
  return draft.keys.some(
    (key) =>
      key.held &&
      hasRole(key, target) &&
      key.revoked === undefined &&
      activation(key) <= at &&
      (key.deactivates === undefined || key.deactivates > at),
  );
}

/** The policy lists algorithms for its use, and not this one. */
function isPast(draft: Draft<KeyLife>, key: KeyLife): boolean {
  const forUse = listedFor(draft, key.use);
  return forUse.length > 0 && !forUse.some((target) => hasRole(key, target));
}

/** The key whose size and kid scheme a new one takes over. */
export function likeOf(draft: Draft<KeyLife>, target: Role): string | undefined {
  const signer = draft.signer(target) ?? draft.keys.find((key) => key.held && hasRole(key, target));
  return signer?.kid;
}
