// Bundles a source with rolldown, and tells which npm packages are in what came out.
import { readFileSync } from 'node:fs';
import { rolldown } from 'rolldown';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));

// What packages can do and this command never asks for. commander can run subcommands as programs of their own, and
// loading what that takes would cost each start two milliseconds; cosmiconfig can read TypeScript.
const leftOut = [
  ['/commander/lib/command.js', "require('node:child_process')"],
  ['/cosmiconfig/dist/loaders.js', "require('typescript')"],
  ['/cosmiconfig/dist/loaders.js', "import('typescript')"],
];

// What the commands that are run most need is one file, since each costs time to find. The rest is loaded when used.
const often =
  /\/src\/(?:errors|version|(?:cli|keystore|lifecycle|jose)\/[a-z0-9-]+|jose\/prove\/prove-(?:rsa|curve)|cli\/commands\/(?:create|list|get|export)|operations\/(?:open|create-key|list-sets|export-jwks|get-keys|select-sets|change-set|spare-keys))\.ts$/;
const seldom =
  /\/(?:jose\/(?:parse-public|rsa-race|token[a-z-]*)|keystore\/(?:postgres-[a-z]+|password-file|database-tls)|lifecycle\/(?:exposure|next-look|plan-merge|inspect|plan-import|plan-policy|plan-removal|plan-rotation|token-life)|cli\/(?:[a-z]+-formats|admin-options|claims-input|changes|config-schema|input|key-input|next-steps|policy-report|prompts|read-bytes|restored-sets|secret-entries|token-[a-z]+))\.ts$/;
const packages = /\/node_modules\/(?:commander|jose|valibot|fast-string-[a-z-]+)\/|rolldown\/runtime/;
const isCore = (id) => packages.test(id) || (often.test(id) && !seldom.test(id));

/** One core, and files that commands load when they are used. */
export const inParts = {
  includeDependenciesRecursively: false,
  groups: [{ name: 'core', test: isCore }],
};

/**
 * Writes the bundle of `input` to `directory`. `replaced` has further texts to change: [end of a module's path, what
 * is there, what stands there then]. Returns the directories of the packages that it holds.
 */
export async function bundle(input, directory, { format, external, replaced = [], ...output }) {
  const isCommand = format === 'cjs';
  const extension = isCommand ? 'cjs' : 'js';
  const built = await rolldown({
    input,
    platform: 'node',
    external,
    transform: { define: { __VERSION__: JSON.stringify(version) }, target: 'node20' },
    plugins: [replacing([...leftOut, ...replaced])],
    preserveEntrySignatures: isCommand ? false : 'strict',
    // A module that one command imports when it is used and another at once is no mistake here.
    checks: { ineffectiveDynamicImport: false },
  });
  const written = await built.write({
    dir: directory,
    format,
    // Whitespace and names cost start-up time in the command; the library is for people to read.
    minify: isCommand && process.env.JWKS_BUILD_READABLE !== '1',
    entryFileNames: `[name].${extension}`,
    chunkFileNames: `command/[name].${extension}`,
    ...output,
  });
  const modules = written.output.flatMap((part) => Object.keys(part.modules ?? {}));
  return [...new Set(modules.flatMap(packageOf))];
}

/** A text that is not where it was fails the build: a newer package may have what it stands for somewhere else. */
function replacing(texts) {
  return {
    name: 'replacing',
    transform(code, id) {
      const here = texts.filter(([end]) => id.endsWith(end));
      if (here.length === 0) return null;
      return here.reduce((changed, [end, text, other = '{}']) => {
        if (!changed.includes(text)) throw new Error(`${end}: there is no ${text}`);
        return changed.replaceAll(text, other);
      }, code);
    },
  };
}

/** The package's directory, from the path of one of its modules. */
function packageOf(id) {
  const [, directory] = /^(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(id.replaceAll('\\', '/')) ?? [];
  return directory === undefined ? [] : [directory];
}
