// The page and the SVG in a real browser: nothing fetched, nothing cut off, readable in light and dark.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { toTimeline } from '../../src/timeline/timeline.ts';
import { toHtml } from '../../src/timeline/to-html.ts';
import { toSvg } from '../../src/timeline/to-svg.ts';
import { findBrowser, startBrowser } from './browser.ts';
import { faintTexts, shownKids } from './page-scripts.ts';
import { auth, hostile, mixed, setOf } from './sample-sets.ts';

const sets = [auth, mixed, hostile, setOf('empty', [])];
const timeline = toTimeline(sets, {});
const kids = sets.flatMap(({ keys }) => keys.map(({ kid }) => kid));

describe.skipIf(findBrowser() === undefined)('in chromium (skipped where it is not installed)', () => {
  let browser: Browser;
  let directory: string;
  const pictures: Record<string, Buffer> = {};

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'jwks-page-'));
    writeFileSync(join(directory, 'keys.html'), toHtml(timeline));
    writeFileSync(join(directory, 'keys.svg'), toSvg(timeline));
    browser = await startBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    rmSync(directory, { recursive: true, force: true });
  });

  async function visit(
    file: string,
    width: number,
    colorScheme: 'light' | 'dark',
    look: (page: Page) => Promise<void>,
  ): Promise<void> {
    const page = await browser.newPage({ viewport: { width, height: 800 }, colorScheme });
    const heard: string[] = [];
    page.on('console', (message) => heard.push(`console: ${message.text()}`));
    page.on('pageerror', (error) => heard.push(`error: ${error.message}`));
    page.on('dialog', (dialog) => heard.push(`dialog: ${dialog.message()}`));
    page.on('request', (request) => heard.push(`fetch: ${request.url()}`));
    const url = pathToFileURL(join(directory, file)).href;
    await page.goto(url);
    await look(page);
    expect(heard).toEqual([`fetch: ${url}`]);
    await page.close();
  }

  test.each([
    [390, 'light'],
    [390, 'dark'],
    [1280, 'light'],
    [1280, 'dark'],
  ] as const)('the page, %i pixels wide, %s', async (width, scheme) => {
    await visit('keys.html', width, scheme, async (page) => {
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
      expect(await page.evaluate(faintTexts)).toEqual([]);
      expect(await page.evaluate(shownKids)).toHaveLength(kids.length);
      pictures[`${width} ${scheme}`] = await page.screenshot();
    });
  });

  test('dark is another picture than light', () => {
    expect(pictures['1280 light']?.equals(pictures['1280 dark'] ?? Buffer.of())).toBe(false);
  });

  test('the names of keys are there whole, as text', async () => {
    await visit('keys.html', 1280, 'light', async (page) => {
      const shown = await page.evaluate<string[]>(shownKids);
      const plain = kids.filter((kid) => /^[ -~]+$/.test(kid));
      expect(plain.length).toBeGreaterThan(5);
      expect(shown).toEqual(expect.arrayContaining(plain));
      expect(shown).toContain(']]><!--\\u{1b}[31m\\u{200b}\\u{fffe}');
      expect(await page.evaluate('document.scripts.length + document.images.length')).toBe(0);
    });
  });

  test('a page is a page to those who do not see it', async () => {
    await visit('keys.html', 1280, 'light', async (page) => {
      expect(await page.evaluate('document.documentElement.lang')).toBe('en');
      expect(await page.title()).toMatch(/^Keys of auth, payments\.example, /);
      expect(await page.getByRole('heading', { level: 2 }).count()).toBe(sets.length);
      expect(await page.getByRole('columnheader').count()).toBe(3 * 9);
      expect(await page.getByRole('rowheader').count()).toBe(kids.length);
      expect(await page.getByRole('img', { name: /^Keys of/ }).count()).toBe(3);
    });
    await visit('keys.html', 390, 'light', async (page) => {
      expect(await page.getByRole('table').count()).toBe(3);
      expect(await page.getByRole('rowheader').count()).toBe(kids.length);
      // Those that say something; cards leave out the others.
      expect(await page.getByRole('cell').count()).toBeGreaterThanOrEqual(kids.length * 4);
    });
  });

  test.each(['light', 'dark'] as const)('the SVG alone, %s', async (scheme) => {
    await visit('keys.svg', 1000, scheme, async (page) => {
      expect(await page.evaluate('document.documentElement.nodeName')).toBe('svg');
      expect(await page.evaluate("document.querySelectorAll('parsererror').length")).toBe(0);
      expect(await page.evaluate(faintTexts)).toEqual([]);
      expect(await page.evaluate("document.querySelectorAll('text.kid').length")).toBeGreaterThanOrEqual(
        kids.length,
      );
    });
  });
});
