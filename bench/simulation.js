// A year of rotation in a simulated world of verifiers, by the real rules: `node bench/simulation.js [verifiers] [days]`.
// Exits with 1 where a token was refused or accepted wrongly.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { rolldown } from 'rolldown';
import { atMost, note } from './table.js';

const [minute, hour, day] = [60, 3_600, 86_400];
const verifiers = toCount(process.argv[2], 10_000);
const days = toCount(process.argv[3], 365);
const seed = Number(process.env.JWKS_SEED ?? Math.floor(Math.random() * 2 ** 31));

const usual = {
  publishLag: day,
  cacheMaxAge: hour,
  staleIfError: 0,
  verifierCache: day,
  tokenTtl: day,
  signerReload: day,
  skew: 5 * minute,
  rotateEvery: 90 * day,
};
const policies = [
  {
    name: 'defaults, every 90 days',
    facts: usual,
    tick: 10 * minute,
    checks: { messages: 800, busy: verifiers, turn: day },
  },
  {
    name: 'own endpoint, every day',
    facts: {
      ...usual,
      publishLag: 0,
      cacheMaxAge: 5 * minute,
      verifierCache: 10 * minute,
      tokenTtl: hour,
      signerReload: 10 * minute,
      rotateEvery: day,
    },
    tick: minute,
    // One that is asked once a day never has a stale copy of a quarter of an hour.
    checks: { messages: 40, busy: Math.min(100, verifiers), turn: 2 * hour },
  },
];
const target = { use: 'sig', alg: 'ES256', symmetric: false };

/** Lives through the days of a policy, with `rotate --due` each hour. */
function simulate({ Fleet, FleetKeystore, Chance }, { facts, tick, checks }) {
  const store = new FleetKeystore({ facts, was: [] }, undefined);
  const crowd = { publishers: 3, holders: 12, caches: verifiers };
  const fleet = new Fleet(store, new Chance(seed), crowd, { tick, skew: facts.skew, checks });
  while (store.keys.length === 0) fleet.do({ kind: 'create', target });
  for (let step = 0; step * tick < days * day; step++) {
    if ((step * tick) % hour === 0) fleet.do(fleet.due());
    fleet.step();
  }
  return fleet;
}

/** The world is written in TypeScript, for the tests: made ready to run in a place that is gone afterwards. */
async function loadWorld() {
  const place = mkdtempSync(join(tmpdir(), 'jwks-simulation-'));
  try {
    const input = ['fleet', 'fleet-keystore', 'fleet-random'].map((name) =>
      fileURLToPath(new URL(`../test/support/${name}.ts`, import.meta.url)),
    );
    const built = await rolldown({ input, platform: 'node', external: [/^node:/] });
    const { output } = await built.write({ dir: place, format: 'esm', entryFileNames: '[name].mjs' });
    const entries = output.filter(({ isEntry }) => isEntry).map(({ fileName }) => join(place, fileName));
    const modules = await Promise.all(entries.map((entry) => import(pathToFileURL(entry).href)));
    return Object.assign({}, ...modules);
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

function toCount(word, otherwise) {
  const count = Number(word ?? otherwise);
  if (Number.isInteger(count) && count > 0) return count;
  console.error('usage: node bench/simulation.js [verifiers] [days]');
  process.exit(2);
}

const world = await loadWorld();
console.log(`JWKS_SEED=${seed}: ${verifiers} verifiers, ${days} days\n`);
const columns = ['checked', 'refused', 'accepted', 'keys', 'longest', 'seconds'];
console.log(`${'policy'.padEnd(26)}${columns.map((name) => name.padStart(12)).join('')}`);
let wrong = 0;
for (const policy of policies) {
  const start = performance.now();
  const fleet = simulate(world, policy);
  const { checked, refused, accepted } = fleet.traffic;
  const seconds = (performance.now() - start) / 1000;
  const row = [checked, refused, accepted, fleet.store.truths.length, fleet.longest, seconds.toFixed(1)];
  console.log(`${policy.name.padEnd(26)}${row.map((cell) => String(cell).padStart(12)).join('')}`);
  for (const fault of fleet.faults) console.log(`  ${fault}`);
  wrong += fleet.faults.length;
  note({
    job: `${days} days of ${verifiers} verifiers: ${policy.name} (${checked} tokens)`,
    jwks: `${seconds.toFixed(1)} s`,
    target: atMost(0, refused + accepted, 'tokens judged wrongly', 0),
  });
}
console.log(
  '\nchecked: tokens that were looked at; refused, accepted: wrongly; longest: keys in the published set',
);
process.exitCode = wrong === 0 ? 0 : 1;
