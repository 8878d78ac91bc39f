// Opens with today's build what each earlier commit wrote: `node scripts/compat.js`. Every commit that touched what
// writes the format is checked out, built and made to keep keys for a year; then today's build does all that it can.
// With `short` the commits that a sample is of, which wrote each form first; with names of commits those. A commit that
// does not build, or has no command yet, is told and no fault. Without the history there is nothing to do.
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Build } from './compat/build.js';
import { checkKeystore } from './compat/check-keystore.js';
import { makeOldKeystore } from './compat/old-keystore.js';
import { samples } from './compat/samples.js';
import { git, project, Worktree } from './compat/worktree.js';

/** What a keystore is written with. */
const writing = ['src/keystore', 'src/operations', 'src/lifecycle', 'src/jose/*.ts'];

const lab = mkdtempSync(join(tmpdir(), 'jwks-compat-'));
const today = join(lab, 'today');
// A copy: who builds meanwhile takes the old one away.
for (const part of ['bin', 'dist', 'package.json'])
  cpSync(join(project, part), join(today, part), { recursive: true });

const chosen = choose(process.argv.slice(2));
console.log(`${chosen.length} commits`);
const waiting = [...chosen.entries()];
const tally = { ok: 0, skipped: 0, failed: 0 };
try {
  await Promise.all(Array.from({ length: availableParallelism() }, (_, index) => work(`w${index}`)));
} finally {
  rmSync(lab, { recursive: true, force: true });
}
console.log(`\n${tally.ok} open, ${tally.skipped} not to be had, ${tally.failed} with faults`);
process.exitCode = tally.failed === 0 && (tally.ok > 0 || chosen.length === 0) ? 0 : 1;

function choose(words) {
  if (git('rev-parse', '--is-shallow-repository') === 'true') return [];
  if (words[0] === 'short') return [...new Set(samples.map(({ commit }) => commit))];
  return words.length > 0 ? words : commitsThatTouched(writing);
}

/** Oldest first. */
function commitsThatTouched(paths) {
  return git('log', '--reverse', '--format=%h', '--', ...paths).split('\n');
}

async function work(name) {
  const worktree = new Worktree(join(lab, name));
  try {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [index, commit] = next;
      const result = await tryCommit(worktree, commit, index);
      tally[result.kind] += 1;
      console.log(`${commit} ${result.text}`);
    }
  } finally {
    worktree.remove();
  }
}

async function tryCommit(worktree, commit, index) {
  const started = performance.now();
  const reason = worktree.build(commit);
  if (reason !== undefined) return { kind: 'skipped', text: reason };
  const home = join(lab, `home-${commit}`, 'home');
  mkdirSync(home, { recursive: true });
  const old = new Build(worktree.path, home);
  try {
    // Every other one has another identity, and every fifth begins with a passphrase.
    const how = { identity: index % 2 === 0 ? 'EdDSA' : 'ES256', passphrase: index % 5 === 0 };
    const record = await makeOldKeystore(old, how);
    const faults = await checkKeystore(new Build(today, home), old, record);
    const seconds = Math.round((performance.now() - started) / 1000);
    const size = `${record.sets.length} sets, ${record.done.size} kinds of deed, ${seconds} s`;
    const then = record.failed.length === 0 ? '' : ` | then: ${record.failed.join('; ')}`;
    const text = faults.length === 0 ? 'ok' : faults.join('; ');
    return { kind: faults.length === 0 ? 'ok' : 'failed', text: `${text} | ${size}${then}` };
  } catch (error) {
    return { kind: 'failed', text: `no keystore: ${error.message}` };
  } finally {
    rmSync(join(home, '..'), { recursive: true, force: true });
  }
}
