// Builds dist/: the bundled command (CommonJS, since it starts measurably faster than ESM on every supported Node),
// the library (ESM, jose left outside) and its types.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
const { version } = JSON.parse(readFileSync('package.json', 'utf8'));

// commander can run subcommands as programs of their own. There are none here, and loading what that takes would
// cost each start two milliseconds.
const withoutSubprocesses = {
  name: 'without-subprocesses',
  transform: (code, id) =>
    id.endsWith('/commander/lib/command.js') ? code.replace("require('node:child_process')", '{}') : null,
};

// What the commands that are run most need is one file, since each costs time to find. The rest is loaded when used.
const often =
  /\/src\/(?:errors|version|(?:cli|keystore|lifecycle|jose)\/[a-z0-9-]+|jose\/prove\/prove-(?:rsa|curve)|cli\/commands\/(?:create|list|get|export)|operations\/(?:open|create-key|list-sets|export-jwks|get-keys|select-sets|change-set|spare-keys))\.ts$/;
const seldom =
  /\/(?:jose\/(?:parse-public|rsa-race|token[a-z-]*)|keystore\/(?:postgres-[a-z]+|password-file|database-tls)|lifecycle\/(?:exposure|next-look|plan-merge|inspect|plan-import|plan-policy|plan-removal|plan-rotation|token-life)|cli\/(?:[a-z]+-formats|admin-options|claims-input|change-options|changes|completion-script|config-schema|input|key-input|next-steps|policy-report|prompts|read-bytes|secret-entries|token-[a-z]+))\.ts$/;
const packages = /\/node_modules\/(?:commander|jose|valibot|fast-string-[a-z-]+)\/|rolldown\/runtime/;
const isCore = (id) => packages.test(id) || (often.test(id) && !seldom.test(id));

// Built aside and put in place at the end: a command that runs meanwhile finds the old one whole.
const fresh = `.dist-${process.pid}`;
// Apart from the rest, so that what it does alone it does without reading that.
await bundle('src/main.ts', { format: 'cjs', external: [/^node:/, './start.cjs'] });
await bundle('src/start.ts', {
  format: 'cjs',
  external: [/^node:/],
  codeSplitting: { includeDependenciesRecursively: false, groups: [{ name: 'core', test: isCore }] },
});
await bundle('src/index.ts', { format: 'esm', external: [/^node:/, 'jose'], codeSplitting: false });
const tsc = createRequire(import.meta.url)
  .resolve('typescript/package.json')
  .replace('package.json', 'bin/tsc');
execFileSync(process.execPath, [tsc, '-p', 'tsconfig.types.json', '--outDir', `${fresh}/types`], {
  stdio: 'inherit',
});
compileCache();
const old = `${fresh}-old`;
if (existsSync('dist')) renameSync('dist', old);
renameSync(fresh, 'dist');
rmSync(old, { recursive: true, force: true });

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

async function bundle(input, { format, external, ...output }) {
  const isCommand = format === 'cjs';
  const extension = isCommand ? 'cjs' : 'js';
  const built = await rolldown({
    input,
    platform: 'node',
    external,
    transform: { define: { __VERSION__: JSON.stringify(version) }, target: 'node20' },
    plugins: [withoutSubprocesses],
    preserveEntrySignatures: isCommand ? false : 'strict',
    // A module that one command imports when it is used and another at once is no mistake here.
    checks: { ineffectiveDynamicImport: false },
  });
  await built.write({
    dir: fresh,
    format,
    // Whitespace and names cost start-up time in the command; the library is for people to read.
    minify: isCommand && process.env.JWKS_BUILD_READABLE !== '1',
    entryFileNames: `[name].${extension}`,
    chunkFileNames: `command/[name].${extension}`,
    ...output,
  });
}
