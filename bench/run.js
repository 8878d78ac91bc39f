// Measures the built command as whole processes and prints ratios: `npm run bench [-- startup rsa store memory tokens import simulation serve postgres sea]`.
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeStore } from './store.js';

const bin = fileURLToPath(new URL('../bin/jwks.js', import.meta.url));
const peak = fileURLToPath(new URL('peak.cjs', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'jwks-bench-'));
const parts = {
  startup,
  rsa,
  store,
  memory,
  tokens: () => program('tokens.js'),
  import: () => program('import.js'),
  simulation: () => program('simulation.js'),
  serve: () => program('serve.js'),
  postgres: () => program('postgres.js'),
  sea: () => program('sea.js'),
};

/** Parts that are programs of their own. */
function program(name) {
  const file = fileURLToPath(new URL(name, import.meta.url));
  const { status } = spawnSync(process.execPath, [file], { stdio: 'inherit' });
  if (status !== 0) throw new Error(`${name}: exit ${status}`);
}

/** A home of its own for each command that is measured, so that none finds what another left. */
function home(name) {
  const path = join(scratch, name);
  mkdirSync(path, { recursive: true });
  const kept = Object.entries(process.env).filter(
    ([variable]) => !/^(?:JWKS_|XDG_|NODE_OPTIONS)/.test(variable),
  );
  return { ...Object.fromEntries(kept), HOME: path };
}

const jwks = (env, ...argv) => ({
  name: `jwks ${argv.join(' ')}`,
  command: process.execPath,
  argv: [bin, ...argv],
  env,
});
const nothing = { name: 'node -e 0', command: process.execPath, argv: ['-e', '0'], env: home('nothing') };

/** Wall time of one run in milliseconds. */
function once({ command, argv, env, name }) {
  return new Promise((resolve, reject) => {
    const start = performance.now();
    const child = spawn(command, argv, { env, cwd: scratch, stdio: ['ignore', 'pipe', 'pipe'] });
    let errors = '';
    child.stdout.resume();
    child.stderr.on('data', (chunk) => {
      errors += chunk;
    });
    child.on('error', reject);
    child.on('close', (status) => {
      if (status === 0) resolve(performance.now() - start);
      else reject(new Error(`${name}: exit ${status}\n${errors}`));
    });
  });
}

/** Medians of runs taken in turn, so that a machine that drifts drifts for all of them. */
async function medians(commands, runs) {
  const times = commands.map(() => []);
  for (let run = -1; run < runs; run++) {
    for (const [index, command] of commands.entries()) {
      const time = await once(typeof command === 'function' ? command(run) : command);
      if (run >= 0) times[index].push(time);
    }
  }
  return times.map((list) => list.sort((a, b) => a - b)[Math.floor(list.length / 2)]);
}

function report(title, rows, base, targets) {
  console.log(`\n${title}`);
  for (const [index, [name, median]] of rows.entries()) {
    const target = targets[index] === undefined ? '' : `  (target ${targets[index]})`;
    console.log(
      `  ${name.padEnd(44)} ${median.toFixed(1).padStart(8)} ms  ${(median / base).toFixed(2)}${target}`,
    );
  }
}

async function startup() {
  const five = home('five');
  for (let key = 0; key < 5; key++) await once(jwks(five, 'create', '--alg', 'ES256', 'auth'));
  const create = (run) => ({
    ...jwks(home(`es256-${run}`), 'create', '--alg', 'ES256', 'auth'),
    name: 'create',
  });
  const again = home('again');
  await once(jwks(again, 'create', '--alg', 'ES256', 'auth'));
  const commands = [
    nothing,
    jwks(five, '--version'),
    jwks(five, 'list'),
    jwks(five, 'export', 'auth'),
    (run) => jwks(again, 'create', '--alg', 'ES256', `set-${run}`),
    create,
  ];
  const names = [
    'node -e 0',
    '--version',
    'list (5 keys)',
    'export (5 keys)',
    'create --alg ES256',
    'the same, first run of all',
  ];
  const times = await medians(commands, 20);
  report(
    'start-up, median of 20, against node -e 0',
    names.map((name, index) => [name, times[index]]),
    times[0],
    [undefined, '<= 1.15', '<= 1.40', '<= 1.40', '<= 1.50'],
  );
}

async function rsa() {
  const env = home('rsa');
  await once(jwks(env, 'create', '--alg', 'ES256', 'auth'));
  for (const bits of ['2048', '4096']) {
    const openssl = {
      name: 'openssl',
      command: 'openssl',
      argv: ['genpkey', '-algorithm', 'RSA', '-pkeyopt', `rsa_keygen_bits:${bits}`],
      env,
    };
    const create = (run) => jwks(env, 'create', '--alg', 'RS256', '--bits', bits, `rsa-${bits}-${run}`);
    const [theirs, ours] = await medians([openssl, create], 30);
    report(
      `RSA ${bits}, median of 30, ${availableParallelism()} cores, against openssl genpkey`,
      [
        ['openssl genpkey', theirs],
        [`create --alg RS256 --bits ${bits}`, ours],
      ],
      theirs,
      [undefined, '<= 1.10'],
    );
  }
}

async function store() {
  const small = home('store-small');
  const large = home('store-large');
  await makeStore(small, 1);
  await makeStore(large, 10_000);
  await once(jwks(large, 'list', '-q'));
  const times = await medians(
    [
      jwks(small, 'export', 'set-00000'),
      jwks(large, 'export', 'set-00000'),
      (run) => jwks(small, 'create', '--alg', 'ES256', `new-${run}`),
      (run) => jwks(large, 'create', '--alg', 'ES256', `new-${run}`),
    ],
    20,
  );
  report(
    'export SET, median of 20, against a store of one set',
    [
      ['one set', times[0]],
      ['10 000 sets', times[1]],
    ],
    times[0],
    [undefined, '<= 1.10'],
  );
  report(
    'create, median of 20, against a store of one set',
    [
      ['one set', times[2]],
      ['10 000 sets', times[3]],
    ],
    times[2],
    [undefined, '<= 1.10'],
  );
  const [all] = await medians([jwks(large, 'list')], 5);
  report('list of 10 000 sets, median of 5 (target 1500 ms)', [['list', all]], all, []);
}

async function memory() {
  console.log('\npeak memory of the largest single process (target below 120 MB)');
  const env = home('memory');
  const large = home('store-large');
  await makeStore(large, 10_000);
  measure(env, ['--version']);
  measure(env, ['create', '--alg', 'ES256', 'auth']);
  measure(env, ['create', '--alg', 'RS256', 'rsa']);
  measure(env, ['list']);
  measure(env, ['export', 'auth']);
  measure(large, ['create', '--alg', 'ES256', 'another'], ' (10 000 sets)');
  measure(large, ['export', 'set-00000'], ' (10 000 sets)');
  measure(large, ['list'], ' (10 000 sets)');
}

function measure(env, argv, note = '') {
  const stdio = ['ignore', 'ignore', 'ignore', 'pipe'];
  const { output, status } = spawnSync(process.execPath, ['-r', peak, bin, ...argv], {
    env,
    cwd: scratch,
    stdio,
  });
  if (status !== 0) throw new Error(`${argv.join(' ')}: exit ${status}`);
  console.log(
    `  ${(argv.join(' ') + note).padEnd(44)} ${(Number(output[3]) / 1024).toFixed(0).padStart(6)} MB`,
  );
}

const chosen = process.argv.slice(2);
const [cpu] = cpus();
console.log(
  `Node ${process.versions.node}, ${availableParallelism()} cores (${cpu?.model.trim()}), ${Math.round(totalmem() / 2 ** 30)} GiB`,
);
try {
  for (const [name, measureIt] of Object.entries(parts)) {
    if (chosen.length === 0 || chosen.includes(name)) await measureIt();
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
