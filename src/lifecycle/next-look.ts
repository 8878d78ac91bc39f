// Until when nothing can become due in a set of which nothing is.
import type { SetLife } from './draft.ts';
import { plannedKeys } from './forecast.ts';
import { isTombstone } from './key.ts';
import type { Instant } from './time.ts';

/**
 * The first time at which `rotate --due` may find something to do, or an earlier one; `undefined`: no date of the set
 * leads to one. Where a key has no date to sign from, which depends on more than the time, it is `now`.
 */
export function nextLook(set: SetLife, now: Instant): Instant | undefined {
  const living = set.keys.filter((key) => !isTombstone(key, now));
  if (living.some(({ activates }) => activates === undefined)) return now;
  const dates = living.flatMap(({ activates, deactivates, retires }) => [activates, deactivates, retires]);
  const lowered = set.policy?.was.map(({ until }) => until) ?? [];
  // One that is not set is no number, and no later than any.
  const coming = [...dates, ...lowered].map(Number).filter((date) => date > now);
  const planned = plannedKeys(set, now).map(({ publishes }) => publishes);
  const first = Math.min(...coming, ...planned);
  return Number.isFinite(first) ? (first as Instant) : undefined;
}
