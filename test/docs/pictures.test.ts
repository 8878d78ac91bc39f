// docs/pictures: there, well-formed, with nothing private and nothing of the machine that drew them. Whether they show
// what the command shows today is for who runs scripts/pictures.js: a test looks that it still can.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { hostname, userInfo } from 'node:os';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { hasTerminals } from '../support/shell.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const directory = `${root}docs/pictures/`;
const names = ['first-run.svg', 'list.svg', 'rotate.svg', 'timeline-chart.svg', 'timeline.svg'];
const hasXmllint = spawnSync('xmllint', ['--version']).status === 0;

const textsOf = (svg: string): string[] =>
  [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, text = '']) => text);

test('these are the pictures', () => {
  expect(readdirSync(directory).sort()).toEqual(names);
});

test.each(names)('%s', (name) => {
  const svg = readFileSync(directory + name, 'utf8');
  expect(svg).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"[^>]* role="img"/);
  expect(svg).toMatch(/<title[^>]*>[^<]+<\/title>/);
  // What a README on GitHub does not show, or what another site would see.
  expect(svg).not.toMatch(/<script|<foreignObject|href="http|\bon\w+=|@import|url\((?!#)/);
  expect(svg).not.toMatch(/"(?:d|p|q|dp|dq|qi|k)": |PRIVATE|\x1b/);
  expect(svg).not.toMatch(/\/(?:tmp|home|work|root|Users)\//);
  for (const own of [hostname(), userInfo().username])
    expect(textsOf(svg).filter((text) => text.split(/[\s@]+/).includes(own))).toEqual([]);
  expect(svg.length).toBeLessThan(10_000);
});

test.skipIf(!hasXmllint)('they are well-formed XML (skipped without xmllint)', () => {
  const paths = names.map((name) => directory + name);
  const { status, stderr } = spawnSync('xmllint', ['--noout', '--nonet', ...paths], { encoding: 'utf8' });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
});

test.skipIf(!hasTerminals)('the script draws them, each time the same (skipped without script)', () => {
  const drawn = [temporaryDirectory(), temporaryDirectory()].map((into) => {
    const { status, stderr } = spawnSync(process.execPath, [`${root}scripts/pictures.js`, into], {
      encoding: 'utf8',
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    return names.map((name) =>
      existsSync(`${into}/${name}`) ? readFileSync(`${into}/${name}`, 'utf8') : name,
    );
  });
  expect(drawn[0]).toEqual(drawn[1]);
  // The words of first-run stand for all: what is typed, and what the command answers.
  expect(textsOf(drawn[0]?.[0] ?? '')).toEqual(textsOf(readFileSync(`${directory}first-run.svg`, 'utf8')));
});
