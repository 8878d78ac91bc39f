// The keys of a set as a table of a page, with every date.
import { formatInstant, type Instant } from '../lifecycle/time.ts';
import { escapeMarkup } from './markup.ts';
import { stateClass } from './theme.ts';
import type { Chart, Group, Row, Timeline } from './timeline.ts';

const columns = [
  'Key',
  'Algorithm',
  'Use',
  'State',
  'Created',
  'Activates',
  'Deactivates',
  'Retires',
  'Revoked',
];

/** Nothing where there are none. */
export function keyTable({ groups }: Chart, timeline: Timeline): string {
  const rows = groups.flatMap((group) => group.rows.map((row) => keyRow(row, group, timeline)));
  if (rows.every((row) => row === '')) return '';
  // On a phone each row is a card, and a table laid out otherwise is no table to a screen reader unless it says so.
  const head = columns.map((title) => `<th scope="col" role="columnheader">${title}</th>`).join('');
  return `<table role="table"><thead role="rowgroup"><tr role="row">${head}</tr></thead><tbody role="rowgroup">${rows.join('')}</tbody></table>`;
}

function keyRow({ key, life, state, stretches }: Row, group: Group, { at }: Timeline): string {
  if (key === undefined) return '';
  const phase = stretches.find(({ from, to }) => from <= at && (to === undefined || at < to))?.phase;
  const beside = state === 'active' && phase === 'verifies' ? ', does not sign' : '';
  const cells = [
    escapeMarkup(key.alg),
    group.use,
    `<span class="state ${stateClass[state]}">${state}</span>${beside}`,
    date(key.created),
    date(life.activates),
    date(life.deactivates, key.deactivates === undefined),
    date(life.retires, key.retires === undefined),
    key.revoked === undefined ? '' : `${date(key.revoked.at)} ${key.revoked.reason}`,
  ];
  const named = cells.map(
    (cell, index) => `<td role="cell" data-label="${columns[index + 1] ?? ''}">${cell}</td>`,
  );
  const name = `<th scope="row" role="rowheader"><code><bdi>${escapeMarkup(key.kid)}</bdi></code></th>`;
  return `<tr role="row">${name}${named.join('')}</tr>`;
}

function date(at: Instant | undefined, isPlanned = false): string {
  if (at === undefined) return '';
  const [day = '', time = ''] = formatInstant(at).split('T');
  // May break before the hour, not within the day.
  const text = `<span class="part">${day}T</span><wbr><span class="part">${time}</span>`;
  return `<time datetime="${formatInstant(at)}">${text}</time>${isPlanned ? ' <span class="quiet">(planned)</span>' : ''}`;
}
