// What will happen to the keys of a set, in words.
import type { PlannedKey } from '../lifecycle/forecast.ts';
import type { Instant } from '../lifecycle/time.ts';
import type { Chart, Group, Row } from './timeline.ts';

export interface NextStep {
  /** Absent: it waits for something else than a date. */
  readonly at: Instant | undefined;
  /** The kid of the key it happens to; absent: one that is not made yet. */
  readonly kid: string | undefined;
  /** A sentence's rest behind the name. */
  readonly what: string;
  /** Policy wants it; it is not written down in the set. */
  readonly isPlanned: boolean;
}

/** Everything to come after `now`, in the order of time. */
export function nextStepsOf({ groups, planned, policy }: Chart, now: Instant): NextStep[] {
  const mustBeSeen = (policy?.facts.publishedAt?.length ?? 0) > 0;
  const waiting = mustBeSeen ? 'waits to be seen where the set is published' : 'waits for its date';
  const steps = groups.flatMap((group) => group.rows.flatMap((row) => stepsOf(row, group, now, waiting)));
  const all = [...steps, ...planned.flatMap((next) => plannedSteps(next, groups, now))];
  return all.sort((a, b) => (a.at ?? Number.MAX_SAFE_INTEGER) - (b.at ?? Number.MAX_SAFE_INTEGER));
}

function stepsOf({ key, life }: Row, group: Group, now: Instant, waiting: string): NextStep[] {
  if (key === undefined) return [];
  const { kid } = key;
  const end = life.revoked?.at ?? Number.POSITIVE_INFINITY;
  const dates = [
    { at: life.activates, what: startOf(group), isPlanned: false },
    { at: life.deactivates, what: stopOf(group), isPlanned: key.deactivates === undefined },
    { at: life.retires, what: leaveOf(group), isPlanned: key.retires === undefined },
    { at: life.revoked?.at, what: 'is revoked', isPlanned: false },
  ];
  // A key that was dropped keeps the dates that it never came to.
  const over = life.retires ?? Number.POSITIVE_INFINITY;
  const steps = dates.flatMap(({ at, ...step }) =>
    at === undefined || at <= now || at > end || at > over ? [] : [{ at, kid, ...step }],
  );
  const waits = life.activates === undefined && life.revoked === undefined && life.retires === undefined;
  return waits ? [{ at: undefined, kid, what: waiting, isPlanned: false }, ...steps] : steps;
}

function plannedSteps(next: PlannedKey, groups: readonly Group[], now: Instant): NextStep[] {
  const own = groups.find(({ use, alg }) => use === next.use && alg === next.alg);
  const group = { use: next.use, symmetric: own?.symmetric ?? false };
  const isDue = next.publishes <= now;
  const made = group.use === 'enc' || group.symmetric ? 'is made and handed out' : 'is published';
  const waits = next.activates === undefined ? '; it works once it was seen where the set is published' : '';
  const what = `${isDue ? 'is due: jwks rotate --due makes it' : made}${waits}`;
  const steps = [
    { at: next.publishes, kid: undefined, what: `a new ${next.alg} key ${what}`, isPlanned: true },
  ];
  if (next.activates === undefined || next.activates <= now) return steps;
  const start = `the new ${next.alg} key ${startOf(group)}`;
  return [...steps, { at: next.activates, kid: undefined, what: start, isPlanned: true }];
}

type Kind = Pick<Group, 'use' | 'symmetric'>;

function startOf({ use, symmetric }: Kind): string {
  if (use === 'sig') return 'starts to sign';
  return symmetric ? 'starts to encrypt' : 'is published and starts to encrypt';
}

function stopOf({ use, symmetric }: Kind): string {
  if (use === 'sig') return 'stops signing; what it signed still verifies';
  return symmetric
    ? 'stops encrypting; it still decrypts'
    : 'leaves the public set; its private half still decrypts';
}

function leaveOf({ use, symmetric }: Kind): string {
  if (symmetric) return 'is destroyed';
  return use === 'sig' ? 'leaves the public set and is destroyed' : 'is destroyed';
}
