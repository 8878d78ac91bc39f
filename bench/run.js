// Measures the built command as whole processes: `npm run bench [-- PART...] [--quick] [--write]`. All of it ends in one
// table; --write puts that into README.md, --quick takes few runs, to see that all works.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { memory, store } from './many-sets.js';
import { isQuick, scratch } from './measure.js';
import { compareRivals, describeRivals } from './rivals.js';
import { rsa } from './rsa.js';
import { startup } from './startup.js';
import { readRows, toTable, writeTable } from './table.js';

const pathOf = (name) => fileURLToPath(new URL(name, import.meta.url));
const parts = {
  rivals: compareRivals,
  rsa,
  startup,
  store,
  memory,
  tokens: () => program('tokens.js', '1'),
  import: () => program('import.js', '100'),
  simulation: () => program('simulation.js', '100', '30'),
  serve: () => program('serve.js', '1', '100000'),
  postgres: () => program('postgres.js', '100'),
  sea: () => program('sea.js', '2'),
};

/** Parts that are programs of their own, and what makes them short. */
function program(name, ...quick) {
  const argv = isQuick ? quick : [];
  const { status } = spawnSync(process.execPath, [pathOf(name), ...argv], { stdio: 'inherit' });
  if (status !== 0) throw new Error(`${name}: exit ${status}`);
}

const words = process.argv.slice(2).filter((word) => !['--quick', '--write'].includes(word));
const isWritten = process.argv.includes('--write');
const unknown = words.find((word) => !Object.hasOwn(parts, word));
if (unknown !== undefined || (isWritten && words.length > 0)) {
  const why = unknown === undefined ? '--write takes all parts' : `no part ${unknown}`;
  console.error(`bench: ${why}; parts: ${Object.keys(parts).join(' ')}`);
  process.exit(2);
}

const rowsFile = join(scratch, 'rows');
process.env.BENCH_ROWS = rowsFile;
writeFileSync(rowsFile, '');
const [cpu] = cpus();
const machine = `Node ${process.versions.node}, ${availableParallelism()} cores (${cpu?.model.trim()}), ${Math.round(totalmem() / 2 ** 30)} GiB`;
const load = () => loadavg()[0].toFixed(1);
const before = load();
const began = performance.now();
const minutesSince = (start) => ((performance.now() - start) / 60_000).toFixed(1);
console.log(machine);
for (const [name, measure] of Object.entries(parts)) {
  if (words.length > 0 && !words.includes(name)) continue;
  const start = performance.now();
  await measure();
  console.log(`\n(${name}: ${minutesSince(start)} minutes)`);
}
const date = new Date().toISOString().slice(0, 10);
const certificates = process.env.NODE_EXTRA_CA_CERTS === undefined ? 'without' : 'with';
const caption =
  `On ${date}: ${machine}, ${certificates} \`NODE_EXTRA_CA_CERTS\`; ${describeRivals()}; load ${before} before and ` +
  `${load()} after; ${minutesSince(began)} minutes in all.${isQuick ? ' **Few runs: the figures mean nothing.**' : ''}`;
const table = toTable(readRows(rowsFile), caption);
console.log(`\n${table}`);
if (isWritten) writeTable(pathOf('README.md'), table);
