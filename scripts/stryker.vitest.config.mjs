// The tests that a mutant of src/$MUTATE meets: those of the same name, few runs of each property, always the same.
import { mergeConfig } from 'vitest/config';
import base from '../vitest.config.ts';

const folder = process.env.MUTATE ?? 'lifecycle';
const include = {
  lifecycle: ['test/lifecycle/**/*.test.ts'],
  keystore: ['test/keystore/**/*.test.ts', 'test/postgres/url.test.ts'],
};
/** What takes seconds a mutant: small tests are to notice first. */
const exclude = {
  // The simulated worlds.
  lifecycle: ['test/lifecycle/fleet.test.ts'],
  // Bytes that are changed one after the other, all orders of steps, rounds of PBKDF2, large sets, other programs, a
  // database.
  keystore: [
    'damage',
    'damage-more',
    'model',
    'file-storage-sweep',
    'deep-documents',
    'change-too-large',
    'compat',
    'other-implementation',
    'secret',
    'postgres-watch',
  ].map((name) => `test/keystore/${name}.test.ts`),
};

const config = mergeConfig(base, {
  test: {
    exclude: exclude[folder],
    setupFiles: ['scripts/stryker.setup.mjs'],
    env: { JWKS_SEED: '1', JWKS_RUNS: '1', JWKS_FAULTS: 'few' },
    maxWorkers: 1,
    testTimeout: 10_000,
  },
});
config.test.include = include[folder];
export default config;
