// One file that is no test of the suite, run with its watch.
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/support/planted-leak.ts'],
    setupFiles: ['test/support/leak-setup.ts'],
    testTimeout: 30_000,
  },
});
