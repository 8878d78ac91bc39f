// What time it is for a set, and whether a host's clock can be trusted to change it.
import { describeDuration, formatInstant, type Instant, type Seconds } from './time.ts';

/** The later of the host's clock and the set's last change: a clock that is behind never moves a state back. */
export function nowFor(clock: Instant, updated: Instant | undefined): Instant {
  return Math.max(clock, updated ?? clock) as Instant;
}

/** Why a host must not write: its clock is further behind the set's last change than clocks may be apart. */
export function refuseClock(clock: Instant, updated: Instant | undefined, skew: Seconds): string | undefined {
  if (updated === undefined || updated - clock <= skew) return undefined;
  return `this host's clock is ${describeDuration(updated - clock)} behind the last change`;
}

const longestIdle: Seconds = 400 * 86_400;

/**
 * Why a change wants to be forced: the last one is so long ago that the host's clock is likelier to be wrong, and
 * a dead clock battery must not rotate or destroy keys.
 */
export function refuseIdle(
  clock: Instant,
  updated: Instant | undefined,
  rotateEvery: Seconds | undefined,
): string | undefined {
  const limit = Math.max(longestIdle, 2 * (rotateEvery ?? 0));
  if (updated === undefined || clock - updated <= limit) return undefined;
  return `its last change was ${describeDuration(clock - updated)} ago by this host's clock (${formatInstant(clock)})`;
}
