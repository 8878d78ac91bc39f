// The picture as one SVG document that needs nothing else.
import { escapeMarkup } from './markup.ts';
import { cutMiddle } from './short-names.ts';
import { describeWindow, drawChart } from './svg-chart.ts';
import { patterns, styleSheet } from './theme.ts';
import type { Chart, Timeline } from './timeline.ts';
import { legendOf } from './words.ts';

const width = 960;
const margin = 24;
const inner = width - 2 * margin;
const heading = 34;
const between = 20;
const legendHeight = 26;
const longestTitle = 80;

export function toSvg(timeline: Timeline): string {
  let y = margin;
  const charts = timeline.charts.map((chart) => {
    const { body, height } = drawWhole(chart, timeline);
    const placed = `<svg x="${margin}" y="${y}" width="${inner}" height="${height}">${body}</svg>`;
    y += height + between;
    return placed;
  });
  const legend = drawLegend(timeline, y);
  const height = y + legend.height + margin;
  const title = escapeMarkup(`Keys of ${timeline.charts.map(({ set }) => set).join(', ')}`);
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="jwks-title jwks-desc">
<title id="jwks-title">${title}</title>
<desc id="jwks-desc">${escapeMarkup(describeWindow(timeline))}</desc>
<style>${styleSheet()}</style>
${patterns}
<rect class="back" width="100%" height="100%"/>
${charts.join('\n')}
${legend.body}
</svg>
`;
}

function drawWhole(chart: Chart, timeline: Timeline) {
  const title = `<text class="title" x="0" y="18">${escapeMarkup(cutMiddle(chart.set, longestTitle))}</text>`;
  if (chart.groups.length === 0) {
    const text = `<text class="is-quiet" x="0" y="${heading + 14}">no keys in this time</text>`;
    return { body: title + text, height: heading + between };
  }
  const { body, height } = drawChart(chart, timeline);
  return {
    body: `${title}<svg y="${heading}" width="100%" height="${height}">${body}</svg>`,
    height: height + heading,
  };
}

function drawLegend(timeline: Timeline, y: number) {
  const entries = legendOf(timeline);
  if (entries.length === 0) return { body: '', height: 0 };
  let x = margin;
  const place = (shape: (x: number) => string, words: string) => {
    const drawn = `${shape(x)}<text class="small" x="${x + 36}" y="${y + 11}">${words}</text>`;
    x += 36 + words.length * 6.5 + 26;
    return drawn;
  };
  const bar = (classes: string) => (left: number) =>
    `<rect class="bar ${classes}" x="${left}" y="${y}" width="28" height="14" rx="2"/>`;
  const cross = (left: number) => `<path class="cross" d="M${left + 9} ${y + 2}l10 10m0 -10l-10 10"/>`;
  const parts = entries.map(({ phase, words }) => place(bar(phase), words));
  const rest = [place(bar('signs planned'), 'planned'), place(cross, 'revoked')];
  return { body: [...parts, ...rest].join(''), height: legendHeight };
}
