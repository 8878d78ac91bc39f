// A point in time as an option's value.
import { InvalidArgumentError } from 'commander';
import { type Instant, parseInstant } from '../lifecycle/time.ts';

export function instantArgument(text: string): Instant {
  const at = parseInstant(text);
  if (at === undefined) throw new InvalidArgumentError('It is no time such as 2026-12-24T10:00:00Z.');
  return at;
}
