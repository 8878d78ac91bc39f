// What must be so of every change to a set, whatever led to it: looked at before and after.
import { type KeyLife, type KeyState, stateOf } from '../../src/lifecycle/key.ts';
import type { Instant } from '../../src/lifecycle/time.ts';
import type { Operation } from './fleet-keystore.ts';

const order: readonly KeyState[] = ['next', 'active', 'retiring', 'retired', 'revoked'];

/** The laws that a change has broken. */
export function brokenLaws(
  before: readonly KeyLife[],
  after: readonly KeyLife[],
  now: Instant,
  operation: Operation,
): string[] {
  const broken: string[] = [];
  const old = new Map(before.map((key) => [key.kid, key]));
  for (const key of after) {
    const was = old.get(key.kid);
    const state = stateOf(key, now);
    const isOver = state === 'retired' || state === 'revoked';
    if (isOver && operation.kind !== 'create' && (key.held || key.jwk !== undefined))
      broken.push(`${key.kid} is over and still kept`);
    if (was === undefined) continue;
    if (!was.held && key.held) broken.push(`${key.kid} has a private half again`);
    if (order.indexOf(state) < order.indexOf(stateOf(was, now)))
      broken.push(`${key.kid} went back to ${state}`);
    if (operation.kind === 'policy' && isEarlier(was, key))
      broken.push(`${key.kid} has earlier dates by policy`);
  }
  const kids = new Set(after.map(({ kid }) => kid));
  if (kids.size !== after.length) broken.push('a kid is there twice');
  for (const { kid } of before) if (!kids.has(kid)) broken.push(`${kid} is forgotten`);
  const waiting = after
    .filter((key) => key.held && stateOf(key, now) === 'next')
    .map(({ use, alg }) => `${use} ${alg}`);
  if (new Set(waiting).size !== waiting.length) broken.push('a role has two successors');
  for (const key of after) {
    const isLeft = (key.deactivates === undefined) !== (key.retires === undefined);
    if (isLeft && stateOf(key, now) === 'active') broken.push(`${key.kid} stops and does not leave`);
  }
  return broken;
}

function isEarlier(was: KeyLife, key: KeyLife): boolean {
  const dates = ['activates', 'deactivates', 'retires'] as const;
  return dates.some(
    (name) => (key[name] ?? Number.POSITIVE_INFINITY) < (was[name] ?? Number.POSITIVE_INFINITY),
  );
}

/** Whether asking for the same a second time must change nothing. */
export function isRepeatable(operation: Operation): boolean {
  if (operation.kind === 'create') return false;
  // What signs at once has a successor that is new.
  return operation.kind !== 'rotate' || ['due', 'cancel'].includes(operation.request.kind);
}
