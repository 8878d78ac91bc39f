// A real browser where one is installed: Debian's chromium, driven by playwright-core.
import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

/** Where it is installed, if it is. */
export function findBrowser(): string | undefined {
  return ['/usr/bin/chromium'].find((path) => existsSync(path));
}

export function startBrowser(): Promise<Browser> {
  const executablePath = findBrowser();
  if (executablePath === undefined) throw new Error('no browser is installed');
  const args = ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu'];
  return chromium.launch({ executablePath, args, timeout: 20_000 });
}
