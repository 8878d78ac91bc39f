// Round dates along a picture's edge.
import { expect, test } from 'vitest';
import { ticksOf } from '../../src/timeline/ticks.ts';
import { on } from './sample-sets.ts';

const labels = (from: string, to: string, width = 60): string =>
  ticksOf({ from: on(from), to: on(to) }, width)
    .map(({ label }) => label)
    .join(' | ');

test.each([
  ['2026-02-01T09:30:00Z', '2026-02-01T10:30:00Z', '1 Feb 09:30 | 09:45 | 10:00 | 10:15'],
  ['2026-02-01T20:00:00Z', '2026-02-02T20:00:00Z', '2 Feb | 06:00 | 12:00 | 18:00'],
  ['2026-02-01', '2026-02-08', '1 Feb | 2 Feb | 3 Feb | 4 Feb | 5 Feb | 6 Feb | 7 Feb'],
  ['2025-12-20', '2026-02-01', '22 Dec | 29 Dec | 5 Jan 2026 | 12 Jan | 19 Jan | 26 Jan'],
  ['2026-01-06', '2026-06-12', 'Feb 2026 | Mar 2026 | Apr 2026 | May 2026 | Jun 2026'],
  ['2019-03-01', '2026-06-12', '2020 | 2021 | 2022 | 2023 | 2024 | 2025 | 2026'],
  ['0001-01-01', '9999-12-31', '1000 | 2000 | 3000 | 4000 | 5000 | 6000 | 7000 | 8000 | 9000'],
])('%s to %s', (from, to, expected) => {
  expect(labels(from, to)).toBe(expected);
});

test('a narrow picture has fewer', () => {
  expect(labels('2026-02-01', '2026-03-01', 20)).toBe('2 Feb | 16 Feb');
});
