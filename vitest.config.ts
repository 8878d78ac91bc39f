import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/postgres-global.ts'],
    setupFiles: ['test/support/leak-setup.ts'],
    // Real keys, real processes, a machine with two cores.
    // One a core: by default one is left for watching, which nobody does here.
    maxWorkers: '100%',
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
});
