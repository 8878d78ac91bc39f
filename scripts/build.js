// Builds dist/: the bundled command (CommonJS, since it starts measurably faster than ESM on every supported Node),
// the library (ESM, jose left outside), its types, and what others wrote of it: licences and bill of materials.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundle, inParts } from './bundle.js';
import { writeManPages } from './reference.js';
import { makeSbom } from './sbom.js';
import { describePackages, toNotices } from './third-party.js';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));

// Built aside and put in place at the end: a command that runs meanwhile finds the old one whole.
const fresh = `.dist-${process.pid}`;
const old = `${fresh}-old`;
try {
  await build();
  if (existsSync('dist')) renameSync('dist', old);
  renameSync(fresh, 'dist');
} finally {
  for (const directory of [fresh, old]) rmSync(directory, { recursive: true, force: true });
}

async function build() {
  const bundled = [
    // Apart from the rest, so that what it does alone it does without reading that.
    await bundle('src/main.ts', fresh, { format: 'cjs', external: [/^node:/, './start.cjs'] }),
    await bundle('src/start.ts', fresh, { format: 'cjs', external: [/^node:/], codeSplitting: inParts }),
    await bundle('src/index.ts', fresh, {
      format: 'esm',
      external: [/^node:/, 'jose'],
      codeSplitting: false,
    }),
  ];
  const packages = describePackages(bundled.flat());
  writeFileSync(join(fresh, 'THIRD-PARTY-LICENSES.txt'), toNotices(packages));
  writeFileSync(join(fresh, 'sbom.cdx.json'), `${JSON.stringify(makeSbom(packages), null, 2)}\n`);
  emitTypes(join(fresh, 'types'));
  await writeManPages(join(fresh, 'man'));
  compileCache();
}

/** Those of the library's face, and what they name in turn: the command's own are of use to nobody. */
function emitTypes(directory) {
  const tsc = createRequire(import.meta.url)
    .resolve('typescript/package.json')
    .replace('package.json', 'bin/tsc');
  const all = `${directory}-all`;
  execFileSync(process.execPath, [tsc, '-p', 'tsconfig.types.json', '--outDir', all], { stdio: 'inherit' });
  const kept = new Set();
  const keep = (path) => {
    if (kept.has(path)) return;
    kept.add(path);
    const text = readFileSync(join(all, path), 'utf8');
    for (const [, name] of text.matchAll(/(?:from|import\()\s*'(\.[^']+)\.ts'/g))
      keep(join(dirname(path), `${name}.d.ts`));
  };
  keep('index.d.ts');
  for (const path of kept) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    renameSync(join(all, path), join(directory, path));
  }
  rmSync(all, { recursive: true });
}

// For the Node that builds; another one does not take it. Without it the command is slower to start, and no less sound.
function compileCache() {
  const home = mkdtempSync(join(tmpdir(), 'jwks-build-'));
  try {
    // Nothing of the builder's own: a JWKS_KEYSTORE in the environment must not get a key from a build.
    const options = { cwd: home, env: { HOME: home }, stdio: 'ignore' };
    execFileSync(process.execPath, [resolve('scripts/code-cache.cjs'), resolve(fresh)], options);
  } catch {
    console.error('build: no code cache could be made');
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}
