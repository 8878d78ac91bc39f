// The picture before it is drawn: for every set and role a row a key and one for what is planned, in one window.
import { JwksError } from '../errors.ts';
import type { PlannedKey } from '../lifecycle/forecast.ts';
import { isTombstone, type KeyLife, type KeyState, stateOf } from '../lifecycle/key.ts';
import { keysAt, type PastStep } from '../lifecycle/past.ts';
import { factsInForce, graceOf, type Policy } from '../lifecycle/policy.ts';
import { hasRole, type Role } from '../lifecycle/signer.ts';
import { type Instant, toInstant } from '../lifecycle/time.ts';
import { datesOf, type Stretch, stretchesOf } from './phases.ts';
import { chooseWindow, type Window } from './window.ts';

/** A set as it was read. */
export interface TimelineSet {
  readonly set: string;
  readonly keys: readonly KeyLife[];
  /** What its history tells of its keys' dates. */
  readonly events?: readonly PastStep[];
  readonly policy?: Policy | undefined;
  /** What policy makes next. */
  readonly planned: readonly PlannedKey[];
  /** What time it is for this set. */
  readonly now: Instant;
}

export interface View {
  /** Absent: now. */
  readonly at?: Instant | undefined;
  readonly from?: Instant | undefined;
  readonly to?: Instant | undefined;
}

export interface Row {
  /** Absent: planned, not made yet. */
  readonly key: KeyLife | undefined;
  /** With the dates that it gets if all goes as planned. */
  readonly life: KeyLife;
  readonly state: KeyState | 'planned';
  readonly stretches: readonly Stretch[];
  /** From here on it goes as policy plans it, if nothing else is decided. */
  readonly plannedFrom: Instant | undefined;
  readonly revoked: Instant | undefined;
}

export interface Group extends Role {
  readonly symmetric: boolean;
  readonly rows: readonly Row[];
}

export interface Chart {
  readonly set: string;
  readonly policy: Policy | undefined;
  readonly planned: readonly PlannedKey[];
  readonly groups: readonly Group[];
}

export interface Timeline extends Window {
  /** The time that states are of. */
  readonly at: Instant;
  /** Nobody asked for another time. */
  readonly isNow: boolean;
  readonly charts: readonly Chart[];
}

/** Puts the sets in one picture. A window that ends before it begins is a usage error. */
export function toTimeline(sets: readonly TimelineSet[], view: View): Timeline {
  const at = view.at ?? toInstant(Math.max(0, ...sets.map(({ now }) => now)));
  const there = sets.map((one) => ({
    ...one,
    keys: view.at === undefined ? one.keys : keysAt(one, at),
  }));
  const lives = there.flatMap((one) => [
    ...one.keys.map((key) => projected(key, one)).filter((key) => !isTombstone(key, at)),
    ...one.planned.map((planned) => plannedLife(planned, one)),
  ]);
  const window = chooseWindow(lives.flatMap(datesOf), at, view);
  if (window.from >= window.to) {
    throw new JwksError('usage', 'the picture ends before it begins: --from must be earlier than --to');
  }
  const charts = there.map((one) => toChart(one, at, window));
  return { ...window, at, isNow: view.at === undefined, charts };
}

function toChart(one: TimelineSet, at: Instant, window: Window): Chart {
  const roles = new Map([...one.keys, ...one.planned].map((key) => [`${key.use} ${key.alg}`, key]));
  const groups = [...roles.values()].map((role) => toGroup(one, role, at, window));
  const { set, policy, planned } = one;
  return { set, policy, planned, groups: groups.filter(({ rows }) => rows.length > 0) };
}

function toGroup(one: TimelineSet, { use, alg }: Role, at: Instant, window: Window): Group {
  const keys = one.keys.filter((key) => hasRole(key, { use, alg }));
  const seen = keys.filter((key) => {
    const life = projected(key, one);
    return !isTombstone(life, at) || endOf(life) > window.from;
  });
  const planned = one.planned.filter((next) => hasRole(next, { use, alg }) && next.publishes < window.to);
  const lives = [...seen.map((key) => projected(key, one)), ...planned.map((next) => plannedLife(next, one))];
  const stretches = stretchesOf(lives, { use, alg }, one.now);
  const rows = lives.map((life, index): Row => {
    const key = seen[index];
    return {
      key,
      life,
      state: key === undefined ? 'planned' : stateOf(life, at),
      stretches: stretches[index] ?? [],
      plannedFrom: key === undefined ? life.created : changeOf(key, life),
      revoked: key?.revoked?.at,
    };
  });
  return { use, alg, symmetric: keys.some(({ symmetric }) => symmetric), rows: rows.sort(byStart) };
}

/** A key with the dates that it gets when its planned successor takes over. */
function projected(key: KeyLife, { planned, policy }: TimelineSet): KeyLife {
  const takeover = planned.find((next) => hasRole(next, key))?.activates;
  const isReplaced = takeover !== undefined && stateOf(key, takeover) === 'active';
  if (!isReplaced || key.deactivates !== undefined) return key;
  const retires = key.retires ?? toInstant(takeover + graceOf(factsInForce(policy, takeover), key));
  return { ...key, deactivates: takeover, retires };
}

function plannedLife(planned: PlannedKey, { keys }: TimelineSet): KeyLife {
  const symmetric = keys.some((key) => hasRole(key, planned) && key.symmetric);
  const { use, alg, publishes: created, activates } = planned;
  return { kid: '', alg, use, symmetric, held: true, created, activates };
}

function changeOf(key: KeyLife, life: KeyLife): Instant | undefined {
  return life === key ? undefined : life.deactivates;
}

function endOf(key: KeyLife): number {
  return Math.min(key.retires ?? Number.POSITIVE_INFINITY, key.revoked?.at ?? Number.POSITIVE_INFINITY);
}

/** The oldest first; what is planned comes last. */
function byStart(a: Row, b: Row): number {
  if (a.key === undefined || b.key === undefined)
    return Number(a.key === undefined) - Number(b.key === undefined);
  return startOf(a.key) - startOf(b.key) || a.key.created - b.key.created;
}

function startOf(key: KeyLife): number {
  return Math.max(key.created, key.activates ?? Number.MAX_SAFE_INTEGER);
}
