// Measures `jwks serve` against a bare node:http server that answers the same bytes with the same headers:
// `npm run build && node bench/serve.js [runs] [answers]`. Runs are taken in turn; the servers share one core, and have it to
// themselves where there is `taskset`: the load comes from another.
import { spawn, spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, truncateSync } from 'node:fs';
import { request } from 'node:http';
import { connect, createServer } from 'node:net';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { atLeast, atMost, note } from './table.js';

const bin = fileURLToPath(new URL('../bin/jwks.js', import.meta.url));
const autocannon = fileURLToPath(import.meta.resolve('autocannon'));
const runs = Number(process.argv[2] ?? 9);
const most = Number(process.argv[3] ?? 1_000_000);
const seconds = 2;
const connections = 50;
const starts = 15;
const path = '/.well-known/jwks.json';
const isPinned = availableParallelism() > 1 && spawnSync('taskset', ['-V']).status === 0;
const scratch = mkdtempSync(join(tmpdir(), 'jwks-bench-'));
const kept = Object.entries(process.env).filter(([name]) => !/^(?:JWKS_|XDG_|NODE_OPTIONS)/.test(name));
const env = { ...Object.fromEntries(kept), HOME: join(scratch, 'home') };

/** What a server does at least: a Buffer, a list of headers, and the one comparison that makes a 304. */
const bare = `
const [port, status200, status304, text] = process.argv.slice(1);
const [whole, unchanged, body] = [JSON.parse(status200), JSON.parse(status304), Buffer.from(text)];
const etag = whole[whole.indexOf('etag') + 1];
const server = require('node:http').createServer({ keepAliveTimeout: 75_000 }, (request, response) => {
  if (request.headers['if-none-match'] === etag) response.writeHead(304, unchanged).end();
  else response.writeHead(200, whole).end(body);
});
server.listen(Number(port), '127.0.0.1');
`;

/**
 * Asks at a steady rate whether or not answers come, and prints the 99th percentile of the time from when a request
 * was due. autocannon asks for a second's share at once, as fast as it can, and then rests.
 */
const steady = `
const [port, path, size, rate, seconds, count] = process.argv.slice(1).map((word, at) => (at === 1 ? word : Number(word)));
const head = 'GET ' + path + ' HTTP/1.1\\r\\nHost: 127.0.0.1\\r\\n\\r\\n';
const times = [];
let begun;
const connections = Array.from({ length: count }, () => {
  const waiting = [];
  let bytes = 0;
  const socket = require('node:net').connect(port, '127.0.0.1').setNoDelay(true);
  socket.on('data', (chunk) => {
    const now = performance.now();
    for (bytes += chunk.length; bytes >= size; bytes -= size) times.push(now - waiting.shift());
  });
  return { waiting, socket };
});
let asked = 0;
function ask() {
  const now = performance.now();
  if (now - begun > seconds * 1000) return finish();
  for (; asked < ((now - begun) / 1000) * rate; asked++) {
    const { waiting, socket } = connections[asked % count];
    waiting.push(begun + (asked / rate) * 1000);
    socket.write(head);
  }
  setImmediate(ask);
}
function finish() {
  setTimeout(() => {
    if (times.length !== asked) throw new Error(times.length + ' answers to ' + asked + ' requests');
    const sorted = Float64Array.from(times).sort();
    console.log(JSON.stringify({ rate: asked / seconds, p50: sorted[asked >> 1], p99: sorted[Math.floor(asked * 0.99)] }));
    process.exit();
  }, 500);
}
setTimeout(() => {
  begun = performance.now();
  ask();
}, 200);
`;

/** Node under a command line of its own, on the core of the servers (0) or of the load (1). */
function pinned(core, argv) {
  const words = [process.execPath, ...argv];
  return isPinned ? ['taskset', '-c', String(core), ...words] : words;
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** A server and where its log goes, once it answers. */
async function start(name, toWords) {
  const port = await freePort();
  const log = join(scratch, `${name.replaceAll(' ', '-')}.log`);
  const stderr = openSync(log, 'a');
  const [command, ...argv] = pinned(0, toWords(port));
  const child = spawn(command, argv, { env, stdio: ['ignore', 'ignore', stderr] });
  closeSync(stderr);
  const server = { name, child, port, log };
  await firstAnswer(server);
  return server;
}

function stop({ child }) {
  return new Promise((resolve) => {
    child.once('close', resolve);
    child.kill('SIGTERM');
  });
}

const serveWords = (port, ...options) => [bin, 'serve', 'auth', '--port', String(port), ...options];

function ask(port, headers = {}) {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, path, headers, agent: false }, async (response) => {
      const chunks = [];
      for await (const chunk of response) chunks.push(chunk);
      resolve({ status: response.statusCode, raw: response.rawHeaders, body: Buffer.concat(chunks) });
    });
    asked.on('error', reject);
    asked.end();
  });
}

async function firstAnswer({ name, child, port, log }) {
  for (;;) {
    try {
      if ((await ask(port)).status === 200) return;
    } catch (error) {
      if (error.code !== 'ECONNREFUSED') throw error;
    }
    if (child.exitCode !== null) throw new Error(`${name}: ${log && readFileSync(log, 'utf8')}`);
    await pause(1);
  }
}

/** Without what Node adds to each answer by itself. */
function ownHeaders({ raw }) {
  const kept = [];
  for (let at = 0; at < raw.length; at += 2)
    if (!/^(?:date|connection|keep-alive)$/i.test(raw[at])) kept.push(raw[at], raw[at + 1]);
  return kept;
}

/** Processor time of all threads, in seconds. */
function cpuOf({ child }) {
  const fields = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

const residentOf = ({ child }) =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))[1]) / 1024;

/** One run of autocannon: what it counted, and what the server needed for it. */
async function load(server, status, ...options) {
  const argv = [autocannon, '--json', '-c', String(connections), ...options];
  const [command, ...words] = pinned(1, [...argv, `http://127.0.0.1:${server.port}${path}`]);
  const before = cpuOf(server);
  const child = spawn(command, words, { env, stdio: ['ignore', 'pipe', 'ignore'] });
  let output = '';
  for await (const chunk of child.stdout) output += chunk;
  const cpu = cpuOf(server) - before;
  truncateSync(server.log);
  const { requests, latency, duration, errors, timeouts, statusCodeStats } = JSON.parse(output);
  const counted = statusCodeStats[status]?.count ?? 0;
  if (errors + timeouts > 0 || counted !== requests.total || counted === 0)
    throw new Error(`${server.name}: ${JSON.stringify({ errors, timeouts, statusCodeStats })}`);
  return { rate: counted / duration, cpu: (cpu / counted) * 1e6, busy: cpu / duration, p99: latency.p99 };
}

const medianOf = (list) => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)];

/** What each server did in each round; the first round warms up. */
async function rounds(servers, measure) {
  const results = servers.map(() => []);
  for (let run = -1; run < runs; run++) {
    for (const [index, server] of servers.entries()) {
      const result = await measure(server);
      if (run >= 0) results[index].push(result);
    }
  }
  return results;
}

const median = (results, figure) => medianOf(results.map((result) => result[figure]));

/** The median of the ratios of each round: one that others disturb disturbs all that was measured in it. */
const ratio = (results, base, figure) =>
  medianOf(results.map((result, round) => result[figure] / base[round][figure])).toFixed(2);

async function throughput(servers, status, ...options) {
  const results = await rounds(servers, (server) => load(server, status, '-d', String(seconds), ...options));
  console.log(
    `\nanswers ${status}, ${connections} connections, median of ${runs} (target of the rate >= 0.85)`,
  );
  const [base] = results;
  for (const [index, each] of results.entries()) {
    const [rate, cpu, busy] = ['rate', 'cpu', 'busy'].map((figure) => median(each, figure));
    console.log(
      `  ${servers[index].name.padEnd(24)} ${rate.toFixed(0).padStart(7)} /s  ${ratio(each, base, 'rate')}` +
        `   ${cpu.toFixed(1).padStart(6)} us of CPU each  ${ratio(each, base, 'cpu')}   ${(busy * 100).toFixed(0)} % busy`,
    );
    const target = atLeast(0.85, Number(ratio(each, base, 'rate')), 'of bare node:http');
    const job = `\`${servers[index].name}\`, answers ${status}`;
    if (each !== base) note({ job, jwks: `${rate.toFixed(0)} /s`, target });
  }
  return results.map((each) => median(each, 'rate'));
}

/** Length of an answer: they are all of one. */
function lengthOf({ port }) {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', reject);
    socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`);
    socket.once('data', (chunk) => {
      socket.destroy();
      resolve(chunk.length);
    });
  });
}

async function askSteadily(server, rate) {
  const figures = [server.port, path, await lengthOf(server), rate, seconds, connections];
  const [command, ...argv] = pinned(1, ['-e', steady, ...figures.map(String)]);
  const child = spawn(command, argv, { env, stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  for await (const chunk of child.stdout) output += chunk;
  truncateSync(server.log);
  return JSON.parse(output);
}

async function latency(servers, rates) {
  const half = new Map(servers.map((server, index) => [server, Math.round(rates[index] / 2)]));
  const evenly = await rounds(servers, (server) => askSteadily(server, half.get(server)));
  const bursts = await rounds(servers, (server) =>
    load(server, 200, '-d', String(seconds), '-R', String(half.get(server))),
  );
  console.log(`\nlatency at half of that rate, answers 200, median of ${runs} (target of p99 < 5 ms)`);
  for (const [index, { name }] of servers.entries()) {
    const [rate, p50, p99] = ['rate', 'p50', 'p99'].map((figure) => median(evenly[index], figure));
    console.log(
      `  ${name.padEnd(24)} ${rate.toFixed(0).padStart(7)} /s  p50 ${p50.toFixed(2)} ms  p99 ${p99.toFixed(2)} ms` +
        `   a second's share at once, by autocannon: p99 ${median(bursts[index], 'p99')} ms`,
    );
    const job = `\`${name}\`, 99th percentile at ${rate.toFixed(0)} /s`;
    if (name.startsWith('jwks')) note({ job, jwks: `${p99.toFixed(2)} ms`, target: atMost(5, p99, 'ms') });
  }
}

async function memory(servers) {
  console.log('\nresident memory after so many answers (target: flat)');
  for (const server of servers) {
    let told = '';
    let before = 0;
    const sizes = [];
    for (const count of [1_000, most / 10, most / 2, most]) {
      await load(server, 200, '-a', String(count - before));
      before = count;
      sizes.push(residentOf(server));
      told += `  ${count}: ${sizes.at(-1).toFixed(0)} MB`;
    }
    console.log(`  ${server.name.padEnd(24)}${told}`);
    const job = `memory of \`${server.name}\` after ${most} answers`;
    const target = atMost(1.1, sizes[3] / sizes[1], 'of that after a tenth');
    if (server.name.startsWith('jwks')) note({ job, jwks: `${sizes[3].toFixed(0)} MB`, target });
  }
}

/** Milliseconds until the first answer, or until the end of a command that answers none. */
async function startTime(argv, port) {
  const began = performance.now();
  const child = spawn(process.execPath, argv, { env, stdio: 'ignore' });
  const closed = new Promise((resolve) => child.once('close', resolve));
  await (port === undefined ? closed : firstAnswer({ name: argv.join(' '), child, port }));
  const time = performance.now() - began;
  child.kill('SIGTERM');
  await closed;
  return { time };
}

async function coldStart() {
  const port = await freePort();
  const rows = [
    ['node -e 0', ['-e', '0']],
    ['bare node:http', ['-e', bare, String(port), '["etag","0"]', '[]', '{}'], port],
    ['jwks serve', serveWords(port), port],
    ['jwks serve -q', serveWords(port, '-q'), port],
  ];
  const times = rows.map(() => []);
  for (let run = -1; run < starts; run++) {
    for (const [index, [, argv, at]] of rows.entries()) {
      const { time } = await startTime(argv, at);
      if (run >= 0) times[index].push(time);
    }
  }
  console.log(`\nfrom start to the first answer, median of ${starts}, against node -e 0 (target <= 2)`);
  const base = medianOf(times[0]);
  for (const [index, [name]] of rows.entries()) {
    const time = medianOf(times[index]);
    console.log(`  ${name.padEnd(24)} ${time.toFixed(1).padStart(7)} ms  ${(time / base).toFixed(2)}`);
    const target = atMost(2, time / base, 'of `node -e 0`');
    if (name.startsWith('jwks')) note({ job: `\`${name}\` to its first answer`, time, target });
  }
}

const servers = [];
try {
  mkdirSync(env.HOME);
  const made = spawnSync(process.execPath, [bin, 'create', '--alg', 'ES256', 'auth'], {
    env,
    encoding: 'utf8',
  });
  if (made.status !== 0) throw new Error(`jwks create: ${made.stderr}`);
  await coldStart();

  const loud = await start('jwks serve', (port) => serveWords(port));
  servers.push(loud);
  const quiet = await start('jwks serve -q', (port) => serveWords(port, '-q'));
  servers.push(quiet);
  const whole = await ask(loud.port);
  const etag = whole.raw[whole.raw.indexOf('etag') + 1];
  const unchanged = await ask(loud.port, { 'if-none-match': etag });
  const headers = [whole, unchanged].map((answer) => JSON.stringify(ownHeaders(answer)));
  const toWords = (port) => ['-e', bare, String(port), ...headers, whole.body.toString()];
  const plain = await start('bare node:http', toWords);
  servers.unshift(plain);

  const rates = await throughput(servers, 200);
  await throughput(servers, 304, '-H', `If-None-Match=${etag}`);
  await latency(servers, rates);
  await memory([loud, quiet, plain]);
} finally {
  await Promise.all(servers.map(stop));
  rmSync(scratch, { recursive: true, force: true });
}
