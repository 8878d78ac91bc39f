// ARCHITECTURE.md names folders and files that there are, and draws all folders of src.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const text = readFileSync(`${root}ARCHITECTURE.md`, 'utf8');
const [, drawing = ''] = /^```text\n([\s\S]*?)^```$/m.exec(text) ?? [];

test('the drawing has every folder of src, and only those', () => {
  const folders = readdirSync(`${root}src`, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const drawn = [...drawing.matchAll(/src\/([a-z]+)(?![a-z.])/g)].map(([, name]) => name);
  expect(drawn.sort()).toEqual(folders.map(({ name }) => name).sort());
});

test('the drawing is as wide as its lines say', () => {
  const widths = drawing.split('\n').map((line) => [...line].length);
  expect(Math.max(...widths)).toBeLessThanOrEqual(100);
  expect(drawing).not.toMatch(/\t| $/m);
});

test('every path that is named is there', () => {
  const named = [...text.matchAll(/\b(?:src|test|bin|docs|scripts)\/[\w./-]*\w/g)].map(([path]) => path);
  expect(named.length).toBeGreaterThan(25);
  expect(named.filter((path) => !existsSync(root + path))).toEqual([]);
});
