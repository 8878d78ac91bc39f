// Random lives of a set in a world of skewed clocks, stale copies and writers that fail: nothing is refused or trusted
// that should not be. A long run: JWKS_RUNS=500 npx vitest run test/lifecycle/fleet.test.ts
import { describe, expect, test } from 'vitest';
import { live, type Plot } from '../support/fleet-plot.ts';

const seed = Number(process.env['JWKS_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const runs = Number(process.env['JWKS_RUNS'] ?? 4);
console.info(`JWKS_SEED=${seed} JWKS_RUNS=${runs}`);

describe.each<[string, Plot]>([
  ['rotate --due alone', { asked: 0, edited: 0, steps: 500 }],
  ['and operations by hand', { asked: 0.02, edited: 0, steps: 500 }],
  ['and policies that change under way', { asked: 0, edited: 0.02, steps: 500 }],
  ['and both', { asked: 0.02, edited: 0.01, steps: 500 }],
])('%s', (_, plot) => {
  test(`${runs} worlds keep their promises`, { timeout: 30_000 + runs * 5_000 }, () => {
    for (let run = 0; run < runs; run++) {
      const fleet = live(seed + run, plot);
      expect(fleet.traffic.checked).toBeGreaterThan(0);
      const story = [`JWKS_SEED=${seed + run} JWKS_RUNS=1`, ...fleet.log.slice(-8)].join('\n');
      expect(fleet.faults, story).toEqual([]);
    }
  });
});
