// Names for narrow columns: as short as they may be, and never two alike.
import stringWidth from 'fast-string-width';
import { expect, test } from 'vitest';
import { cutMiddle, cutTo, padTo, shortNames } from '../../src/timeline/short-names.ts';

const shortened = (...names: string[]) => [...shortNames(names, '…').values()];

test.each<[string, string[], string[]]>([
  ['a name of twelve columns is whole', ['k-2026-01-01'], ['k-2026-01-01']],
  ['a longer one is known by its beginning', ['9fJ2mNcwQ1rT7yUe'], ['9fJ2mNcw']],
  [
    'two that begin alike by both ends',
    ['waits-for-2025', 'waits-for-2026'],
    ['wait…or-2025', 'wait…or-2026'],
  ],
  ['the same name twice is one', ['9fJ2mNcwQ1rT7yUe', '9fJ2mNcwQ1rT7yUe'], ['9fJ2mNcw']],
  [
    'a short one counts among those that begin alike',
    ['waits-fo', 'waits-for-2026'],
    ['waits-fo', 'wait…or-2026'],
  ],
  ['a wide character takes two columns', ['鍵鍵鍵鍵鍵鍵鍵'], ['鍵鍵鍵鍵']],
])('%s', (_, names, expected) => {
  expect(shortened(...names)).toEqual(expected);
});

test('a text is cut at its end, or in its middle', () => {
  expect(cutTo('abcdef', 6, '…')).toBe('abcdef');
  expect(cutTo('abcdefg', 6, '…')).toBe('abcde…');
  expect(cutMiddle('abcdefg', 7)).toBe('abcdefg');
  expect(cutMiddle('abcdefgh', 7)).toBe('abc…fgh');
  expect(cutMiddle('abcdefghi', 8)).toBe('abcd…ghi');
});

test.each([1, 2, 5, 8])('what is cut to %i columns is no wider, whatever its characters', (width) => {
  for (const text of ['abcdefghij', '鍵鍵鍵鍵鍵鍵', 'a鍵b鍵c鍵d鍵']) {
    expect(stringWidth(cutTo(text, width, '…'))).toBeLessThanOrEqual(width);
    expect(stringWidth(cutMiddle(text, width))).toBeLessThanOrEqual(width);
  }
});

test('a text is filled up to its column', () => {
  expect(padTo('鍵', 4)).toBe('鍵  ');
  expect(padTo('abcde', 4)).toBe('abcde');
});
