// The first thing that will be due in sets where nothing is.
import type { SetId } from '../keystore/set-id.ts';
import { plannedKeys } from '../lifecycle/forecast.ts';
import { stateOf } from '../lifecycle/key.ts';
import type { Instant } from '../lifecycle/time.ts';
import { type Changed, lifeOf } from './change-set.ts';

export interface NextDue {
  readonly set: SetId;
  /** The key that is to be destroyed; absent: a successor is to be made. */
  readonly kid: string | undefined;
  readonly at: Instant;
  readonly now: Instant;
}

export function nextDue(sets: readonly Changed[]): NextDue | undefined {
  const all = sets.flatMap(({ set, before, at: now }): NextDue[] => {
    const planned = plannedKeys(lifeOf(before), now).map(({ publishes }) => ({
      set,
      kid: undefined,
      at: publishes,
      now,
    }));
    const over = before.keys.flatMap((key): NextDue[] => {
      const isThere = key.held || key.jwk !== undefined;
      if (!isThere || key.retires === undefined || stateOf(key, now) === 'retired') return [];
      return [{ set, kid: key.kid, at: key.retires, now }];
    });
    return [...planned, ...over];
  });
  return all.reduce<NextDue | undefined>(
    (first, one) => (first === undefined || one.at < first.at ? one : first),
    undefined,
  );
}
