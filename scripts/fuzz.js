// Reads and proves mutated keys for a minute (or `npm run fuzz -- SECONDS [SEED]`): whatever comes, a key is proved or
// refused by an error of ours, within five seconds. A worker does it, so that one that hangs is seen.
import { randomInt } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { makeCorpus, passphrase } from './fuzz/corpus.js';
import { mulberry32, mutate, pick } from './fuzz/mutate.js';

const longest = 5_000;

async function watch() {
  const seconds = Number(process.argv[2] ?? 60);
  const seed = Number(process.argv[3] ?? randomInt(2 ** 31));
  const directory = mkdtempSync(join(tmpdir(), 'jwks-fuzz-'));
  console.log(`fuzz: seed ${seed}, ${seconds} s`);
  try {
    await bundle(directory);
    const corpus = makeCorpus(directory);
    const started = performance.now();
    const worker = new Worker(new URL(import.meta.url), { workerData: { directory, corpus, seed, seconds } });
    let [runs, heard, last] = [0, performance.now(), undefined];
    const outcome = await new Promise((resolve) => {
      const timer = setInterval(() => {
        if (performance.now() - heard > longest)
          resolve({ fault: `run ${runs + 1} takes longer than ${longest} ms` });
      }, 100);
      worker.on('message', (message) => {
        heard = performance.now();
        if (message.input !== undefined) last = message.input;
        if (message.runs !== undefined) runs = message.runs;
        if (message.end !== undefined) resolve(message.end);
      });
      worker.on('error', (error) => resolve({ fault: `the worker died: ${error.message}` }));
      worker.on('exit', () => clearInterval(timer));
    });
    await worker.terminate();
    const { fault, proved = 0, refused = 0, slowest = 0 } = outcome;
    const took = ((performance.now() - started) / 1000).toFixed(1);
    console.log(
      `fuzz: ${runs} runs in ${took} s from ${corpus.length} files: ${proved} proved, ${refused} refused, ` +
        `the slowest took ${slowest.toFixed(0)} ms`,
    );
    if (fault !== undefined) {
      const file = join(tmpdir(), `jwks-fuzz-${seed}-${runs + 1}`);
      writeFileSync(file, last ?? '', { mode: 0o600 });
      console.error(`fuzz: ${fault}\nfuzz: the input is ${file}`);
      process.exitCode = 1;
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function bundle(directory) {
  const { rolldown } = await import('rolldown');
  const source = (path) => fileURLToPath(new URL(`../src/jose/${path}`, import.meta.url));
  const built = await rolldown({
    input: { read: source('read/read-keys.ts'), prove: source('prove/prove-key.ts') },
    platform: 'node',
    external: [/^node:/],
  });
  const names = { entryFileNames: '[name].mjs', chunkFileNames: '[name].mjs' };
  await built.write({ dir: directory, format: 'esm', ...names });
}

async function fuzz({ directory, corpus, seed, seconds }) {
  const load = (name) => import(pathToFileURL(join(directory, name)).href);
  const [{ readKeys }, { proveKeys }] = [await load('read.mjs'), await load('prove.mjs')];
  const random = mulberry32(seed);
  const [until, counts] = [performance.now() + 1000 * seconds, { proved: 0, refused: 0, slowest: 0 }];
  let runs = 0;
  for (let end; end === undefined; runs++) {
    const input = mutate(Buffer.from(pick(corpus, random)), corpus, random);
    parentPort.postMessage({ runs, input });
    const started = performance.now();
    const fault = await tryOne(input);
    counts.slowest = Math.max(counts.slowest, performance.now() - started);
    if (fault !== undefined || performance.now() > until) end = { ...counts, fault };
    if (end !== undefined) parentPort.postMessage({ runs: runs + 1, end });
  }

  async function tryOne(input) {
    try {
      const found = await readKeys(input, 'fuzz', { passphrase: async () => passphrase });
      for (const key of await proveKeys(found)) {
        counts.proved++;
        if (!key.isPrivate && /"(?:d|p|q|k|priv)":/.test(JSON.stringify(key.jwk)))
          return 'a public key has a private member';
      }
    } catch (error) {
      counts.refused++;
      const isOurs = error.name === 'JwksError' && ['bad-key', 'secret', 'unsupported'].includes(error.code);
      if (!isOurs) return `${error.name} (${error.code}): ${error.message}\n${error.stack}`;
      // Ours are a name, a place and words: whatever else is there was quoted.
      if (!/^[\x20-\x7e]*$/.test(error.message) || /[\w+/-]{44}/.test(error.message))
        return `a message quotes: ${error.message}`;
    }
    return undefined;
  }
}

if (isMainThread) await watch();
else await fuzz(workerData);
