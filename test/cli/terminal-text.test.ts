// Tables and colours: fitted to a terminal, and plain everywhere else.
import stringWidth from 'fast-string-width';
import { expect, test } from 'vitest';
import type { Output } from '../../src/cli/host.ts';
import { type Column, cut, formatTable, paletteFor } from '../../src/cli/terminal-text.ts';

const terminal = (columns: number): Output => ({ write: async () => {}, isTerminal: true, columns });
const pipe: Output = { ...terminal(80), isTerminal: false };

const columns: readonly Column[] = [
  { title: 'SET ID', shrinks: 'last' },
  { title: 'KEY ID', shrinks: 'first' },
  { title: 'STATE' },
];
const rows = [
  ['a-set-of-20-columns-', 'a-key-of-20-columns-', 'active'],
  ['auth', 'k1', 'next'],
];

test('a table that fits is as wide as its cells', () => {
  expect(formatTable(columns, rows, terminal(50))).toBe(
    [
      'SET ID                KEY ID                STATE',
      'a-set-of-20-columns-  a-key-of-20-columns-  active',
      'auth                  k1                    next',
      '',
    ].join('\n'),
  );
});

test.each([
  // One column too few: the key gives way first, then the set, neither below eight.
  [49, 'a-set-of-20-columns-  a-key-of-20-column…  active'],
  [38, 'a-set-of-20-columns-  a-key-o…  active'],
  [37, 'a-set-of-20-column…  a-key-o…  active'],
  [26, 'a-set-o…  a-key-o…  active'],
  [10, 'a-set-o…  a-key-o…  active'],
])('in %i columns what may be cut is', (width, expected) => {
  expect(formatTable(columns, rows, terminal(width)).split('\n')[1]).toBe(expected);
});

test('off a terminal it is tabs, whole cells, and nothing is cut', () => {
  expect(formatTable(columns, rows, { ...pipe, columns: 10 })).toBe(
    'SET ID\tKEY ID\tSTATE\na-set-of-20-columns-\ta-key-of-20-columns-\tactive\nauth\tk1\tnext\n',
  );
});

test('cells are painted and padded by what is seen of them, titles not painted', () => {
  const paint = (text: string, column: number) => (column === 0 ? `\u001b[1m${text}\u001b[0m` : text);
  const [title, first, second] = formatTable(
    columns.slice(0, 2),
    [
      ['鍵', 'k1'],
      ['ab', 'k2'],
    ],
    terminal(80),
    paint,
  ).split('\n');
  expect(title).toBe('SET ID  KEY ID');
  expect([first, second]).toEqual(['\u001b[1m鍵\u001b[0m      k1', '\u001b[1mab\u001b[0m      k2']);
});

test('controls of other people are made visible, on a terminal and off it', () => {
  for (const output of [terminal(80), pipe])
    expect(formatTable([{ title: 'KID' }], [['a\u001b[2J\tb\u202e']], output)).toContain(
      'a\\u{1b}[2J\\u{9}b\\u{202e}',
    );
});

test.each([1, 2, 5, 9])('what is cut is no wider than %i', (width) => {
  for (const text of ['abcdefghij', '鍵鍵鍵鍵鍵鍵', 'a鍵b鍵c鍵d鍵']) {
    expect(stringWidth(cut(text, width))).toBeLessThanOrEqual(width);
    expect(cut(text, width)).toMatch(/…$/);
  }
});

test.each([
  ['a terminal', terminal(80), {}, false, true],
  ['no terminal', pipe, {}, false, false],
  ['a dumb terminal', terminal(80), { TERM: 'dumb' }, false, false],
  ['NO_COLOR', terminal(80), { NO_COLOR: '1' }, false, false],
  ['an empty NO_COLOR', terminal(80), { NO_COLOR: '' }, false, true],
  ['FORCE_COLOR off a terminal', pipe, { FORCE_COLOR: '1' }, false, true],
  ['an empty FORCE_COLOR off a terminal', pipe, { FORCE_COLOR: '' }, false, true],
  ['FORCE_COLOR=0', terminal(80), { FORCE_COLOR: '0' }, false, false],
  ['FORCE_COLOR=false', terminal(80), { FORCE_COLOR: 'false' }, false, false],
  ['both', pipe, { FORCE_COLOR: '1', NO_COLOR: '1' }, false, true],
  ['--no-color', terminal(80), { FORCE_COLOR: '1' }, true, false],
] as const)('%s: is it coloured?', async (_, output, env, noColor, isColoured) => {
  const { red } = await paletteFor(output, env, noColor);
  expect(red('text')).toBe(isColoured ? '\u001b[31mtext\u001b[39m' : 'text');
});
