// Text for people: escaped where it comes from outside, coloured and cut only on a terminal.
import stringWidth from 'fast-string-width';
import type { Host, Output } from './host.ts';

// C0, DEL, C1, and the controls that reorder text (Unicode TR9) or break lines.
export const unsafeCharacters = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** Text from outside (set ids, kids, claims) with control characters made visible. */
export function escapeText(text: string): string {
  return text.replace(
    unsafeCharacters,
    (character) => `\\u{${character.codePointAt(0)?.toString(16) ?? ''}}`,
  );
}

/** The styles that are used; words that carry a style say the same without it. */
export type Palette = Readonly<
  Record<'bold' | 'dim' | 'cyan' | 'green' | 'yellow' | 'red', (text: string) => string>
>;

const same = (text: string): string => text;
const plain: Palette = { bold: same, dim: same, cyan: same, green: same, yellow: same, red: same };

/** Colours for one stream by our own decision: chalk itself ignores NO_COLOR on a terminal. */
export async function paletteFor(output: Output, env: Host['env'], noColor: boolean): Promise<Palette> {
  if (!hasColor(output, env, noColor)) return plain;
  const { Chalk } = await import('chalk');
  return new Chalk({ level: 1 });
}

function hasColor(output: Output, env: Host['env'], noColor: boolean): boolean {
  if (noColor) return false;
  const force = env['FORCE_COLOR'];
  if (force !== undefined) return force !== '0' && force !== 'false';
  if ((env['NO_COLOR'] ?? '') !== '') return false;
  return output.isTerminal && env['TERM'] !== 'dumb';
}

export interface Column {
  readonly title: string;
  /** May be cut to make a table fit its terminal, those that are `first` before the others; never below eight. */
  readonly shrinks?: 'first' | 'last';
}

export type Paint = (text: string, column: number) => string;

const gap = 2;
const narrowest = 8;

/** Rows under titles: aligned and fitted on a terminal, separated by tabs elsewhere. */
export function formatTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  output: Output,
  paint: Paint = same,
): string {
  const titles = columns.map(({ title }) => title);
  if (!output.isTerminal)
    return [titles, ...rows.map((row) => row.map((cell, column) => paint(escapeText(cell), column)))]
      .map((row) => `${row.join('\t')}\n`)
      .join('');
  const cells = [titles, ...rows].map((row) => row.map(escapeText));
  const widths = fit(columns, cells, output.columns);
  return cells
    .map((row, line) => {
      const padded = row.map((cell, column) => {
        const width = widths[column] ?? 0;
        const text = cut(cell, width);
        const rest = column === row.length - 1 ? '' : ' '.repeat(width - stringWidth(text) + gap);
        return (line === 0 ? text : paint(text, column)) + rest;
      });
      return `${padded.join('').trimEnd()}\n`;
    })
    .join('');
}

function fit(columns: readonly Column[], rows: readonly (readonly string[])[], width: number): number[] {
  const widths = columns.map((_, column) => Math.max(...rows.map((row) => stringWidth(row[column] ?? ''))));
  let excess = widths.reduce((sum, one) => sum + one + gap, -gap) - width;
  for (const turn of ['first', 'last'] as const) {
    for (const [index, column] of columns.entries()) {
      if (column.shrinks !== turn || excess <= 0) continue;
      const width = widths[index] ?? 0;
      const narrowed = Math.min(width, Math.max(narrowest, width - excess));
      excess -= width - narrowed;
      widths[index] = narrowed;
    }
  }
  return widths;
}

/** A text that is no wider than `width`, with an ellipsis where it was cut. */
export function cut(text: string, width: number): string {
  if (stringWidth(text) <= width) return text;
  let kept = '';
  for (const character of text) {
    if (stringWidth(kept + character) > width - 1) break;
    kept += character;
  }
  return `${kept}…`;
}
