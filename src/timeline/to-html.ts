// The picture as one page that needs nothing else: no script, no font, nothing fetched.
import { formatDuration, formatInstant } from '../lifecycle/time.ts';
import { keyTable } from './html-keys.ts';
import { stepList } from './html-steps.ts';
import { escapeMarkup } from './markup.ts';
import { pageLayout, pageRules } from './page-style.ts';
import { describeWindow, drawChart } from './svg-chart.ts';
import { patterns, styleSheet } from './theme.ts';
import type { Chart, Timeline } from './timeline.ts';
import { legendOf } from './words.ts';

/** `faults`: what is wrong now, in words; stands above everything else. */
export function toHtml(timeline: Timeline, faults: readonly string[] = []): string {
  const sets = timeline.charts.map(({ set }) => set).join(', ');
  const title = sets === '' ? 'No keys' : escapeMarkup(`Keys of ${sets}`);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<meta name="generator" content="jwks timeline">
<link rel="icon" href="data:,">
<title>${title}</title>
<style>${pageLayout}${styleSheet(pageRules)}</style>
</head>
<body>
<svg class="patterns" width="0" height="0" aria-hidden="true">${patterns}</svg>
<main>
<header>
<h1>Keys over time</h1>
<p class="quiet">${describeHead(timeline)}</p>
${legend(timeline)}
${alarm(faults)}
</header>
${timeline.charts.map((chart, index) => section(chart, index + 1, timeline)).join('\n')}
</main>
</body>
</html>
`;
}

function alarm(faults: readonly string[]): string {
  if (faults.length === 0) return '';
  return `<ul class="alarm" role="alert">${faults.map((fault) => `<li>${escapeMarkup(fault)}</li>`).join('')}</ul>`;
}

function describeHead({ at, from, to, isNow }: Timeline): string {
  const time = (date: typeof at) => `<time class="part">${formatInstant(date)}</time>`;
  const states = isNow ? `As of ${time(at)}` : `As it is to be, or was, at ${time(at)}`;
  return `${states}. Drawn from ${time(from)} to ${time(to)}; all times are UTC.`;
}

function legend(timeline: Timeline): string {
  const swatch = (shape: string) => `<svg width="30" height="16" aria-hidden="true">${shape}</svg>`;
  const bar = (classes: string) =>
    swatch(`<rect class="bar ${classes}" x="1" y="1" width="28" height="14" rx="2"/>`);
  const items = legendOf(timeline).map(({ phase, words }) => `<li>${bar(phase)} ${words}</li>`);
  const cross = swatch('<path class="cross" d="M10 3l10 10m0 -10l-10 10"/>');
  const rest = `<li>${bar('signs planned')} planned</li><li>${cross} revoked</li>`;
  return items.length === 0 ? '' : `<ul class="legend" aria-label="Legend">${items.join('')}${rest}</ul>`;
}

function section(chart: Chart, number: number, timeline: Timeline): string {
  const id = `set-${number}`;
  const parts = chart.groups.length === 0 ? '<p>No keys in this time.</p>' : figure(chart, timeline);
  const table = keyTable(chart, timeline);
  return `<section aria-labelledby="${id}">
<h2 id="${id}"><bdi>${escapeMarkup(chart.set)}</bdi></h2>
<p class="quiet">${describePolicy(chart)}</p>
${parts}
<h3>Next steps</h3>
${stepList(chart, timeline)}
${table === '' ? '' : `<h3>Keys</h3>\n${table}`}
</section>`;
}

function figure(chart: Chart, timeline: Timeline): string {
  const { body, height } = drawChart(chart, timeline);
  const label = escapeMarkup(
    `Keys of ${chart.set}. ${describeWindow(timeline)} The table below has the same dates.`,
  );
  return `<figure><svg class="chart" width="100%" height="${height}" role="img" aria-label="${label}">${body}</svg></figure>`;
}

function describePolicy({ policy }: Chart): string {
  const every = policy?.facts.rotateEvery;
  if (every !== undefined) return `Rotated every ${formatDuration(every)}.`;
  const why = policy === undefined ? 'it has no policy' : 'its policy has no period';
  return `Nothing rotates this set by itself: ${why}.`;
}
