// Builds dist/: the bundled command (CommonJS, since it starts measurably faster than ESM on every
// supported Node), the library (ESM, jose left outside) and its types.
import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { rolldown } from 'rolldown';

const root = new URL('..', import.meta.url);
process.chdir(new URL(root).pathname);
const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
const define = { __VERSION__: JSON.stringify(version) };

rmSync('dist', { recursive: true, force: true });
await bundle('src/main.ts', 'cjs', 'cjs', [/^node:/]);
await bundle('src/index.ts', 'esm', 'js', [/^node:/, 'jose']);
const tsc = createRequire(import.meta.url).resolve('typescript/package.json').replace('package.json', 'bin/tsc');
execFileSync(process.execPath, [tsc, '-p', 'tsconfig.types.json'], { stdio: 'inherit' });

async function bundle(input, format, extension, external) {
  const built = await rolldown({ input, platform: 'node', external, transform: { define, target: 'node20' } });
  await built.write({
    dir: 'dist',
    format,
    // Whitespace and names cost start-up time in the command; the library is for people to read.
    minify: format === 'cjs',
    entryFileNames: `[name].${extension}`,
    chunkFileNames: format === 'cjs' ? `command/[name].cjs` : `library/[name].js`,
  });
}
