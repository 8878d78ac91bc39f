// Before each test file: keys and servers are watched. After it: nothing has shown a private key that nobody asked for.
import { afterAll, expect } from 'vitest';
import { forget, leaks, watch } from './leaks.ts';

watch();
afterAll(() => {
  const found = leaks();
  forget();
  expect(found, 'what showed a private key which nobody asked for').toEqual([]);
});
