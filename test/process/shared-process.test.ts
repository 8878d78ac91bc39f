// Test files share a process, in which what they import is loaded once: a hook there would be of the first one alone.
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const tests = fileURLToPath(new URL('..', import.meta.url));

test('only test files have hooks, and what is set up before each of them', () => {
  const modules = readdirSync(tests, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts'))
    .filter((path) => /^(?:before|after)(?:All|Each)\(/m.test(readFileSync(`${tests}${path}`, 'utf8')));
  expect(modules).toEqual(['support/leak-setup.ts']);
});
