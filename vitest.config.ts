import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Real keys, real processes, a machine with two cores.
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
});
