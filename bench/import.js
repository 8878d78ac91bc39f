// Measures reading and proving a JWK Set against what jose needs to import its keys: `node bench/import.js [keys]`.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { exportJWK, generateKeyPair, importJWK } from 'jose';
import { rolldown } from 'rolldown';
import { atMost, note } from './table.js';

const count = Number(process.argv[2] ?? 1_000);
const runs = 5;
const directory = mkdtempSync(join(tmpdir(), 'jwks-bench-'));
const source = (path) => fileURLToPath(new URL(`../src/jose/${path}`, import.meta.url));

async function load() {
  const entry = join(directory, 'entry.js');
  writeFileSync(
    entry,
    `export { readKeys } from '${source('read/read-keys.ts')}';
     export { proveKeys } from '${source('prove/prove-key.ts')}';`,
  );
  const built = await rolldown({ input: entry, platform: 'node', external: [/^node:/] });
  const file = join(directory, 'bundle.mjs');
  await built.write({ file, format: 'esm', codeSplitting: false });
  return import(pathToFileURL(file));
}

async function makeSet(alg, options, isPrivate, size) {
  const keys = [];
  // RSA keys take long to make, and short to import: a few of them, each under several names.
  const few = alg === 'RS256' ? 20 : size;
  for (let n = 0; n < few; n++) {
    const pair = await generateKeyPair(alg, { extractable: true, ...options });
    keys.push(await exportJWK(isPrivate ? pair.privateKey : pair.publicKey));
  }
  return Array.from({ length: size }, (_, n) => ({ ...keys[n % few], alg, kid: `k${n}` }));
}

async function fastest(work) {
  let best = Number.POSITIVE_INFINITY;
  for (let run = 0; run < runs; run++) {
    const start = performance.now();
    await work();
    best = Math.min(best, performance.now() - start);
  }
  return best;
}

try {
  const { readKeys, proveKeys } = await load();
  console.log('\nimport of a JWK Set, fastest of 5, against importJWK of jose for each key (target <= 5)');
  for (const [alg, options, isPrivate, size] of [
    ['ES256', {}, true, count],
    ['ES256', {}, false, count],
    ['EdDSA', { crv: 'Ed25519' }, true, count],
    ['RS256', {}, false, count],
    // More do not fit into the mebibyte that is read.
    ['RS256', {}, true, Math.min(count, 500)],
  ]) {
    const keys = await makeSet(alg, options, isPrivate, size);
    const bytes = Buffer.from(JSON.stringify({ keys }));
    const ours = await fastest(async () => proveKeys(await readKeys(bytes, 'keys')));
    const theirs = await fastest(() => Promise.all(keys.map((key) => importJWK(key, alg))));
    const name = `${size} ${alg} ${isPrivate ? 'private' : 'public'}`;
    console.log(
      `  ${name.padEnd(24)} jose ${theirs.toFixed(0).padStart(6)} ms   jwks ${ours.toFixed(0).padStart(6)} ms   ${(ours / theirs).toFixed(2)}`,
    );
    note({
      job: `read and prove ${name} keys`,
      time: ours,
      target: atMost(5, ours / theirs, "of jose's importJWK"),
    });
  }
} finally {
  rmSync(directory, { recursive: true, force: true });
}
