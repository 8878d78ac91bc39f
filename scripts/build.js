// Builds dist/: the bundled command (CommonJS, since it starts measurably faster than ESM on every
// supported Node), the library (ESM, jose left outside) and its types.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
const define = { __VERSION__: JSON.stringify(version) };

// commander can run subcommands as programs of their own. There are none here, and loading what that takes would
// cost each start two milliseconds.
const withoutSubprocesses = {
  name: 'without-subprocesses',
  transform: (code, id) =>
    id.endsWith('/commander/lib/command.js') ? code.replace("require('node:child_process')", '{}') : null,
};

// Imported by one command only, or only when it is used.
const rare = /\/(?:run|prompts|spinner|completion-script|config-schema|input|parse-public|rsa-race)\.ts$/;

// Built aside and put in place at the end: a command that runs meanwhile finds the old one whole.
const fresh = `.dist-${process.pid}`;
await bundle('src/main.ts', 'cjs', 'cjs', [/^node:/]);
await bundle('src/index.ts', 'esm', 'js', [/^node:/, 'jose']);
const tsc = createRequire(import.meta.url)
  .resolve('typescript/package.json')
  .replace('package.json', 'bin/tsc');
execFileSync(process.execPath, [tsc, '-p', 'tsconfig.types.json', '--outDir', `${fresh}/types`], {
  stdio: 'inherit',
});
const old = `${fresh}-old`;
if (existsSync('dist')) renameSync('dist', old);
renameSync(fresh, 'dist');
rmSync(old, { recursive: true, force: true });

async function bundle(input, format, extension, external) {
  const isCommand = format === 'cjs';
  const built = await rolldown({
    input,
    platform: 'node',
    external,
    transform: { define, target: 'node20' },
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
    codeSplitting: isCommand && {
      includeDependenciesRecursively: false,
      groups: [{ name: chunkOf, debugName: 'by use' }],
    },
  });
}

// What nearly every command needs is one file, since each file costs time to find; what few need stays apart.
function chunkOf(id) {
  if (/\/node_modules\/(?:commander|valibot|fast-string-[a-z-]+)\/|rolldown\/runtime/.test(id)) return 'core';
  const ours = id.startsWith(`${process.cwd()}/src/`) ? id.slice(`${process.cwd()}/src/`.length) : '';
  if (/^(?:errors|lifecycle\/time)\.ts$/.test(ours)) return 'base';
  return /^(?:cli\/[^/]+|jose\/.*|keystore\/.*|lifecycle\/.*|operations\/(?:open|select-sets))\.ts$/.test(
    ours,
  ) && !rare.test(ours)
    ? 'core'
    : null;
}
