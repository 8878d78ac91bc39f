// Runs commands as whole processes in homes of their own, and tells how long they took.
import { spawn } from 'node:child_process';
import { closeSync, cpSync, mkdirSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const pathOf = (path) => fileURLToPath(new URL(path, import.meta.url));
export const bin = pathOf('../bin/jwks.js');
export const peak = pathOf('peak.cjs');
export const scratch = mkdtempSync(join(tmpdir(), 'jwks-bench-'));
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));

/** Few runs show that all works; their figures mean nothing. */
export const isQuick = process.argv.includes('--quick');
export const runsOf = (usual) => (isQuick ? Math.min(3, usual) : usual);

/** A home of its own for each command that is measured, so that none finds what another left. */
export function home(name) {
  const path = join(scratch, name);
  mkdirSync(path, { recursive: true });
  const kept = Object.entries(process.env).filter(
    ([variable]) => !/^(?:JWKS_|XDG_|NODE_OPTIONS|NODE_COMPILE_CACHE)/.test(variable),
  );
  // Nobody is to be told of a measurement.
  return { ...Object.fromEntries(kept), HOME: path, DO_NOT_TRACK: '1', SUPABASE_TELEMETRY_DISABLED: '1' };
}

export const jwks = (env, ...argv) => ({ command: process.execPath, argv: [bin, ...argv], env });

/** The bin of a copy as from the tarball, which has no code cache. */
export function installed() {
  const place = join(scratch, 'installed');
  const isPacked = (path) => !path.endsWith('.cache');
  for (const part of ['bin', 'dist'])
    cpSync(pathOf(`../${part}`), join(place, part), { recursive: true, filter: isPacked });
  return join(place, 'bin', 'jwks.js');
}

/** Wall time of one run in milliseconds. */
export function once({ command, argv, env, stdin, statuses = [0] }) {
  return new Promise((resolve, reject) => {
    const input = stdin === undefined ? 'ignore' : openSync(stdin, 'r');
    const start = performance.now();
    const child = spawn(command, argv, { env, cwd: scratch, stdio: [input, 'pipe', 'pipe'] });
    let errors = '';
    child.stdout.resume();
    child.stderr.on('data', (chunk) => {
      errors += chunk;
    });
    child.on('error', reject);
    child.on('close', (status) => {
      const time = performance.now() - start;
      if (typeof input === 'number') closeSync(input);
      if (statuses.includes(status)) resolve(time);
      else reject(new Error(`${[command, ...argv].join(' ')}: exit ${status}\n${errors}`));
    });
  });
}

export const medianOf = (list) => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)];

/**
 * Medians of runs taken in turn, so that a machine that drifts drifts for all of them; the first warms up. A command
 * is one, or makes one of the number of the run.
 */
export async function medians(commands, runs) {
  const times = commands.map(() => []);
  for (let run = -1; run < runs; run++) {
    for (const [index, command] of commands.entries()) {
      const time = await once(typeof command === 'function' ? command(run) : command);
      if (run >= 0) times[index].push(time);
    }
  }
  return times.map(medianOf);
}

export const milliseconds = (time) => `${time.toFixed(time < 1_000 ? 1 : 0)} ms`;

/** Prints medians against that of the first. */
export function report(title, names, times, targets = []) {
  console.log(`\n${title}`);
  for (const [index, name] of names.entries()) {
    const target = targets[index] === undefined ? '' : `  (target <= ${targets[index].toFixed(2)})`;
    const ratio = (times[index] / times[0]).toFixed(2);
    console.log(`  ${name.padEnd(50)} ${milliseconds(times[index]).padStart(11)}  ${ratio}${target}`);
  }
}
