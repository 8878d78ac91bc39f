// Which stretch of time a picture shows.
import { type Instant, parseInstant, type Seconds, toInstant } from '../lifecycle/time.ts';

export interface Window {
  readonly from: Instant;
  readonly to: Instant;
}

const day: Seconds = 86_400;
const shortestFuture = 7 * day;
const shortestPast = 30 * day;
/** The last second that `formatInstant` writes with a year of four digits. */
const latest = parseInstant('9999-12-31T23:59:59Z') ?? toInstant(0);
const earliest = parseInstant('0000-01-01T00:00:00Z') ?? toInstant(0);

/**
 * What was asked for; else from the first date to a little after the last. The past takes no more room than what
 * comes, so that an old key does not squeeze the steps of a rotation into nothing.
 */
export function chooseWindow(
  dates: readonly Instant[],
  at: Instant,
  asked: { readonly from?: Instant | undefined; readonly to?: Instant | undefined },
): Window {
  const future = dates.reduce((most, date) => Math.max(most, date - at), shortestFuture) * 1.08;
  const past = dates.reduce((most, date) => Math.max(most, at - date), future / 8);
  const before = Math.min(past * 1.04, Math.max(future, shortestPast));
  const span = before + future;
  // Whole days: neater to name, and the same picture all day long.
  const usual = {
    from: inRange(Math.floor((at - before) / day) * day),
    to: inRange(Math.ceil((at + future) / day) * day),
  };
  // A window that was half asked for keeps its usual end, if that still lies on the right side.
  const from =
    asked.from ?? (asked.to !== undefined && asked.to <= usual.from ? inRange(asked.to - span) : usual.from);
  const to = asked.to ?? (from >= usual.to ? inRange(from + span) : usual.to);
  return { from, to };
}

/** Where a moment stands in a window: 0 at its start, 1 at its end. */
export function placeOf(at: Instant, { from, to }: Window): number {
  return (at - from) / (to - from);
}

/** A stretch of time as far as it lies in the window, in places; `undefined` where it does not. */
export function clip(
  stretch: { readonly from: Instant; readonly to: Instant | undefined },
  window: Window,
): { readonly start: number; readonly end: number } | undefined {
  const start = Math.max(0, placeOf(stretch.from, window));
  const end = stretch.to === undefined ? 1 : Math.min(1, placeOf(stretch.to, window));
  return start < end ? { start, end } : undefined;
}

function inRange(seconds: number): Instant {
  return toInstant(Math.min(latest, Math.max(earliest, seconds)));
}
