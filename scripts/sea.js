// Makes one executable of the command and the Node that runs this (24 or newer): sea/jwks, with the licences of what
// is in it. It holds the files of dist/ as they are, so that it starts as fast, and npm's `pg` too.
//
//     node scripts/sea.js [DIRECTORY]
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
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
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundle, inParts } from './bundle.js';
import { makeSbom } from './sbom.js';
import { describePackages, toNotices } from './third-party.js';

const target = resolve(process.argv[2] ?? 'sea');
process.chdir(fileURLToPath(new URL('..', import.meta.url)));
const [major = 0] = process.versions.node.split('.').map(Number);
if (major < 24) {
  console.error(`sea: an executable is made by Node 24 or newer, and this is ${process.version}`);
  process.exit(1);
}

// What pg would load if it were installed, and does without.
const absent = ['pg-native', 'pg-cloudflare'];
const loadsPg = "createRequire(import.meta.url)('pg')";
const work = mkdtempSync(join(tmpdir(), 'jwks-sea-'));
try {
  const parts = join(work, 'parts');
  const packages = describePackages(await makeParts(parts));
  execFileSync(process.execPath, [resolve('scripts/code-cache.cjs'), parts], {
    cwd: makeHome(),
    env: { HOME: join(work, 'home') },
    stdio: 'ignore',
  });
  const executable = join(work, 'jwks');
  makeExecutable(parts, executable);
  mkdirSync(target, { recursive: true });
  copyFileSync(executable, join(target, 'jwks'));
  chmodSync(join(target, 'jwks'), 0o755);
  copyFileSync('LICENSE', join(target, 'LICENSE'));
  writeFileSync(join(target, 'THIRD-PARTY-LICENSES.txt'), `${toNotices(packages)}\n${nodeLicense()}`);
  writeFileSync(join(target, 'sbom.cdx.json'), `${JSON.stringify(makeSbom(packages, [node()]), null, 2)}\n`);
} finally {
  rmSync(work, { recursive: true, force: true });
}

async function makeParts(directory) {
  const external = [/^node:/, ...absent];
  const start = await bundle('src/start.ts', directory, {
    format: 'cjs',
    external,
    codeSplitting: inParts,
    // An executable finds no packages: this one is taken in.
    replaced: [['/keystore/postgres-client.ts', loadsPg, "require('pg')"]],
  });
  // Beside the others, and loaded by Node itself.
  const entry = await bundle('src/sea.ts', work, { format: 'cjs', external, codeSplitting: false });
  return [...start, ...entry];
}

function makeHome() {
  mkdirSync(join(work, 'home'));
  return join(work, 'home');
}

function makeExecutable(parts, output) {
  const names = readdirSync(parts, { recursive: true }).map((name) => String(name).replaceAll('\\', '/'));
  const files = names.filter((name) => /\.(?:cjs|cache)$/.test(name));
  const config = {
    main: join(work, 'sea.cjs'),
    disableExperimentalSEAWarning: true,
    assets: Object.fromEntries(files.map((name) => [name, join(parts, name)])),
  };
  const path = join(work, 'sea.json');
  const write = (to) => writeFileSync(path, JSON.stringify({ ...config, output: to }));
  const run = (...argv) =>
    execFileSync(process.execPath, argv, { cwd: work, stdio: ['ignore', 'ignore', 'pipe'] });
  // Node 26 puts it together by itself.
  if (major >= 26) {
    write(output);
    return run('--build-sea', path);
  }
  const blob = join(work, 'blob');
  write(blob);
  run('--experimental-sea-config', path);
  copyFileSync(process.execPath, output);
  chmodSync(output, 0o755);
  const fuse = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';
  const postject = createRequire(import.meta.url).resolve('postject/dist/cli.js');
  run(postject, output, 'NODE_SEA_BLOB', blob, '--sentinel-fuse', fuse);
}

function node() {
  const version = process.versions.node;
  return {
    'bom-ref': `node@${version}`,
    type: 'platform',
    name: 'node',
    version,
    purl: `pkg:generic/node@${version}`,
    licenses: [{ license: { id: 'MIT' } }],
  };
}

/** That of Node and of what is in it, which lies beside it in an archive from nodejs.org. */
function nodeLicense() {
  const path = join(dirname(process.execPath), '..', 'LICENSE');
  const rule = '-'.repeat(80);
  const text = existsSync(path)
    ? readFileSync(path, 'utf8')
    : `https://github.com/nodejs/node/blob/${process.version}/LICENSE\n`;
  return `${rule}\nNode.js ${process.version}\n${rule}\n\n${text}`;
}
