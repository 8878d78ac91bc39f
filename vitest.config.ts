import { readFileSync, statfsSync } from 'node:fs';
import { defineConfig } from 'vitest/config';

/**
 * Where temporary directories are: in memory, if there is enough and programs may be run there. Most tests write many
 * small files and wait for the disk at each. JWKS_TEST_DISK=1: on the disk, as .ci/run does once.
 */
function temporary(): Record<string, string> {
  const memory = '/dev/shm';
  if (process.env['TMPDIR'] !== undefined || process.env['JWKS_TEST_DISK'] === '1') return {};
  try {
    const mounts = readFileSync('/proc/self/mounts', 'utf8').split('\n');
    const [, , , options = 'noexec'] = mounts.find((line) => line.split(' ')[1] === memory)?.split(' ') ?? [];
    const { bavail, bsize } = statfsSync(memory);
    const isFit = !/\b(?:noexec|ro)\b/.test(options) && bavail * bsize > 2 ** 30;
    return isFit ? { TMPDIR: memory } : {};
  } catch {
    return {};
  }
}

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/postgres-global.ts'],
    setupFiles: ['test/support/leak-setup.ts'],
    env: temporary(),
    // Files share the process of their worker and what it has loaded: a process each was a quarter of the work.
    isolate: false,
    // Real keys, real processes, a machine with two cores.
    // One a core: by default one is left for watching, which nobody does here.
    maxWorkers: '100%',
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
});
