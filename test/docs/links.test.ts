// Every relative link and anchor of the documents leads somewhere, and from the README one gets to every page.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const below = (folder: string): string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((path) => join(folder, path));
const documents = [...readdirSync(root), ...below('docs'), ...below('examples'), 'bench/README.md'].filter(
  (path) => path.endsWith('.md'),
);

/** Without blocks of code: what looks like a link or a heading there is none. */
function proseOf(path: string): string {
  const text = readFileSync(join(root, path), 'utf8');
  return text.replace(/^```[\s\S]*?^```$/gm, '').replace(/^ {4}.*$/gm, '');
}

/** Where the links of a document lead, but for those to other sites. */
function linksOf(path: string): string[] {
  const prose = proseOf(path).replace(/`[^`\n]*`/g, '');
  const targets = [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
  return targets.filter((target) => !/^[a-z]+:/.test(target));
}

/** What GitHub makes of headings: lower case, no punctuation, a hyphen for a space, a number where one is there. */
function anchorsOf(path: string): string[] {
  const seen = new Map<string, number>();
  return [...proseOf(path).matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = '']) => {
    const words = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
    const anchor = words.replace(/[^\p{L}\p{N}\p{M} _-]/gu, '').replaceAll(' ', '-');
    const before = seen.get(anchor) ?? 0;
    seen.set(anchor, before + 1);
    return before === 0 ? anchor : `${anchor}-${before}`;
  });
}

function fileOf(from: string, target: string): string {
  const [file = ''] = target.split('#');
  return file === '' ? from : normalize(join(dirname(from), file)).replace(/\/$/, '');
}

function faultOf(from: string, target: string): string | undefined {
  const file = fileOf(from, target);
  const anchor = target.split('#')[1];
  if (file.startsWith('..') || !existsSync(join(root, file))) return 'there is no such file';
  if (anchor === undefined) return undefined;
  return anchorsOf(file).includes(anchor) ? undefined : 'there is no such heading';
}

test.each(documents)('%s', (from) => {
  const faults = linksOf(from).map((target) => [target, faultOf(from, target)] as const);
  expect(faults.filter(([, fault]) => fault !== undefined)).toEqual([]);
});

test('a link to nowhere would be found', () => {
  expect(faultOf('README.md', 'docs/none.md')).toBe('there is no such file');
  expect(faultOf('README.md', '../elsewhere.md')).toBe('there is no such file');
  expect(faultOf('README.md', 'docs/serve.md#none')).toBe('there is no such heading');
  expect(faultOf('docs/serve.md', '#admin')).toBeUndefined();
  expect(linksOf('README.md').length).toBeGreaterThan(20);
});

test('every page can be reached from the README, and every picture is shown', () => {
  const reached = new Set(['README.md']);
  for (const from of reached)
    if (from.endsWith('.md')) for (const target of linksOf(from)) reached.add(fileOf(from, target));
  const pages = below('docs').filter((path) => /\.(?:md|svg)$/.test(path));
  expect(pages.length).toBeGreaterThan(20);
  expect(pages.filter((path) => !reached.has(path))).toEqual([]);
});

test('the README is read in three minutes', () => {
  const words = readFileSync(join(root, 'README.md'), 'utf8').split(/\s+/);
  expect(words.length).toBeLessThan(900);
});
