// The tests that a mutant of src/$MUTATE meets: those of the same name, few runs of each property, always the same.
import { mergeConfig } from 'vitest/config';
import base from '../vitest.config.ts';

const folder = process.env.MUTATE ?? 'lifecycle';
const include = {
  lifecycle: ['test/lifecycle/**/*.test.ts'],
  keystore: ['test/keystore/**/*.test.ts'],
};

const config = mergeConfig(base, {
  test: {
    // The simulated worlds take seconds a mutant, and a table is to notice first.
    exclude: ['test/lifecycle/fleet.test.ts'],
    env: { JWKS_SEED: '1', JWKS_RUNS: '1', JWKS_FAULTS: 'few' },
    maxWorkers: 1,
    testTimeout: 10_000,
  },
});
config.test.include = include[folder];
export default config;
