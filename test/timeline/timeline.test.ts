// The picture before it is drawn: rows, what is planned, and which time it shows.
import { expect, test } from 'vitest';
import { formatInstant } from '../../src/lifecycle/time.ts';
import { toTimeline, type View } from '../../src/timeline/timeline.ts';
import { auth, hostile, key, mixed, now, on, planned, setOf } from './sample-sets.ts';

function rowsOf(set: typeof auth, view: View = {}): string[] {
  const { charts } = toTimeline([set], view);
  return charts.flatMap(({ groups }) =>
    groups.flatMap(({ alg, rows }) => rows.map((row) => `${alg} ${row.key?.kid ?? ''} ${row.state}`)),
  );
}

test('a row a key, the oldest first, and what is planned last', () => {
  expect(rowsOf(mixed)).toEqual([
    'ECDH-ES+A256KW enc-2025 retiring',
    'ECDH-ES+A256KW enc-2026 active',
    'ES256 stolen revoked',
    'ES256 waits-for-its-turn-2025 active',
    'ES256 waits-for-its-turn-2026 next',
    'HS256 shared active',
    'HS256  planned',
  ]);
});

test('a role that has no key yet is that of a key pair', () => {
  const set = setOf('s', [], { planned: [planned('2026-03-01', '2026-03-04')] });
  expect(toTimeline([set], {}).charts[0]?.groups).toMatchObject([{ alg: 'ES256', symmetric: false }]);
});

test('a tombstone is shown as long as its life is in the picture', () => {
  const gone = key('gone', {
    created: '2025-02-01',
    activates: '2025-02-01',
    deactivates: '2025-03-01',
    retires: '2025-03-03',
  });
  const set = setOf('s', [key('here', { activates: '2026-01-01' }), gone]);
  expect(rowsOf(set)).toEqual(['ES256 here active']);
  expect(rowsOf(set, { from: on('2025-03-02') })).toEqual(['ES256 gone retired', 'ES256 here active']);
});

test('the signer ends where its planned successor begins, and stays for the grace', () => {
  const [group] = toTimeline([auth], {}).charts[0]?.groups ?? [];
  const signer = group?.rows[1];
  expect(signer?.stretches.map(({ phase, to }) => [phase, to && formatInstant(to)])).toEqual([
    ['published', '2026-02-08T00:00:00Z'],
    ['signs', '2026-03-10T00:00:00Z'],
    ['verifies', '2026-03-12T00:05:00Z'],
  ]);
  expect(signer?.plannedFrom).toBe(on('2026-03-10'));
  expect(signer?.key?.deactivates).toBeUndefined();
  expect(group?.rows[2]?.stretches.map(({ phase }) => phase)).toEqual(['published', 'signs']);
});

test('a successor that waits to be seen moves nobody', () => {
  const set = setOf('s', [key('a', { activates: '2026-01-01' })], {
    planned: [planned('2026-03-01', undefined)],
  });
  const rows = toTimeline([set], {}).charts[0]?.groups[0]?.rows ?? [];
  expect(rows.map(({ stretches }) => stretches.map(({ phase, to }) => [phase, to]))).toEqual([
    [['signs', undefined]],
    [['published', undefined]],
  ]);
});

test('an end that is written down is not planned away', () => {
  const set = setOf(
    's',
    [key('a', { activates: '2026-01-01', deactivates: '2026-02-20', retires: '2026-02-22' })],
    {
      planned: [planned('2026-02-09', '2026-02-12')],
    },
  );
  const [row] = toTimeline([set], {}).charts[0]?.groups[0]?.rows ?? [];
  expect(row?.stretches.at(-1)).toMatchObject({ to: on('2026-02-22') });
  expect(row?.plannedFrom).toBeUndefined();
});

test('--at is the set as it was, without the keys that were made later', () => {
  expect(rowsOf({ ...auth, planned: [] }, { at: on('2026-02-01') })).toEqual([
    'ES256 9fJ2mNcwQ1rT7yUe3hLkZ8xVb5nGd0sAaPpOoIiUuYt active',
  ]);
});

test('--at is the set as it will be if all goes as planned', () => {
  expect(rowsOf(auth, { at: on('2026-03-11'), from: on('2026-02-01') })).toEqual([
    'ES256 9fJ2mNcwQ1rT7yUe3hLkZ8xVb5nGd0sAaPpOoIiUuYt retired',
    'ES256 uSm3cXKzW4eR6tYh2jKlM9nBv7cXz1qAsDdFfGgHhJj retiring',
    'ES256  planned',
  ]);
});

function windowOf(sets: Parameters<typeof toTimeline>[0], view: View = {}): string {
  const { from, to } = toTimeline(sets, view);
  return `${formatInstant(from).slice(0, 10)} ${formatInstant(to).slice(0, 10)}`;
}

test('the window holds what is to come and as much of what was', () => {
  expect(windowOf([auth])).toBe('2026-01-06 2026-03-15');
  expect(windowOf([setOf('new', [key('a', { created: '2026-02-09', activates: '2026-02-09' })])])).toBe(
    '2026-02-08 2026-02-17',
  );
  expect(windowOf([setOf('old', [key('a', { created: '2019-02-09', activates: '2019-02-09' })])])).toBe(
    '2026-01-10 2026-02-17',
  );
  expect(windowOf([])).toBe('1969-12-31 1970-01-09');
});

test('half a window that was asked for keeps its other end, where it can', () => {
  expect(windowOf([auth], { from: on('2026-02-01') })).toBe('2026-02-01 2026-03-15');
  expect(windowOf([auth], { to: on('2026-02-20') })).toBe('2026-01-06 2026-02-20');
  expect(windowOf([auth], { from: on('2030-01-01') })).toBe('2030-01-01 2030-03-08');
  expect(windowOf([auth], { to: on('2020-01-01') })).toBe('2019-10-26 2020-01-01');
});

test.each<View>([
  { from: on('2026-02-01'), to: on('2026-02-01') },
  { from: on('2026-02-02'), to: on('2026-02-01') },
  { from: on('9999-12-31T23:59:59Z') },
])('a window that ends before it begins is refused: $from to $to', (view) => {
  expect(() => toTimeline([auth], view)).toThrow(expect.objectContaining({ code: 'usage' }));
});

test('now is the latest that any set knows, and another time where one was asked for', () => {
  const ahead = { ...hostile, now: on('2026-02-10') };
  expect(toTimeline([auth, ahead], {})).toMatchObject({ at: on('2026-02-10'), isNow: true });
  expect(toTimeline([auth, ahead], { at: now })).toMatchObject({ at: now, isNow: false });
});
