// What is wrong with a set at a time, by its dates and its policy alone.
import { Draft, listedFor, type SetLife, targetsOf } from './draft.ts';
import { dueSuccessors, overdueSince } from './due.ts';
import { isTombstone, type KeyLife, stateOf } from './key.ts';
import { unsafeFacts, waitsToBeSeen } from './policy.ts';
import { hasRole } from './signer.ts';
import { missingTargets } from './succession.ts';
import { formatInstant, type Instant, type Seconds } from './time.ts';

export interface Fault {
  readonly kid?: string | undefined;
  readonly code: string;
  readonly severity: 'error' | 'warning';
  readonly message: string;
}

/** `maxAge`: a key that signs longer than that is too old, whatever the policy says. */
export function inspect(set: SetLife, now: Instant, maxAge: Seconds | undefined): Fault[] {
  const draft = new Draft(set, now);
  const signers = draft.signers();
  return [
    ...missingSigners(draft, signers),
    ...signers.flatMap((signer) => inspectSigner(draft, signer, maxAge)),
    ...draft.inState('next').flatMap((key) => inspectWaiting(draft, key)),
    ...draft.keys.flatMap((key) => inspectRest(draft, key)),
    ...inspectPolicy(draft, signers),
  ];
}

function missingSigners(draft: Draft<KeyLife>, signers: readonly KeyLife[]): Fault[] {
  const live = draft.keys.filter((key) => !isTombstone(key, draft.now));
  // Keys of others, which are only published here.
  const isTheirs =
    live.length > 0 && live.every((key) => !key.held && stateOf(key, draft.now) !== 'retiring');
  if (isTheirs && draft.listed === undefined) return [];
  if (signers.length === 0) {
    return [{ code: 'no-signer', severity: 'error', message: 'no key signs' }];
  }
  const stopped = draft
    .inState('next')
    .filter((key) => key.held && draft.active(key) === undefined)
    .filter((key) => draft.inState('retiring').some((one) => hasRole(one, key)));
  const between = stopped.map(
    ({ kid, alg }): Fault => ({
      kid,
      code: 'no-signer',
      severity: 'error',
      message: `nothing signs ${alg} until it does`,
    }),
  );
  const missing = missingTargets(draft)
    .filter((target) => draft.next(target) === undefined)
    .map(
      ({ alg }) =>
        ({
          code: 'no-signer',
          severity: 'error',
          message: `the policy wants ${alg}, and no key signs with it or is to`,
        }) as const,
    );
  return [...between, ...missing];
}

function inspectSigner(draft: Draft<KeyLife>, signer: KeyLife, maxAge: Seconds | undefined): Fault[] {
  const { kid, activates = signer.created } = signer;
  const deactivates = signer.deactivates ?? signer.retires;
  const faults: Fault[] = [];
  const add = (code: string, message: string) => faults.push({ kid, code, severity: 'error', message });
  const overdue = overdueSince(draft, signer);
  if (overdue !== undefined) {
    const waits = draft.next(signer) === undefined ? '' : ', and its successor has not been seen yet';
    add('overdue', `should have been succeeded on ${formatInstant(overdue)}${waits}`);
  }
  const due = dueSuccessors(draft).find((one) => one.signer?.kid === kid);
  if (due !== undefined && due.at <= draft.now) {
    add('no-successor', `a successor has been due since ${formatInstant(due.at)}`);
  } else if (deactivates !== undefined && !hasSuccessor(draft, signer, deactivates)) {
    add('no-successor', `signs until ${formatInstant(deactivates)}, and nothing is to sign then`);
  }
  if (draft.now - activates > (maxAge ?? Number.POSITIVE_INFINITY))
    add('too-old', `has signed since ${formatInstant(activates)}`);
  return faults;
}

/** Something signs at the moment when `signer` stops: of its own algorithm, or what the policy lists instead. */
function hasSuccessor(draft: Draft<KeyLife>, signer: KeyLife, end: Instant): boolean {
  const then = new Draft({ keys: draft.keys, policy: draft.policy, listed: draft.listed }, end);
  if (then.active(signer) !== undefined) return true;
  const listed = listedFor(draft, signer.use);
  return listed.length > 0 && listed.every((target) => then.active(target) !== undefined);
}

function inspectWaiting(draft: Draft<KeyLife>, key: KeyLife): Fault[] {
  const { kid, activates, created } = key;
  // Where nothing has to be seen, the next rotate --due gives it its date.
  if (activates !== undefined || !waitsToBeSeen(draft.facts, key)) return [];
  const message = `waits since ${formatInstant(created)} to be seen where the policy says`;
  return [{ kid, code: 'not-seen', severity: 'warning', message }];
}

function inspectRest(draft: Draft<KeyLife>, key: KeyLife): Fault[] {
  const { kid } = key;
  const state = stateOf(key, draft.now);
  const isOver = state === 'retired' || state === 'revoked';
  if (!isOver || (!key.held && key.jwk === undefined)) return [];
  const message =
    'has had its time and is not destroyed yet: any write of the set does it, such as rotate --due';
  return [{ kid, code: 'not-destroyed', severity: 'warning', message }];
}

function inspectPolicy(draft: Draft<KeyLife>, signers: readonly KeyLife[]): Fault[] {
  const { policy } = draft;
  const unsafe =
    policy &&
    unsafeFacts(
      policy.facts,
      draft.keys.filter(({ held }) => held),
    );
  const targets = targetsOf(draft);
  const others = signers.filter(
    (key) => key.deactivates === undefined && !targets.some((target) => hasRole(key, target)),
  );
  return [
    ...(unsafe === undefined
      ? []
      : [{ code: 'unsafe-policy', severity: 'warning', message: unsafe } as const]),
    ...others.map(
      ({ kid, alg }): Fault => ({
        kid,
        code: 'other-alg',
        severity: 'warning',
        message: `signs ${alg}, which the policy does not list`,
      }),
    ),
  ];
}
