// What time it is for a set, and whether a host's clock can be trusted to change it.
import { describeDuration, type Instant, type Seconds } from './time.ts';

/** The later of the host's clock and the set's last change: a clock that is behind never moves a state back. */
export function nowFor(clock: Instant, updated: Instant | undefined): Instant {
  return updated !== undefined && updated > clock ? updated : clock;
}

/** Why a host must not write: its clock is further behind the set's last change than clocks may be apart. */
export function refuseClock(clock: Instant, updated: Instant | undefined, skew: Seconds): string | undefined {
  if (updated === undefined || updated - clock <= skew) return undefined;
  return `this host's clock is ${describeDuration(updated - clock)} behind the last change`;
}
