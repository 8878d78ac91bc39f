// Before each test file: keys and servers are watched. After it: nothing has shown a private key that nobody asked for,
// and the process, which other files share, is as it was.
import { afterAll, expect } from 'vitest';
import { forget, leaks, watch } from './leaks.ts';

const stateOfProcess = (): Readonly<Record<string, unknown>> => ({
  ...process.env,
  'its umask': process.umask(),
  'its user': process.geteuid?.(),
  'its working directory': process.cwd(),
});
const before = stateOfProcess();

watch();
afterAll(() => {
  const found = leaks();
  forget();
  expect(found, 'what showed a private key which nobody asked for').toEqual([]);
  const now = stateOfProcess();
  // By name, since a variable may be a secret.
  const changed = Object.keys({ ...before, ...now }).filter((name) => now[name] !== before[name]);
  expect(changed, 'what was changed of the process and not put back').toEqual([]);
});
