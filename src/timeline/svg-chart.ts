// One set drawn in SVG. Times are per cent of the width, so that a chart becomes narrow without smaller letters.
import { formatInstant, type Instant } from '../lifecycle/time.ts';
import { escapeMarkup } from './markup.ts';
import type { Stretch } from './phases.ts';
import { cutMiddle } from './short-names.ts';
import { stateClass } from './theme.ts';
import { ticksOf } from './ticks.ts';
import type { Chart, Group, Row, Timeline } from './timeline.ts';
import { clip, placeOf } from './window.ts';
import { wordsFor } from './words.ts';

export interface Drawing {
  /** Elements for an `<svg>` of any width, and of this height. */
  readonly body: string;
  readonly height: number;
}

const axis = 24;
const groupTitle = 30;
const rowHeight = 46;
const barTop = 21;
const barHeight = 14;
const foot = 26;
/** A thumbprint is shown whole. */
const longestKid = 43;
/** Characters side by side in a chart as wide as a page; a narrow one leaves out every other date. */
const charactersAcross = 110;
/** Narrower and nobody would see it. */
const thinnest = 0.4;

export function drawChart(chart: Chart, timeline: Timeline): Drawing {
  let y = axis;
  const groups = chart.groups.map((group) => {
    const top = y;
    y += groupTitle + group.rows.length * rowHeight;
    return { bars: drawBars(group, timeline, top), names: drawNames(group, top) };
  });
  const bars = groups.map((group) => group.bars).join('');
  // On top of the lines, so that these do not cross them out.
  const names = groups.map((group) => group.names).join('');
  return { body: `${drawAxis(timeline, y)}${bars}${drawNow(timeline, y)}${names}`, height: y + foot };
}

function drawAxis(timeline: Timeline, bottom: number): string {
  const ticks = ticksOf(timeline, charactersAcross).filter(({ at }) => placeOf(at, timeline) < 0.92);
  const drawn = ticks.map(({ at, label }, index) => {
    const x = percent(placeOf(at, timeline));
    const line = `<line class="grid" x1="${x}" x2="${x}" y1="${axis - 6}" y2="${bottom}"/>`;
    return `<g class="${index % 3 === 0 ? 'tick' : 'tick minor'}">${line}<text class="small is-quiet" x="${x}" y="12">${label}</text></g>`;
  });
  return `${drawn.join('')}<text class="small is-quiet" x="100%" y="12" text-anchor="end">UTC</text>`;
}

function drawBars(group: Group, timeline: Timeline, top: number): string {
  const rows = group.rows.map((row, index) => {
    const y = top + groupTitle + index * rowHeight + barTop;
    const bars = row.stretches.map((stretch) => drawBar(stretch, row, group, timeline, y));
    return bars.join('') + drawRevocation(row, timeline, y);
  });
  return rows.join('');
}

function drawNames({ alg, use, rows }: Group, top: number): string {
  const title = `<text class="strong" x="0" y="${top + 20}">${escapeMarkup(alg)}<tspan class="is-quiet small" dx="8">${use}</tspan></text>`;
  const names = rows.map(({ key, state }, index) => {
    const y = top + groupTitle + index * rowHeight + 14;
    const word = key === undefined ? '(planned)' : state;
    const kid = key === undefined ? '' : escapeMarkup(cutMiddle(key.kid, longestKid));
    return `<text class="small strong ${stateClass[state]}" x="0" y="${y}">${word}</text><text class="kid" x="56" y="${y}">${kid}</text>`;
  });
  return title + names.join('');
}

function drawBar(stretch: Stretch, row: Row, group: Group, timeline: Timeline, top: number): string {
  const seen = clip(stretch, timeline);
  if (seen === undefined) return '';
  const width = Math.max(thinnest, (seen.end - seen.start) * 100);
  const x = Math.min(seen.start * 100, 100 - width);
  const isPlanned = row.plannedFrom !== undefined && stretch.from >= row.plannedFrom;
  const name = row.key === undefined ? `a new ${group.alg} key` : row.key.kid;
  const until = stretch.to === undefined ? 'no end is known' : `until ${formatInstant(stretch.to)}`;
  const say = `${name}: ${wordsFor(group)[stretch.phase]} from ${formatInstant(stretch.from)}, ${until}${isPlanned ? ' (planned)' : ''}`;
  return `<rect class="bar ${stretch.phase}${isPlanned ? ' planned' : ''}" x="${rounded(x)}%" y="${top}" width="${rounded(width)}%" height="${barHeight}" rx="2"><title>${escapeMarkup(say)}</title></rect>`;
}

function drawRevocation({ revoked, key }: Row, timeline: Timeline, top: number): string {
  if (revoked === undefined || revoked < timeline.from || revoked >= timeline.to) return '';
  const say = `revoked ${formatInstant(revoked)}: ${key?.revoked?.reason ?? ''}`;
  const middle = top + barHeight / 2;
  return `<svg x="${percent(placeOf(revoked, timeline))}" y="${middle}" overflow="visible"><path class="cross" d="M-5 -5L5 5M5 -5L-5 5"><title>${escapeMarkup(say)}</title></path></svg>`;
}

function drawNow(timeline: Timeline, bottom: number): string {
  const place = placeOf(timeline.at, timeline);
  const word = timeline.isNow ? 'now' : formatInstant(timeline.at);
  if (place < 0 || place >= 1) {
    const [x, anchor] = place < 0 ? ['0', 'start'] : ['100%', 'end'];
    const text = place < 0 ? `\u2190 ${word}` : `${word} \u2192`;
    return `<text class="small strong" x="${x}" y="${bottom + 20}" text-anchor="${anchor}">${text}</text>`;
  }
  const x = percent(place);
  const anchor = place < 0.2 ? 'start' : place > 0.8 ? 'end' : 'middle';
  const pointer = `<svg x="${x}" y="${bottom}" overflow="visible"><path class="pointer" d="M-5 7L0 0L5 7Z"/></svg>`;
  return `<line class="now" x1="${x}" x2="${x}" y1="${axis - 6}" y2="${bottom}"/>${pointer}<text class="small strong" x="${x}" y="${bottom + 20}" text-anchor="${anchor}">${word}</text>`;
}

function percent(place: number): string {
  return `${rounded(place * 100)}%`;
}

function rounded(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}

/** What a chart shows, in a sentence for those who do not see it. */
export function describeWindow({ from, to, at, isNow }: Timeline): string {
  const date = (time: Instant) => formatInstant(time);
  return `From ${date(from)} to ${date(to)}, states of ${isNow ? `now, ${date(at)}` : date(at)}.`;
}
