// Before each test file: keys are watched. After it: no command has shown a private one that nobody asked for.
import { afterAll, expect } from 'vitest';
import { forget, leaks, watchKeys } from './leaks.ts';

watchKeys();
afterAll(() => {
  const found = leaks();
  forget();
  expect(found, 'commands that showed a private key which nobody asked for').toEqual([]);
});
