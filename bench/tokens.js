// Measures `jwks sign` of 10 000 claims from NDJSON against a bare loop over node:crypto's sign with the same key:
// `npm run build && node bench/tokens.js [runs]`. Runs are taken in turn.
import { spawn, spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { atLeast, note } from './table.js';

const bin = fileURLToPath(new URL('../bin/jwks.js', import.meta.url));
const peak = fileURLToPath(new URL('peak.cjs', import.meta.url));
const count = 10_000;
const runs = Number(process.argv[2] ?? 9);
const scratch = mkdtempSync(join(tmpdir(), 'jwks-bench-'));
const kept = Object.entries(process.env).filter(([name]) => !/^(?:JWKS_|XDG_|NODE_OPTIONS)/.test(name));
const env = { ...Object.fromEntries(kept), HOME: join(scratch, 'home') };

/** What a program does at least: the same key, as many inputs, no output. Prints the milliseconds of its loop. */
const bare = `
const { createPrivateKey, sign } = require('node:crypto');
const { readFileSync } = require('node:fs');
const [file, alg, count] = process.argv.slice(1);
const key = createPrivateKey({ key: JSON.parse(readFileSync(file)).keys[0], format: 'jwk' });
const how = { key, dsaEncoding: 'ieee-p1363' };
const hash = alg.startsWith('Ed') ? null : 'sha256';
const input = Buffer.alloc(320, 'e');
const start = performance.now();
for (let n = 0; n < Number(count); n++) sign(hash, input, how);
console.log(performance.now() - start);
`;

function jwks(...argv) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [bin, ...argv], { env, encoding: 'utf8' });
  if (status !== 0) throw new Error(`jwks ${argv.join(' ')}: ${stderr}`);
  return stdout;
}

/** Milliseconds of a whole run that signs a file, its tokens into a pipe that is read. */
function signAll(set, file) {
  return new Promise((resolve, reject) => {
    const stdin = openSync(file, 'r');
    const start = performance.now();
    const child = spawn(process.execPath, [bin, 'sign', set, '--claims', '-'], {
      env,
      stdio: [stdin, 'pipe', 'inherit'],
    });
    child.stdout.resume();
    child.on('close', (status) => {
      closeSync(stdin);
      if (status === 0) resolve(performance.now() - start);
      else reject(new Error(`jwks sign: exit ${status}`));
    });
  });
}

/** Milliseconds of the loop, and of the whole program. */
function loop(file, alg) {
  const start = performance.now();
  const { stdout } = spawnSync(process.execPath, ['-e', bare, file, alg, String(count)], {
    env,
    encoding: 'utf8',
  });
  return { inside: Number(stdout), whole: performance.now() - start };
}

/** Of runs that others disturb the fastest tells most. */
const fastest = (list) => Math.min(...list);

function claims(lines) {
  const file = join(scratch, `${lines}.ndjson`);
  const texts = Array.from({ length: lines }, (_, n) =>
    JSON.stringify({
      iss: 'https://issuer.example',
      sub: `user-${n}`,
      aud: 'api',
      scope: 'openid profile',
      n,
    }),
  );
  writeFileSync(file, `${texts.join('\n')}\n`);
  return file;
}

function report(name, theirs, ours) {
  const [loopTime, signTime] = [theirs, ours].map((time) => `${time.toFixed(0).padStart(6)} ms`);
  console.log(`  ${name.padEnd(32)} loop ${loopTime}   sign ${signTime}   ${(theirs / ours).toFixed(2)}`);
  const target = atLeast(0.9, theirs / ours, "of a bare loop's rate");
  note({ job: `sign ${count} tokens: ${name}`, time: ours, target });
}

const [cpu] = cpus();
console.log(`Node ${process.versions.node}, ${availableParallelism()} cores (${cpu?.model.trim()})`);
try {
  mkdirSync(env.HOME);
  const [many, one] = [claims(count), claims(1)];
  console.log(`\nsign of ${count} tokens, fastest of ${runs}, as a rate against a loop (target >= 0.90)`);
  for (const [set, alg, ...bits] of [
    ['rs', 'RS256', '--bits', '2048'],
    ['es', 'ES256'],
    ['ed', 'Ed25519'],
  ]) {
    jwks('create', '--alg', alg, ...bits, set);
    const file = join(scratch, `${set}.json`);
    jwks('export', set, '--private', '-o', file);
    const times = { inside: [], whole: [], all: [], one: [] };
    for (let run = 0; run < runs; run++) {
      const { inside, whole } = loop(file, alg);
      times.inside.push(inside);
      times.whole.push(whole);
      times.all.push(await signAll(set, many));
      times.one.push(await signAll(set, one));
    }
    const {
      inside,
      whole,
      all,
      one: start,
    } = Object.fromEntries(Object.entries(times).map(([name, list]) => [name, fastest(list)]));
    report(`${alg}, whole programs`, whole, all);
    report(`${alg}, without their starts`, inside, all - start);
  }
  const stdio = ['ignore', 'ignore', 'ignore', 'pipe'];
  const large = claims(200_000);
  for (const file of [one, large]) {
    const argv = ['-r', peak, bin, 'sign', 'ed', '--claims', `@${file}`];
    const { output } = spawnSync(process.execPath, argv, { env, stdio });
    const lines = file === one ? 'one token' : '200 000 tokens';
    console.log(`  peak memory of ${lines}: ${(Number(output[3]) / 1024).toFixed(0)} MB`);
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
