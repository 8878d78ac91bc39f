// The one table of what was measured. Parts that are programs of their own hand over their rows in a file.
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';

const [begin, end] = ['<!-- written by npm run bench -- --write -->', '<!-- end of what is written -->'];
export const rivals = ['openssl', 'jose', 'supabase'];

/**
 * A row: the job, what jwks needed (`jwks` as text, or `time` in milliseconds), what each rival needed (`theirs`, in
 * milliseconds or a word why not), and how far that is from a target.
 */
export function note(row) {
  const file = process.env.BENCH_ROWS;
  if (file !== undefined) appendFileSync(file, `${JSON.stringify(row)}\n`);
}

/** Compared as it is printed: what reads 1.10 is not over 1.10. */
export const atMost = (limit, figure, of, digits = 2) =>
  toTarget('≤', limit, figure, of, digits, (is, target) => is <= target);
export const atLeast = (limit, figure, of, digits = 2) =>
  toTarget('≥', limit, figure, of, digits, (is, target) => is >= target);

function toTarget(sign, limit, figure, of, digits, isMet) {
  const is = figure.toFixed(digits);
  return { text: `${sign} ${limit.toFixed(digits)} ${of}`, is, met: isMet(Number(is), limit) };
}

export const readRows = (file) =>
  readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));

const toTime = (time) => (time < 100 ? `${time.toFixed(1)} ms` : `${Math.round(time)} ms`);

function toCell(theirs, time) {
  if (theirs === undefined) return '';
  return typeof theirs === 'number' ? `${toTime(theirs)} (${(time / theirs).toFixed(2)})` : theirs;
}

/** The rows in Markdown, under a line that says where and how they were measured. */
export function toTable(rows, caption) {
  const lines = rows.map(({ job, jwks, time, theirs = {}, target }) => [
    job,
    jwks ?? toTime(time),
    ...rivals.map((name) => toCell(theirs[name], time)),
    target?.text ?? '',
    target === undefined ? '' : `${target.is}, ${target.met ? 'met' : '**missed**'}`,
  ]);
  const head = ['', 'jwks', 'openssl', "Debian's jose", 'supabase', 'target', 'is'];
  const widths = head.map((_, column) => Math.max(...[head, ...lines].map((cells) => cells[column].length)));
  const isText = (column) => column === 0 || column === 5;
  const rule = widths.map((width, column) => `${'-'.repeat(width - 1)}${isText(column) ? '-' : ':'}`);
  const pad = (cell, column) =>
    isText(column) ? cell.padEnd(widths[column]) : cell.padStart(widths[column]);
  const toLine = (cells) => `| ${cells.map(pad).join(' | ')} |`;
  return [caption, '', ...[head, rule, ...lines].map(toLine)].join('\n');
}

/** Puts the table between the two marks of a document; the rest is written by hand. */
export function writeTable(path, table) {
  const text = readFileSync(path, 'utf8');
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from === -1 || to < from) throw new Error(`${path}: the marks are gone`);
  writeFileSync(path, `${text.slice(0, from + begin.length)}\n${table}\n\n${text.slice(to)}`);
}
