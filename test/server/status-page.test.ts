// The status page as a person sees it in a real browser, and what a foreign page in the same browser gets.

import { readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { toInstant } from '../../src/lifecycle/time.ts';
import { Machine } from '../support/cli.ts';
import { type Serving, serving } from '../support/serving.ts';
import { findBrowser, startBrowser } from '../timeline/browser.ts';

const token = '0123456789abcdef'.repeat(2);

async function started(argv = '', env = {}): Promise<{ machine: Machine; server: Serving }> {
  const machine = new Machine();
  await machine.jwks('create --alg ES256 auth');
  await machine.jwks('policy auth --rotate-every 90d');
  machine.now = toInstant(machine.now + 30 * 86_400);
  await machine.jwks('rotate auth');
  await machine.jwks('create --alg ES256 <b>hidden</b>');
  return { machine, server: await serving(machine, `auth <b>hidden</b> --admin-port 0 ${argv}`, { env }) };
}

describe.skipIf(findBrowser() === undefined)('in chromium (skipped where it is not installed)', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await startBrowser();
  });
  afterAll(async () => {
    await browser?.close();
  });

  async function newPage(options: BrowserContextOptions = {}): Promise<{ page: Page; heard: string[] }> {
    const page = await browser.newPage({ viewport: { width: 1000, height: 800 }, ...options });
    onTestFinished(() => page.close());
    const heard: string[] = [];
    page.on('console', (message) => heard.push(`console: ${message.text()}`));
    page.on('pageerror', (error) => heard.push(`error: ${error.message}`));
    return { page, heard };
  }

  test('sets, states and the picture, and nothing that the browser complains of', async () => {
    const { server } = await started();
    const { page, heard } = await newPage();
    const requests: string[] = [];
    page.on('request', (request) => requests.push(request.url()));
    const response = await page.goto(server.admin);
    expect([response?.status(), await page.title()]).toEqual([200, 'Keys of auth, <b>hidden</b>']);
    expect(await page.locator('h2').allTextContents()).toEqual(['auth', '<b>hidden</b>']);
    expect(await page.locator('svg.chart').count()).toBe(2);
    const states = await page.locator('td .state').allTextContents();
    expect(states.map((text) => text.toLowerCase()).sort()).toEqual(['active', 'active', 'next']);
    expect(await page.getByRole('alert').count()).toBe(0);
    expect([heard, requests]).toEqual([[], [`${server.admin}/`]]);
  });

  test('what cannot be read stands above, and the last good state below', async () => {
    const { machine, server } = await started();
    const sets = join(machine.home, '.local/share/jwks/sets');
    const [first = ''] = readdirSync(sets);
    const files = readdirSync(join(sets, first)).sort();
    writeFileSync(join(sets, first, files.at(-1) ?? ''), 'rubbish');
    const { page } = await newPage();
    await expect
      .poll(async () => {
        await page.goto(server.admin);
        return page.getByRole('alert').count();
      })
      .toBe(1);
    expect(await page.getByRole('alert').textContent()).toMatch(/set/);
    expect(await page.locator('svg.chart').count()).toBe(2);
  });

  test('with a token the browser asks for a password', async () => {
    const { server } = await started('', { JWKS_ADMIN_TOKEN: token });
    const refused = await newPage();
    expect((await refused.page.goto(server.admin).catch(() => null))?.status() ?? 401).toBe(401);
    const { page } = await newPage({ httpCredentials: { username: 'me', password: token } });
    expect((await page.goto(server.admin))?.status()).toBe(200);
  });

  test('a foreign page can neither frame it, nor read or change keys', async () => {
    const { server } = await started();
    const foreign = createServer((_, response) => {
      response.setHeader('content-type', 'text/html');
      response.end(`<iframe src="${server.admin}/"></iframe>`);
    });
    await new Promise<void>((resolve) => foreign.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void foreign.close());
    const { page, heard } = await newPage();
    await page.goto(`http://127.0.0.1:${(foreign.address() as AddressInfo).port}`);
    expect(heard.join()).toMatch(/frame-ancestors/);
    const tries = await page.evaluate(async (admin) => {
      const attempt = async (path: string, init: RequestInit) => {
        try {
          const answer = await fetch(admin + path, init);
          return `${answer.type} ${answer.status} ${(await answer.text()).length}`;
        } catch {
          return 'failed';
        }
      };
      return [
        await attempt('/keys/auth', {}),
        await attempt('/keys/auth', { mode: 'no-cors', method: 'POST', body: '{"alg":"ES256"}' }),
        await attempt('/keys/auth', { method: 'DELETE' }),
      ];
    }, server.admin);
    expect(tries).toEqual(['failed', 'opaque 0 0', 'failed']);
    const statuses = () =>
      server.log().flatMap(({ path, status }) => (path === '/keys/auth' ? [status] : []));
    await expect.poll(() => statuses().length).toBeGreaterThan(0);
    expect(new Set(statuses())).toEqual(new Set([403]));
  });
});
