// Dates as people read them: near ones to the minute, far ones to the day, and what is left or gone.
import { expect, test } from 'vitest';
import { describeInstant } from '../../src/cli/describe-time.ts';
import { instant } from '../support/cli.ts';

const now = instant('2026-02-01T12:00:00Z');

test.each([
  ['2026-02-01T12:00:00Z', 'today 12:00 UTC (0 s)'],
  ['2026-02-01T23:59:59Z', 'today 23:59 UTC (12 h)'],
  ['2026-02-02T00:00:00Z', '2 Feb 00:00 UTC (12 h)'],
  ['2026-02-01T11:59:59Z', 'today 11:59 UTC (1 s ago)'],
  ['2026-01-31T12:00:00Z', '31 Jan 12:00 UTC (24 h ago)'],
  // Sixty days away, then a second more.
  ['2026-04-02T12:00:00Z', '2 Apr 12:00 UTC (60 d)'],
  ['2026-04-02T12:00:01Z', '2 Apr (60 d)'],
  ['2025-12-03T12:00:00Z', '3 Dec 12:00 UTC (60 d ago)'],
  ['2025-12-03T11:59:59Z', '3 Dec 2025 (60 d ago)'],
  ['2026-12-31T23:59:59Z', '31 Dec (333 d)'],
  ['2027-01-01T00:00:00Z', '1 Jan 2027 (334 d)'],
])('%s on a terminal', (time, expected) => {
  expect(describeInstant(instant(time), now, true)).toBe(expected);
});

test('off a terminal it is ISO 8601, however near', () => {
  expect(describeInstant(instant('2026-02-01T13:00:00Z'), now, false)).toBe('2026-02-01T13:00:00Z (1 h)');
  expect(describeInstant(instant('2027-02-01T12:00:00Z'), now, false)).toBe('2027-02-01T12:00:00Z (365 d)');
});
