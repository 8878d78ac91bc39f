// The picture as an SVG document.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { toTimeline } from '../../src/timeline/timeline.ts';
import { toSvg } from '../../src/timeline/to-svg.ts';
import { temporaryDirectory } from '../support/temporary.ts';
import { auth, hostile, mixed, on, setOf } from './sample-sets.ts';

const hasXmllint = spawnSync('xmllint', ['--version']).error === undefined;

test('it says what it shows, and fetches and runs nothing', () => {
  const svg = toSvg(toTimeline([auth, mixed], {}));
  expect(svg).toContain('<title id="jwks-title">Keys of auth, payments.example</title>');
  expect(svg).toContain(
    'From 2026-01-06T00:00:00Z to 2026-03-15T00:00:00Z, states of now, 2026-02-09T00:00:00Z.',
  );
  expect(svg).toContain('prefers-color-scheme:dark');
  expect(svg).not.toMatch(/<script|href|@import|url\((?!#jwks-)|data:/);
});

test('every row has its bars, and each bar says what it is', () => {
  const svg = toSvg(toTimeline([mixed], {}));
  for (const said of [
    'enc-2025: still decrypts from 2026-01-20T00:00:00Z, until 2026-02-20T00:00:00Z',
    'enc-2026: encrypts from 2026-01-06T00:00:00Z, no end is known',
    'stolen: signs from 2025-12-04T00:00:00Z, until 2026-01-25T00:00:00Z',
    'revoked 2026-01-25T00:00:00Z: keyCompromise',
    'waits-for-its-turn-2026: published from 2026-02-08T00:00:00Z, no end is known',
    'shared: still verifies from 2026-02-12T00:00:00Z, until 2026-02-14T00:05:00Z (planned)',
    'a new HS256 key: handed out from 2026-02-09T00:00:00Z, until 2026-02-12T00:00:00Z (planned)',
  ]) {
    expect(svg).toContain(`<title>${said}</title>`);
  }
});

test('the same keys at the same time are the same picture', () => {
  const draw = () => toSvg(toTimeline([auth, mixed, hostile], {}));
  expect(draw()).toBe(draw());
});

test('names that are other people’s text stay text', () => {
  const svg = toSvg(toTimeline([hostile], {}));
  expect(svg).not.toMatch(/<script|<img|\]\]>|\u202e|\u2066|\u200b|\u001b|\ufffe/);
  expect(svg).toContain(
    '&lt;/title&gt;&lt;/script&gt;&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;\\u{202e}evil\\u{2066}',
  );
});

test.skipIf(!hasXmllint)('it is XML to another program (skipped where there is no xmllint)', () => {
  const path = join(temporaryDirectory(), 'picture.svg');
  for (const [sets, view] of [
    [[auth, mixed, hostile, setOf('empty', [])], {}],
    [[auth], { at: on('2027-01-01') }],
    [[], {}],
  ] as const) {
    writeFileSync(path, toSvg(toTimeline(sets, view)));
    const { status, stderr } = spawnSync('xmllint', ['--noout', path], { encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  }
});
