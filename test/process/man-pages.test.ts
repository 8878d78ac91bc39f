// The manual pages of the build: groff and mandoc find no fault in them, and at 80 columns they are readable.
import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { generate } from '../../src/cli/reference/generate.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const { version } = JSON.parse(readFileSync(`${root}/package.json`, 'utf8'));
const { manPages } = await generate(version);
const pages = manPages.map(({ file }) => `${root}/dist/man/${file}`);
const isThere = (tool: string) => spawnSync('sh', ['-c', `command -v ${tool}`]).status === 0;
const render = (page: string) =>
  execFileSync('mandoc', ['-T', 'utf8', '-O', 'width=80', page], { encoding: 'utf8' });

test('the build has made them from the commands as they are', () => {
  expect(readdirSync(`${root}/dist/man`).sort()).toEqual(manPages.map(({ file }) => file).sort());
  for (const { file, text } of manPages) expect(readFileSync(`${root}/dist/man/${file}`, 'utf8')).toBe(text);
});

test.skipIf(!isThere('mandoc'))('mandoc finds no fault in them (skipped without mandoc)', () => {
  const { stdout } = spawnSync('mandoc', ['-T', 'lint', '-W', 'all', ...pages], { encoding: 'utf8' });
  // They bear no date, so that the same sources give the same pages.
  const faults = stdout.split('\n').filter((line) => line !== '' && !line.includes('missing date'));
  expect(faults).toEqual([]);
});

test.skipIf(!isThere('groff'))('groff warns of nothing in them (skipped without groff)', () => {
  const { status, stderr } = spawnSync('groff', ['-man', '-ww', '-z', ...pages], { encoding: 'utf8' });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
});

test.skipIf(!isThere('man'))('man shows them in 80 columns (skipped without man)', () => {
  const env = {
    PATH: process.env['PATH'],
    LC_ALL: 'C.UTF-8',
    MANWIDTH: '80',
    MANROFFOPT: '',
    PAGER: 'cat',
  };
  const { status, stdout, stderr } = spawnSync('man', ['--warnings', '-l', ...pages], {
    encoding: 'utf8',
    env,
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  const shown = stdout.replace(/.\x08/g, '');
  expect(shown.match(/^NAME$/gm)).toHaveLength(pages.length);
  expect(shown.split('\n').filter((line) => line.length > 80)).toEqual([]);
});

test.skipIf(!isThere('mandoc'))('what is typed can be copied from them (skipped without mandoc)', () => {
  const shown = render(pages.find((page) => page.endsWith('/jwks-sign.1')) ?? '').replace(/.\x08/g, '');
  expect(shown).toContain('jwks sign auth --claims - < claims.ndjson > tokens.txt\n');
  expect(shown).toMatch(/^ +--exp <span>$/m);
  const config = render(pages.find((page) => page.endsWith('/jwks.1')) ?? '').replace(/.\x08/g, '');
  expect(config).toMatch(/^ +~\/\.config\/jwks\/secret$/m);
});
