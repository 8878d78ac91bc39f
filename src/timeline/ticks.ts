// Round dates along a picture's edge, all in UTC.
import { type Instant, type Seconds, toInstant } from '../lifecycle/time.ts';
import type { Window } from './window.ts';

export interface Tick {
  readonly at: Instant;
  readonly label: string;
}

type Step = { readonly seconds: Seconds } | { readonly months: number };

const hour: Seconds = 3_600;
const day: Seconds = 24 * hour;
const month: Seconds = 30.44 * day;
const steps: readonly Step[] = [
  ...[60, 300, 900].map((seconds) => ({ seconds })),
  ...[1, 3, 6, 12].map((hours) => ({ seconds: hours * hour })),
  ...[1, 2, 7, 14].map((days) => ({ seconds: days * day })),
  ...[1, 2, 3, 6].map((months) => ({ months })),
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000].map((years) => ({ months: 12 * years })),
];
const monthNames = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
/** 5 January 1970 was a Monday: weeks begin there. */
const monday: Seconds = 4 * day;

/** Ticks of the finest step whose labels fit side by side into `width` characters. */
export function ticksOf(window: Window, width: number): Tick[] {
  const span = window.to - window.from;
  const isRoomy = (step: Step) => (span / lengthOf(step)) * (labelWidth(step) + 1.5) <= width;
  const step = steps.find(isRoomy) ?? { months: 12 * 5_000 };
  const times = 'months' in step ? monthsIn(window, step.months) : timesIn(window, step.seconds);
  return times.map((at, index) => ({ at, label: labelOf(at, times[index - 1], step) }));
}

function lengthOf(step: Step): Seconds {
  return 'months' in step ? step.months * month : step.seconds;
}

/** `12 Jan 06:00`, `12 Jan`, `Jan 2026` or `2026`. A day that begins a year is longer, and rare. */
function labelWidth(step: Step): number {
  if ('months' in step) return step.months % 12 === 0 ? 4 : 8;
  return step.seconds < day ? 12 : 6;
}

function timesIn({ from, to }: Window, step: Seconds): Instant[] {
  const origin = step % (7 * day) === 0 ? monday : 0;
  const times: Instant[] = [];
  for (let at = origin + Math.ceil((from - origin) / step) * step; at < to; at += step)
    times.push(toInstant(at));
  return times;
}

function monthsIn({ from, to }: Window, step: number): Instant[] {
  const first = new Date(from * 1_000);
  const times: Instant[] = [];
  let count = Math.floor((first.getUTCFullYear() * 12 + first.getUTCMonth()) / step) * step;
  for (let at = startOfMonth(count); at < to; count += step, at = startOfMonth(count)) {
    if (at >= from) times.push(at);
  }
  return times;
}

function startOfMonth(count: number): Instant {
  // Date.UTC takes the years 0 to 99 for those of the last century.
  return toInstant(new Date(0).setUTCFullYear(Math.floor(count / 12), count % 12, 1) / 1_000);
}

function labelOf(at: Instant, before: Instant | undefined, step: Step): string {
  const date = new Date(at * 1_000);
  const [year, name] = [date.getUTCFullYear(), monthNames[date.getUTCMonth()] ?? ''];
  if ('months' in step) return step.months % 12 === 0 ? String(year) : `${name} ${year}`;
  const dayName = `${date.getUTCDate()} ${name}`;
  const time = date.toISOString().slice(11, 16);
  if (step.seconds < day && time !== '00:00') return before === undefined ? `${dayName} ${time}` : time;
  const isNewYear = before !== undefined && new Date(before * 1_000).getUTCFullYear() !== year;
  return isNewYear ? `${dayName} ${year}` : dayName;
}
