// Breaks each rule of a key's life once, in a copy, and shows which test notices: `node scripts/mutate-rules.js`.
// With a number that many rules, others every day; with a word the rules that have it. Exits with 1 where nobody noticed.
import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { planMutations } from '../test/lifecycle/plan-mutations.js';
import { stateMutations } from '../test/lifecycle/state-mutations.js';

const ruleMutations = [...stateMutations, ...planMutations];
const project = fileURLToPath(new URL('..', import.meta.url));
const vitest = join(project, 'node_modules/vitest/vitest.mjs');
const copied = ['src', 'test', 'package.json', 'tsconfig.json', 'vitest.config.ts'];
const seed = process.env.JWKS_SEED ?? '1';

const chosen = choose(process.argv[2]);
const stale = chosen.filter((mutation) => !isOnce(mutation));
for (const { rule, file, find } of stale) console.log(`${rule} | not there once in ${file}: ${find}`);
const places = Array.from({ length: Math.min(availableParallelism(), chosen.length) }, makeCopy);
let survivors = 0;
try {
  // Else all that follows would seem to be noticed.
  const broken = places[0] && (await firstFailure(places[0]));
  if (broken !== undefined) throw new Error(`the tests fail as it is: ${broken}`);
  const waiting = chosen.filter((mutation) => !stale.includes(mutation));
  await Promise.all(places.map((place) => work(place, waiting)));
} finally {
  for (const place of places) rmSync(place, { recursive: true, force: true });
}
console.log(`\n${chosen.length} rules broken, ${survivors} not noticed, ${stale.length} not found`);
process.exitCode = chosen.length > 0 && survivors + stale.length === 0 ? 0 : 1;

async function work(place, waiting) {
  for (let mutation = waiting.shift(); mutation !== undefined; mutation = waiting.shift()) {
    const { rule, file, find, replace } = mutation;
    const path = join(place, 'src/lifecycle', file);
    const text = readFileSync(path, 'utf8');
    writeFileSync(
      path,
      text.replace(find, () => replace),
    );
    const failure = await firstFailure(place);
    writeFileSync(path, text);
    if (failure === undefined) survivors += 1;
    console.log(`${rule} | ${failure ?? 'NOBODY'}`);
  }
}

/** The tables first, which say what is wrong; the simulated world only where they let it pass. */
async function firstFailure(place) {
  const fleet = 'test/lifecycle/fleet.test.ts';
  return (await run(place, ['test/lifecycle', '--exclude', `**/${fleet}`])) ?? (await run(place, [fleet]));
}

function run(place, tests) {
  const report = join(place, 'report.json');
  rmSync(report, { force: true });
  const options = ['--bail', '1', '--maxWorkers', '1', '--reporter', 'json', '--outputFile', report];
  // More worlds than `npm test` has: some rules show in few of them.
  const env = { JWKS_RUNS: '8', ...process.env, JWKS_SEED: seed };
  return new Promise((resolve, reject) => {
    const argv = [vitest, 'run', ...tests, ...options];
    const child = spawn(process.execPath, argv, { cwd: place, env, stdio: 'ignore', timeout: 120_000 });
    child.on('error', reject);
    child.on('close', (status) => resolve(status === 0 ? undefined : readFailure(report)));
  });
}

function readFailure(report) {
  try {
    const { testResults } = JSON.parse(readFileSync(report, 'utf8'));
    for (const { name, assertionResults } of testResults) {
      const failed = assertionResults.find(({ status }) => status === 'failed');
      if (failed !== undefined) return `${name.replace(/.*\//, '')}: ${failed.fullName}`;
    }
    return 'a file that does not load';
  } catch {
    return 'a run that does not end';
  }
}

function makeCopy() {
  const place = mkdtempSync(join(tmpdir(), 'jwks-mutate-'));
  for (const name of copied) cpSync(join(project, name), join(place, name), { recursive: true });
  symlinkSync(join(project, 'node_modules'), join(place, 'node_modules'));
  return place;
}

function isOnce({ file, find }) {
  return readFileSync(join(project, 'src/lifecycle', file), 'utf8').split(find).length === 2;
}

function choose(word) {
  if (word === undefined) return ruleMutations;
  if (!/^\d+$/.test(word)) return ruleMutations.filter(({ rule }) => rule.includes(word));
  const count = Math.min(Number(word), ruleMutations.length);
  const first = Math.floor(Date.now() / 86_400_000) * count;
  return Array.from({ length: count }, (_, index) => ruleMutations[(first + index) % ruleMutations.length]);
}
