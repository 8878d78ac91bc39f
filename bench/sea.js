// Measures the start of the single-file executable against that of the same command by Node: `node bench/sea.js`, with
// Node 24 or newer and a built dist/.
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const runs = 20;
const pathOf = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));

if (Number(process.versions.node.split('.')[0]) < 24) {
  console.log(`\nsea: needs Node 24 or newer; ${process.version} is skipped`);
} else {
  const scratch = mkdtempSync(join(tmpdir(), 'jwks-bench-'));
  try {
    measure(scratch);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function measure(scratch) {
  execFileSync(process.execPath, [pathOf('scripts/sea.js'), scratch], { stdio: 'inherit' });
  const executable = join(scratch, 'jwks');
  // As from the tarball, which has no code cache.
  const installed = join(scratch, 'installed');
  const isPacked = (path) => !path.endsWith('.cache');
  for (const part of ['bin', 'dist'])
    cpSync(pathOf(part), join(installed, part), { recursive: true, filter: isPacked });

  const ways = [
    ['node, installed', [process.execPath, join(installed, 'bin/jwks.js')]],
    ['node, where it was built', [process.execPath, pathOf('bin/jwks.js')]],
    ['executable', [executable]],
  ];
  const commands = ['--version', 'list', 'export auth', 'create --alg ES256 other'];
  const rows = [['node -e 0', '', [process.execPath, '-e', '0']]];
  for (const line of commands)
    for (const [name, command] of ways) rows.push([name, line, [...command, ...line.split(' ')]]);

  const home = join(scratch, 'home');
  mkdirSync(home);
  const env = { PATH: process.env.PATH, HOME: home };
  const once = ([file, ...argv]) => {
    const start = performance.now();
    const { status, stderr } = spawnSync(file, argv, { env, cwd: home });
    if (status !== 0) throw new Error(`${argv.join(' ')}: exit ${status}\n${stderr}`);
    return performance.now() - start;
  };
  once([executable, 'create', '--alg', 'ES256', 'auth']);
  // In turn, so that a machine that drifts drifts for all of them.
  const times = rows.map(() => []);
  for (let run = -1; run < runs; run++)
    for (const [index, [, , command]] of rows.entries()) {
      const time = once(command);
      if (run >= 0) times[index].push(time);
    }
  const medians = times.map((list) => list.sort((a, b) => a - b)[runs / 2]);
  const megabytes = (statSync(executable).size / 1e6).toFixed(0);
  const node = (statSync(process.execPath).size / 1e6).toFixed(0);
  console.log(
    `\nthe executable (${megabytes} MB, of which Node ${node} MB), median of ${runs}, against node -e 0`,
  );
  for (const [index, [name, line]] of rows.entries()) {
    const [median, base] = [medians[index], medians[0]];
    const title = `${line} ${line === '' ? '' : '  '}${name}`.trim();
    console.log(`  ${title.padEnd(52)} ${median.toFixed(1).padStart(6)} ms  ${(median / base).toFixed(2)}`);
  }
}
