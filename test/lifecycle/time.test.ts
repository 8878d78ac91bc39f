// Points in time and spans as text: what is read, what is refused, and that both ways agree.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  describeDuration,
  describeExactly,
  formatDuration,
  formatInstant,
  parseDuration,
  parseInstant,
  toInstant,
} from '../../src/lifecycle/time.ts';

const day = 86_400;
const year0 = Date.parse('0000-01-01T00:00:00Z') / 1000;
const year9999 = Date.parse('9999-12-31T23:59:59Z') / 1000;
const instants = fc.integer({ min: year0, max: year9999 }).map(toInstant);

describe('instants', () => {
  test.each([
    ['1970-01-01', 0],
    ['1970-01-01T00:00:00Z', 0],
    ['1970-01-01T00:01Z', 60],
    ['1970-01-01T00:00:00.999Z', 0],
    ['1969-12-31T23:59:59.5Z', -1],
    ['2026-12-24T10:00:00Z', 1_798_106_400],
    ['2026-12-24T12:00:00+02:00', 1_798_106_400],
    ['2026-12-24T00:00:00+02:00', 1_798_063_200],
    ['2026-12-24T04:15:00-05:45', 1_798_106_400],
    ['2026-12-24T10:00:00-00:00', 1_798_106_400],
    ['2024-02-29', 1_709_164_800],
    ['2000-02-29', 951_782_400],
    ['0000-01-01T00:00:00Z', year0],
    ['9999-12-31T23:59:59Z', year9999],
  ])('%s is %d', (text, seconds) => {
    expect(parseInstant(text)).toBe(seconds);
  });

  test.each([
    ['a day that the calendar does not have', '2026-02-30'],
    ['29 February of a common year', '2026-02-29'],
    ['29 February of 1900', '1900-02-29T00:00:00Z'],
    ['31 April', '2026-04-31T10:00:00+02:00'],
    ['month 13', '2026-13-01'],
    ['month 0', '2026-00-10'],
    ['day 0', '2026-01-00'],
    ['a time without a zone', '2026-12-24T10:00:00'],
    ['half a zone', '2026-12-24T10:00:00+02'],
    ['a zone beyond a day', '2026-12-24T10:00:00+24:00'],
    ['minute 60', '2026-12-24T10:60:00Z'],
    ['second 60', '2026-12-24T23:59:60Z'],
    ['an hour alone', '2026-12-24T10Z'],
    ['a blank for the T', '2026-12-24 10:00:00Z'],
    ['a blank before', ' 2026-12-24'],
    ['a line end after', '2026-12-24\n'],
    ['small letters', '2026-12-24t10:00:00z'],
    ['another calendar', '2026-W52-4'],
    ['words', 'tomorrow'],
    ['seconds', '1798106400'],
    ['a long year', '+012026-12-24'],
    ['a time before the year 0, by its zone', '0000-01-01T00:30:00+01:00'],
    ['one after the year 9999', '9999-12-31T23:30:00-01:00'],
    ['other digits', '２０２６-12-24'],
    ['nothing', ''],
  ])('%s is no time', (_, text) => {
    expect(parseInstant(text)).toBeUndefined();
  });

  test('what is written is read as the same second', () => {
    fc.assert(
      fc.property(instants, (time) => {
        const text = formatInstant(time);
        expect(text).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
        expect(parseInstant(text)).toBe(time);
      }),
    );
  });

  test('a zone moves the time by itself and nothing else', () => {
    const zones = fc.record({
      sign: fc.constantFrom(1, -1),
      hours: fc.nat({ max: 14 }),
      minutes: fc.nat({ max: 59 }),
    });
    const years = fc.integer({ min: 0, max: Date.parse('2200-01-01T00:00:00Z') / 1000 }).map(toInstant);
    fc.assert(
      fc.property(years, zones, (time, { sign, hours, minutes }) => {
        const zone = [hours, minutes].map((part) => String(part).padStart(2, '0')).join(':');
        const local = formatInstant(time).replace('Z', `${sign === 1 ? '+' : '-'}${zone}`);
        expect(parseInstant(local)).toBe(time - sign * (hours * 3_600 + minutes * 60));
      }),
    );
  });

  test('texts in order are times in order', () => {
    fc.assert(
      fc.property(instants, instants, (one, two) => {
        expect(formatInstant(one) < formatInstant(two)).toBe(one < two);
      }),
    );
  });

  test('any text is a time or none, without an exception', () => {
    const almost = fc.stringMatching(/^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d)?(\.\d+)?(Z|[+-]\d\d:\d\d))?$/);
    fc.assert(
      fc.property(fc.oneof(fc.string(), almost), (text) => {
        const time = parseInstant(text);
        expect(time === undefined || Number.isInteger(time)).toBe(true);
      }),
    );
  });

  test('parts of a second are dropped towards the past', () => {
    expect([toInstant(1.9), toInstant(-0.1)]).toEqual([1, -1]);
  });
});

describe('durations', () => {
  test.each([
    ['0s', 0],
    ['0d', 0],
    ['30s', 30],
    ['10m', 600],
    ['12h', 43_200],
    ['90d', 90 * day],
    ['36525d', 36_525 * day],
    ['999999999s', 999_999_999],
  ])('%s is %d seconds', (text, seconds) => {
    expect(parseDuration(text)).toBe(seconds);
  });

  test.each([
    '-1d',
    '1y2',
    '1y',
    '1w',
    '1e9d',
    '1.5h',
    '1d12h',
    '1 d',
    ' 1d',
    '1d\n',
    '1D',
    'd',
    '1',
    '',
    'P1D',
    '0x1d',
    '٣d',
    '36526d',
    '999999999d',
    `${'9'.repeat(400)}s`,
  ])('%j is no duration', (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });

  test.each([
    [0, '0s'],
    [90, '90s'],
    [60, '1m'],
    [36 * 3_600, '36h'],
    [90 * day, '90d'],
    [49 * 3_600 + 300, '2945m'],
  ])('%d seconds are written %s', (seconds, text) => {
    expect(formatDuration(seconds)).toBe(text);
  });

  test('what is written is read as the same span', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 999_999_999 }), (span) => {
        expect(parseDuration(formatDuration(span))).toBe(span);
      }),
    );
  });

  test('a hundred years are the most', () => {
    const counts = fc.nat({ max: 999_999_999 });
    fc.assert(
      fc.property(counts, fc.constantFrom('d', 'h', 'm', 's'), (count, unit) => {
        const span = parseDuration(`${count}${unit}`);
        expect(span === undefined || (span >= 0 && span <= 36_525 * day)).toBe(true);
      }),
    );
  });

  test.each([
    [0, '0 s'],
    [59, '59 s'],
    [60, '1 min'],
    [3_600, '1 h'],
    [25 * 3_600, '25 h'],
    [2 * day - 1, '48 h'],
    [90, '2 min'],
    [3_599, '60 min'],
    [2 * day, '2 d'],
    [4 * day + 10, '4 d'],
  ])('%d seconds read %s', (seconds, text) => {
    expect(describeDuration(seconds)).toBe(text);
  });

  test.each([
    [0, '0s'],
    [1, '1s'],
    [day - 1, '23h 59m 59s'],
    [2 * day + 3_600 + 300, '2d 1h 5m'],
    [400 * day + 7, '400d 7s'],
  ])('%d seconds are exactly %s', (seconds, text) => {
    expect(describeExactly(seconds)).toBe(text);
  });
});
