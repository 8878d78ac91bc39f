// The picture for a terminal, in columns of text.
import stringWidth from 'fast-string-width';
import { formatInstant } from '../lifecycle/time.ts';
import { cutTo, padTo, shortNames } from './short-names.ts';
import { type Cell, cellsOf, columnOf, type Mark } from './text-cells.ts';
import { ticksOf } from './ticks.ts';
import type { Group, Row, Timeline } from './timeline.ts';
import { legendOf } from './words.ts';

type Color = 'cyan' | 'green' | 'yellow' | 'red';

export interface Terminal {
  readonly columns: number;
  /** False: only characters of ASCII. */
  readonly isUnicode: boolean;
  readonly paint: Readonly<Record<Color | 'bold' | 'dim', (text: string) => string>>;
  /** Makes visible what a terminal would take for a command. */
  readonly escape: (text: string) => string;
}

type Glyphs = Readonly<Record<Mark | 'gap' | 'pointer' | 'earlier' | 'later', string>>;

const drawn: Glyphs = {
  published: '·',
  signs: '█',
  verifies: '░',
  revoked: '×',
  now: '│',
  empty: ' ',
  gap: '…',
  pointer: '▲',
  earlier: '◄',
  later: '►',
};
const typed: Glyphs = {
  published: '.',
  signs: '#',
  verifies: '-',
  revoked: 'x',
  now: '|',
  empty: ' ',
  gap: '~',
  pointer: '^',
  earlier: '<',
  later: '>',
};
const colors: Readonly<Partial<Record<Mark, Color>>> = {
  published: 'cyan',
  signs: 'green',
  verifies: 'yellow',
  revoked: 'red',
};
const stateColors: Readonly<Record<Row['state'], Color | 'dim'>> = {
  next: 'cyan',
  active: 'green',
  retiring: 'yellow',
  retired: 'dim',
  revoked: 'red',
  planned: 'dim',
};
const narrowest = 16;
const margin = 2;

interface Layout {
  readonly timeline: Timeline;
  readonly terminal: Terminal;
  readonly glyphs: Glyphs;
  /** Columns for names and states, and for the chart behind them. */
  readonly left: number;
  readonly width: number;
  readonly nameWidth: number;
  readonly names: ReadonlyMap<string, string>;
}

/** The picture as lines that fill the columns of a terminal. */
export function toText(timeline: Timeline, terminal: Terminal): string {
  const layout = layOut(timeline, terminal);
  const titled = timeline.charts.flatMap(({ set, groups }) =>
    groups.map((group) => ({ group, title: `${terminal.escape(set)}  ${terminal.escape(group.alg)}` })),
  );
  const isBeside = titled.every(({ title }) => stringWidth(title) <= layout.left - margin);
  const blocks = titled.map(({ group, title }) => blockOf(group, title, isBeside, layout));
  const bare = timeline.charts
    .filter(({ groups }) => groups.length === 0)
    .map(({ set }) => [
      cutTo(`${terminal.escape(set)}  has no keys in this time`, terminal.columns, layout.glyphs.gap),
    ]);
  return [...blocks, ...bare, legendLines(layout)]
    .filter((block) => block.length > 0)
    .map((block) => block.map((line) => `${line}\n`).join(''))
    .join(blocks.length > 1 ? '\n' : '');
}

function layOut(timeline: Timeline, terminal: Terminal): Layout {
  const rows = timeline.charts.flatMap(({ groups }) => groups.flatMap((group) => group.rows));
  const kids = rows.flatMap(({ key }) => (key === undefined ? [] : [terminal.escape(key.kid)]));
  const glyphs = terminal.isUnicode ? drawn : typed;
  const names = shortNames(kids, glyphs.gap);
  const nameWidth = Math.max(0, ...[...names.values()].map((name) => stringWidth(name)));
  const stateWidth = Math.max(0, ...rows.map(({ state }) => (state === 'planned' ? 0 : state.length)));
  const left = Math.max(nameWidth + 1 + stateWidth, '(planned)'.length) + margin;
  const width = Math.max(narrowest, terminal.columns - left);
  return { timeline, terminal, glyphs, left, width, nameWidth, names };
}

function blockOf(group: Group, title: string, isBeside: boolean, layout: Layout): string[] {
  const { terminal, left, glyphs } = layout;
  const { bold } = terminal.paint;
  const shown = cutTo(title, terminal.columns, glyphs.gap);
  const head = isBeside
    ? [bold(shown) + ' '.repeat(left - stringWidth(shown)) + tickLine(layout)]
    : [bold(shown), ' '.repeat(left) + tickLine(layout)];
  return [...head, ...group.rows.map((row) => rowLine(row, layout)), ' '.repeat(left) + nowLine(layout)];
}

function tickLine({ timeline, terminal, width }: Layout): string {
  const zone = 'UTC';
  let line = '';
  for (const { at, label } of ticksOf(timeline, width - zone.length)) {
    const column = columnOf(at, timeline, width) ?? 0;
    const isFree = line === '' || column > line.length;
    if (isFree && column + label.length < width - zone.length) line = line.padEnd(column) + label;
  }
  return terminal.paint.dim(line.padEnd(width - zone.length) + zone);
}

function rowLine(row: Row, layout: Layout): string {
  const { key } = row;
  const { timeline, terminal, width, left, nameWidth, names } = layout;
  const paint = terminal.paint[stateColors[row.state]];
  const name = key === undefined ? '' : padTo(names.get(terminal.escape(key.kid)) ?? '', nameWidth + 1);
  const word = key === undefined ? '(planned)' : row.state;
  const cells = cellsOf(row, timeline, width, columnOf(timeline.at, timeline, width));
  const painted = paintCells(cells, layout);
  const blank = painted === '' ? 0 : left - stringWidth(name) - word.length;
  return `${name}${paint(word)}${' '.repeat(blank)}${painted}`;
}

/** Neighbours that look alike are painted together. */
function paintCells(cells: readonly Cell[], { terminal, glyphs }: Layout): string {
  const runs: { readonly cell: Cell; text: string }[] = [];
  const last = cells.findLastIndex(({ mark }) => mark !== 'empty');
  for (const cell of cells.slice(0, last + 1)) {
    const run = runs.at(-1);
    if (run?.cell.mark === cell.mark && run.cell.isPlanned === cell.isPlanned) run.text += glyphs[cell.mark];
    else runs.push({ cell, text: glyphs[cell.mark] });
  }
  return runs.map(({ cell, text }) => paintRun(cell, text, terminal)).join('');
}

function paintRun({ mark, isPlanned }: Cell, text: string, { paint }: Terminal): string {
  const color = colors[mark];
  const painted = color === undefined ? text : paint[color](text);
  return isPlanned ? paint.dim(painted) : painted;
}

function nowLine({ timeline, terminal, glyphs, width }: Layout): string {
  const { bold } = terminal.paint;
  const word = timeline.isNow ? 'now' : formatInstant(timeline.at);
  const column = columnOf(timeline.at, timeline, width);
  if (column !== undefined) {
    const isRoomy = column + 2 + word.length <= width;
    const text = isRoomy ? `${glyphs.pointer} ${word}` : `${word} ${glyphs.pointer}`;
    return ' '.repeat(isRoomy ? column : column + 1 - text.length) + bold(text);
  }
  const text = timeline.at < timeline.from ? `${glyphs.earlier} ${word}` : `${word} ${glyphs.later}`;
  return timeline.at < timeline.from ? bold(text) : bold(text.padStart(width));
}

/** The legend under the chart, further left where it needs the room, in as many lines as that takes. */
function legendLines(layout: Layout): string[] {
  const { timeline, left, terminal, width } = layout;
  const parts = legendOf(timeline).map(({ phase, words }) => partOf(phase, words, 3, layout));
  const rows = timeline.charts.flatMap(({ groups }) => groups.flatMap((group) => group.rows));
  const isSeen = (at: Row['revoked']) => at !== undefined && columnOf(at, timeline, width) !== undefined;
  if (rows.some(({ revoked }) => isSeen(revoked))) parts.push(partOf('revoked', 'revoked', 1, layout));
  const lines: { text: string; width: number }[] = [];
  for (const part of parts) {
    const line = lines.at(-1);
    const isRoomy = line !== undefined && line.width + 3 + part.width <= terminal.columns;
    if (isRoomy)
      Object.assign(line, { text: `${line.text}   ${part.text}`, width: line.width + 3 + part.width });
    else lines.push({ ...part });
  }
  const widest = Math.max(0, ...lines.map((line) => line.width));
  const indent = ' '.repeat(Math.max(0, Math.min(left, terminal.columns - widest)));
  return lines.map(({ text }) => indent + text);
}

function partOf(mark: Mark, word: string, times: number, { terminal, glyphs }: Layout) {
  const glyph = glyphs[mark].repeat(times);
  return {
    text: `${paintRun({ mark, isPlanned: false }, glyph, terminal)} ${word}`,
    width: glyph.length + 1 + word.length,
  };
}
