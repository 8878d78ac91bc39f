// RFC 9111 section 5.2 and RFC 5861: how long an answer may be kept.
import { expect, test } from 'vitest';
import { cacheSpans, parseCacheControl } from '../../src/operations/cache-control.ts';

test.each([
  ['max-age=60', { 'max-age': ['60'] }],
  [' Public ,MAX-AGE = "3600" ,, ', { public: [''], 'max-age': ['3600'] }],
  ['private="a, max-age=9", max-age=1', { private: ['a, max-age=9'], 'max-age': ['1'] }],
  ['ext="a\\"b,c\\\\", no-store', { ext: ['a"b,c\\'], 'no-store': [''] }],
  ['max-age=1, max-age=2', { 'max-age': ['1', '2'] }],
  ['ext="never closed, max-age=5', { ext: ['never closed, max-age=5'] }],
  ['__proto__=1, constructor', { ['__proto__']: ['1'], constructor: [''] }],
  ['', {}],
  [',=,"x"', { '"x"': [''] }],
])('reads %s', (header, directives) => {
  expect(Object.fromEntries(parseCacheControl(header))).toEqual(directives);
});

test.each([
  ['max-age=60', 60, 0],
  ['max-age="60"', 60, 0],
  ['public, max-age=60, stale-if-error=600', 60, 600],
  ['max-age=60, stale-while-revalidate=30, stale-if-error=10', 60, 30],
  ['max-age=60, s-maxage=600', 600, 0],
  ['max-age=600, s-maxage=60', 600, 0],
  ['s-maxage=5', 5, 0],
  ['max-age=1, max-age=7', 7, 0],
  ['no-store, max-age=60, stale-if-error=600', 0, 0],
  ['no-cache, max-age=60, stale-if-error=600', 0, 0],
  ['no-cache="set-cookie", max-age=60', 60, 0],
  ['max-age=60, must-revalidate, stale-if-error=600', 60, 0],
  ['max-age=99999999999999999999999', 2 ** 31, 0],
  ['max-age=0', 0, 0],
  ['max-age=-1', undefined, 0],
  ['max-age=1.5', undefined, 0],
  ['max-age', undefined, 0],
  ['public', undefined, 0],
  ['', undefined, 0],
])('%s: fresh for %s s, stale for %s s', (header, fresh, stale) => {
  expect(cacheSpans({ 'cache-control': header })).toEqual({ fresh, stale });
});

const date = 'Tue, 15 Dec 2026 10:00:00 GMT';

test.each([
  ['Tue, 15 Dec 2026 11:00:00 GMT', 3_600],
  ['Tue, 15 Dec 2026 09:00:00 GMT', 0],
  ['0', 0],
  ['-1', 0],
  ['tomorrow', 0],
])('without max-age, Expires: %s is %i s', (expires, fresh) => {
  expect(cacheSpans({ expires, date })).toEqual({ fresh, stale: 0 });
  expect(cacheSpans({ expires, date, 'cache-control': 'max-age=7' }).fresh).toBe(7);
});

test('Expires without Date says nothing', () => {
  expect(cacheSpans({ expires: date }).fresh).toBe(undefined);
});

test('a header made to be slow is read at once', () => {
  const header = `${'"\\'.repeat(4_000)},${'a=" '.repeat(4_000)}`;
  expect(parseCacheControl(header).size).toBeLessThan(10);
  expect(parseCacheControl(`a=b${' '.repeat(16_000)}c`).size).toBe(1);
});
