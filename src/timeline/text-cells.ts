// A row of a picture in characters: which cell shows what.
import type { Phase } from './phases.ts';
import type { Row } from './timeline.ts';
import { clip, placeOf, type Window } from './window.ts';

export type Mark = Phase | 'revoked' | 'now' | 'empty';

export interface Cell {
  readonly mark: Mark;
  /** It goes like that if nothing else is decided. */
  readonly isPlanned: boolean;
}

const empty: Cell = { mark: 'empty', isPlanned: false };

/** The cells of a row. What is shorter than a cell has one all the same. */
export function cellsOf(row: Row, window: Window, width: number, now: number | undefined): Cell[] {
  const cells = Array.from({ length: width }, () => empty);
  const spans = row.stretches.flatMap((stretch) => {
    const seen = clip(stretch, window);
    if (seen === undefined) return [];
    const start = Math.min(width - 1, Math.round(seen.start * width));
    const end = Math.max(start + 1, Math.round(seen.end * width));
    const isPlanned = row.plannedFrom !== undefined && stretch.from >= row.plannedFrom;
    return [{ start, end, cell: { mark: stretch.phase, isPlanned } }];
  });
  // The short ones last, over their longer neighbours.
  spans.sort((a, b) => b.end - b.start - (a.end - a.start));
  for (const { start, end, cell } of spans) cells.fill(cell, start, end);
  if (now !== undefined && !isAlone(cells, now)) cells[now] = { mark: 'now', isPlanned: false };
  const revoked = row.revoked === undefined ? undefined : columnOf(row.revoked, window, width);
  if (revoked !== undefined) cells[revoked] = { mark: 'revoked', isPlanned: false };
  return cells;
}

/** The only cell of its kind: a line over it would hide that the key did this at all. */
function isAlone(cells: readonly Cell[], place: number): boolean {
  const mark = cells[place]?.mark;
  return mark !== 'empty' && cells[place - 1]?.mark !== mark && cells[place + 1]?.mark !== mark;
}

/** The cell that a moment falls into, if the window shows it. */
export function columnOf(at: Window['from'], window: Window, width: number): number | undefined {
  const place = placeOf(at, window);
  return place < 0 || place >= 1 ? undefined : Math.floor(place * width);
}
