// Points in time and spans of time as values of options.
import { InvalidArgumentError } from 'commander';
import { type Instant, parseDuration, parseInstant, type Seconds } from '../lifecycle/time.ts';

export function instantArgument(text: string): Instant {
  const at = parseInstant(text);
  if (at === undefined) throw new InvalidArgumentError('It is no time such as 2026-12-24T10:00:00Z.');
  return at;
}

export function durationArgument(text: string): Seconds {
  const span = parseDuration(text);
  if (span === undefined)
    throw new InvalidArgumentError('It is no duration such as 90d, 12h, 10m, 30s or 0s (at most 36525d).');
  return span;
}
