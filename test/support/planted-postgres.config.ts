// One file that is no test of the suite, which is killed.
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/support/planted-postgres.ts'],
    globalSetup: ['test/support/postgres-global.ts'],
    testTimeout: 600_000,
  },
});
