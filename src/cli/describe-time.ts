// Dates for people: short beside a terminal, ISO 8601 elsewhere, with the time that is left.
import { describeDuration, formatInstant, type Instant } from '../lifecycle/time.ts';

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `today 05:10 UTC (3 h)`, `3 Feb 03:05 UTC (25 h)`, or `2027-02-03T03:05:00Z (25 h)` off a terminal. */
export function describeInstant(at: Instant, now: Instant, isTerminal: boolean): string {
  const left = at >= now ? describeDuration(at - now) : `${describeDuration(now - at)} ago`;
  return `${isTerminal ? shortDate(at, now) : formatInstant(at)} (${left})`;
}

const day = 86_400;

/** Far away the hour tells nothing, and within some months neither does the year. */
function shortDate(at: Instant, now: Instant): string {
  const date = new Date(at * 1000);
  const distance = Math.abs(at - now);
  const time = `${date.toISOString().slice(11, 16)} UTC`;
  if (formatInstant(at).slice(0, 10) === formatInstant(now).slice(0, 10)) return `today ${time}`;
  const isThisYear = date.getUTCFullYear() === new Date(now * 1000).getUTCFullYear();
  const dayOfYear = `${date.getUTCDate()} ${months[date.getUTCMonth()]}`;
  if (distance <= 60 * day) return `${dayOfYear} ${time}`;
  return isThisYear ? dayOfYear : `${dayOfYear} ${date.getUTCFullYear()}`;
}
