// What is made from the declarations of the commands: docs/commands.md (`npm run reference`), and in a build the
// manual pages.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { rolldown } from 'rolldown';

const root = fileURLToPath(new URL('..', import.meta.url));

/** One page a command, such as jwks-create.1. */
export async function writeManPages(directory) {
  const { manPages } = await generate();
  mkdirSync(directory, { recursive: true });
  for (const { file, text } of manPages) writeFileSync(join(directory, file), text);
}

async function generate() {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const directory = mkdtempSync(join(tmpdir(), 'jwks-reference-'));
  try {
    const built = await rolldown({
      input: join(root, 'src/cli/reference/generate.ts'),
      platform: 'node',
      external: [/^node:/, 'pg'],
      checks: { ineffectiveDynamicImport: false },
    });
    const names = { entryFileNames: '[name].mjs', chunkFileNames: '[name].mjs' };
    await built.write({ dir: directory, format: 'esm', ...names });
    const made = await import(pathToFileURL(join(directory, 'generate.mjs')).href);
    return await made.generate(version);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { markdown } = await generate();
  writeFileSync(join(root, 'docs/commands.md'), markdown);
}
