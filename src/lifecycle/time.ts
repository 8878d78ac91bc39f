// Points in time and spans of time: whole seconds, and their text forms.

declare const instant: unique symbol;
/** Whole seconds since 1970-01-01T00:00:00Z. */
export type Instant = number & { readonly [instant]: true };
/** A span of time in whole seconds. */
export type Seconds = number;

const iso = /^(\d{4}-\d{2}-\d{2})(?:T((?:[01]\d|2[0-3]):\d{2}(?::\d{2})?)(?:\.\d+)?(Z|[+-]\d{2}:\d{2}))?$/;

export function toInstant(seconds: number): Instant {
  return Math.floor(seconds) as Instant;
}

/**
 * Reads ISO 8601 / RFC 3339 with a zone (`2026-12-24T10:00:00Z`, `...+02:00`) or a date, which means its first
 * second in UTC. Anything else, also a day that the calendar does not have, is `undefined`.
 */
export function parseInstant(text: string): Instant | undefined {
  const match = iso.exec(text);
  if (match === null) return undefined;
  const [, day = '', time = '00:00:00', zone = 'Z'] = match;
  const midnight = Date.parse(`${day}T00:00:00Z`);
  const at = zone === 'Z' && time === '00:00:00' ? midnight : Date.parse(`${day}T${time}${zone}`);
  // Date.parse takes 30 February for 2 March.
  const isDay = new Date(midnight).getUTCDate() === Number(day.slice(8));
  const year = new Date(at).getUTCFullYear();
  const isInRange = year >= 0 && year <= 9_999;
  return isDay && isInRange ? toInstant(at / 1000) : undefined;
}

/** ISO 8601 in UTC without fractions, such as `2026-12-24T10:00:00Z`. */
export function formatInstant(at: Instant): string {
  return new Date(at * 1000).toISOString().replace('.000Z', 'Z');
}

const units: readonly (readonly [string, Seconds])[] = [
  ['d', 86_400],
  ['h', 3_600],
  ['m', 60],
  ['s', 1],
];
const longest: Seconds = 36_525 * 86_400;

/** Reads `90d`, `12h`, `10m`, `30s` or `0s`; at most a hundred years. Anything else is `undefined`. */
export function parseDuration(text: string): Seconds | undefined {
  const [, count, unit] = /^(\d{1,10})([dhms])$/.exec(text) ?? [];
  // What is none is no number, and no less than any.
  const span = Number(count) * Number(units.find(([name]) => name === unit)?.[1]);
  return span <= longest ? span : undefined;
}

/** The largest unit that holds the span without a rest: `90d`, `36h`, `90s`. */
export function formatDuration(span: Seconds): string {
  const [name, unit] = (span === 0 ? undefined : units.find(([, size]) => span % size === 0)) ?? ['s', 1];
  return `${span / unit}${name}`;
}

/** A span for reading, exactly: `2d 1h 5m`. */
export function describeExactly(span: Seconds): string {
  let rest = span;
  const parts = units.flatMap(([name, size]) => {
    const count = Math.floor(rest / size);
    rest -= count * size;
    return count === 0 ? [] : [`${count}${name}`];
  });
  return parts.length === 0 ? '0s' : parts.join(' ');
}

/** A span for reading, rounded to its largest unit: `25 h`, `4 d`. */
export function describeDuration(span: Seconds): string {
  if (span >= 2 * 86_400) return `${Math.round(span / 86_400)} d`;
  if (span >= 3_600) return `${Math.round(span / 3_600)} h`;
  if (span >= 60) return `${Math.round(span / 60)} min`;
  return `${Math.round(span)} s`;
}
