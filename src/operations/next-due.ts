// The first thing that will be due in sets where nothing is.
import type { SetId } from '../keystore/set-id.ts';
import { plannedKeys } from '../lifecycle/forecast.ts';
import { isTombstone } from '../lifecycle/key.ts';
import type { Instant } from '../lifecycle/time.ts';
import { type Changed, lifeOf } from './change-set.ts';

export interface NextDue {
  readonly set: SetId;
  /** The key that something happens to; absent: a successor is to be made. */
  readonly kid: string | undefined;
  /** Words behind it. */
  readonly what: string;
  readonly at: Instant;
  readonly now: Instant;
}

export function nextDue(sets: readonly Changed[]): NextDue | undefined {
  const all = sets.flatMap(({ set, before, at: now }): NextDue[] => {
    const planned = plannedKeys(lifeOf(before), now).map(({ publishes }) => ({
      set,
      kid: undefined,
      what: 'a successor is published',
      at: publishes,
      now,
    }));
    const dated = before.keys.flatMap((key): NextDue[] => {
      const isThere = key.held || key.jwk !== undefined;
      if (!isThere || isTombstone(key, now)) return [];
      const verb = key.use === 'enc' ? 'encrypts' : 'signs';
      const dates = [
        { what: verb, at: key.activates },
        { what: 'leaves', at: key.retires },
      ];
      return dates.flatMap(({ what, at }) =>
        at === undefined || at <= now ? [] : [{ set, kid: key.kid, what, at, now }],
      );
    });
    return [...planned, ...dated];
  });
  return all.reduce<NextDue | undefined>(
    (first, one) => (first === undefined || one.at < first.at ? one : first),
    undefined,
  );
}
