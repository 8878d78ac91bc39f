// Mutation tests of one folder of src by the tests of the same name: `npm run mutate`, `MUTATE=keystore npm run mutate`.
// `-- --mutate src/lifecycle/due.ts` takes one file. What survives, and why: test/mutation.md.
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const folder = process.env.MUTATE ?? 'lifecycle';
const reports = `reports/mutation-${folder}`;

// In UTC a date that has lost its zone would still be right.
process.env.TZ = 'Asia/Kathmandu';

export default {
  // What speaks to a database is tested with one, in test/postgres.
  mutate: [`src/${folder}/**/*.ts`, '!src/keystore/postgres-*.ts'],
  testRunner: 'vitest',
  plugins: ['@stryker-mutator/vitest-runner'],
  // `related` would add all that imports the folder by a detour.
  vitest: { configFile: 'scripts/stryker.vitest.config.mjs', related: false },
  coverageAnalysis: 'perTest',
  // A mutant that acts while a module loads meets all tests, and those of the keystore take long.
  ignoreStatic: folder === 'keystore',
  // Stryker's rewriting of it needs the compiler's API, which TypeScript 7 has not; Vite only strips types.
  tsconfigFile: 'none.json',
  disableTypeChecks: false,
  ignorePatterns: ['/sea', '/reports', '/bench', '/docs/pictures', '/coverage', '/.dist-*'],
  tempDirName: join(tmpdir(), `jwks-stryker-${folder}`),
  concurrency: 1,
  timeoutMS: 10_000,
  incremental: true,
  incrementalFile: `${reports}/incremental.json`,
  reporters: ['clear-text', 'json'],
  jsonReporter: { fileName: `${reports}/mutation.json` },
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false, skipFull: true },
  thresholds: { high: 95, low: 90, break: 90 },
};
