// Hammers a built `jwks serve` while its keystore changes (`node scripts/load.js [--seconds 30] [--within 1000]`): every
// answer is checked, and what a command has done must be seen so many milliseconds after its end.
import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Page } from './load/page.js';

const bin = fileURLToPath(new URL('../bin/jwks.js', import.meta.url));
const connections = 16;
const longestWait = 10_000;
const names = ['auth', 'billing', 'hydra.openid.id-token'];
const wellKnown = '/.well-known/jwks.json';
/** In turn, each for the next set: keys come, change their order and go, and a set never gets long. */
const changes = [
  ['create', '--alg', 'ES256'],
  ['rotate', '--now', '--force'],
  ['revoke', '--signer', '--reason', 'superseded'],
  ['rotate'],
  ['revoke', '--all', '--reason', 'keyCompromise'],
];

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '30' }, within: { type: 'string', default: '1000' } },
});
const [seconds, within] = [Number(values.seconds), Number(values.within)];

const faults = [];
function fault(text) {
  if (faults.length < 20) console.error(`load: ${text}`);
  faults.push(text);
}

/** How many keys each set can have at most: those that were ever asked for since it had one. */
const most = new Map(names.map((name) => [name, 1]));
const bounds = (sets) => () => [sets.length, sets.reduce((sum, name) => sum + most.get(name), 0)];
const pages = [
  new Page(wellKnown, bounds(names)),
  ...names.map((name) => new Page(`/sets/${encodeURIComponent(name)}${wellKnown}`, bounds([name]))),
];

async function main() {
  const home = mkdtempSync(join(tmpdir(), 'jwks-load-'));
  const env = { PATH: process.env.PATH, HOME: home };
  let server;
  try {
    for (const name of names) await jwks(env, ['create', '--alg', 'ES256', name]);
    server = await start(env);
    const end = { isOver: false };
    const began = performance.now();
    const workers = Array.from({ length: connections }, (_, index) => hammer(server.url, index, end));
    const changed = await change(env, began + 1000 * seconds).finally(() => {
      end.isOver = true;
    });
    const counts = await Promise.all(workers);
    const took = (performance.now() - began) / 1000;
    await stop(server);
    const total = (name) => counts.reduce((sum, one) => sum + one[name], 0);
    check(server, total('requests'), total('sockets'));
    console.log(
      `load: ${total('requests')} requests in ${took.toFixed(1)} s (${Math.round(total('requests') / took)}/s), ` +
        `${total('unchanged')} of them 304; ${changed.count} changes, seen after ${changed.slowest.toFixed(0)} ms at most; ` +
        `${server.log.dropped} log lines dropped; ${faults.length} errors`,
    );
    if (faults.length > 0) process.exitCode = 1;
  } finally {
    server?.child.kill('SIGKILL');
    rmSync(home, { recursive: true, force: true });
  }
}

function jwks(env, argv) {
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [bin, ...argv], { env, cwd: env.HOME }, (error, stdout, stderr) => {
      if (error) reject(new Error(`jwks ${argv.join(' ')}: ${stderr || error.message}`));
      else resolve(stdout);
    });
  });
}

/** Its log is counted as it comes: in an hour it has gigabytes. */
function start(env) {
  const argv = [bin, 'serve', '--all', '--port', '0'];
  const child = spawn(process.execPath, argv, { env, cwd: env.HOME, stdio: ['ignore', 'ignore', 'pipe'] });
  const log = { access: 0, dropped: 0, errors: [], other: [] };
  const ended = new Promise((resolve) =>
    child.once('close', (status, signal) => resolve({ status, signal })),
  );
  return new Promise((resolve, reject) => {
    let rest = '';
    child.stderr.setEncoding('utf8').on('data', (chunk) => {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        if (line.includes('"status":200,') || line.includes('"status":304,')) {
          log.access++;
          continue;
        }
        if (!line.startsWith('{') || line.includes('"level":"error"') || line.includes('"status":'))
          log.errors.push(line);
        const { lines: dropped = 0, url } = line.startsWith('{') ? JSON.parse(line) : {};
        log.dropped += dropped;
        if (url !== undefined) resolve({ child, log, ended, url: new URL(url).origin });
      }
    });
    ended.then(({ status }) => reject(new Error(`serve ended with ${status}: ${log.errors.join('\n')}`)));
  });
}

async function stop({ child, ended }) {
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), longestWait);
  const { status, signal } = await ended;
  clearTimeout(timer);
  if (status !== 0) fault(`after SIGTERM it ended with ${status ?? signal}`);
}

function check({ log }, requests, sockets) {
  for (const line of log.errors) fault(`it says: ${line}`);
  if (log.access + log.dropped !== requests) {
    fault(`${requests} requests, but ${log.access} access lines and ${log.dropped} dropped`);
  }
  if (sockets !== connections) fault(`${sockets} connections were needed, not ${connections}`);
}

/** One connection, one request after the other. */
async function hammer(url, index, end) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const counts = { requests: 0, unchanged: 0, sockets: 0 };
  for (let turn = index; !end.isOver; turn++) {
    const page = pages[turn % pages.length];
    // Every third asks as a cache does.
    const etag = turn % 3 === 0 ? page.etag : undefined;
    const before = page.newest;
    try {
      const answer = await ask(url + page.path, agent, etag, counts);
      counts.requests++;
      if (answer.status === 304) counts.unchanged++;
      const wrong = page.faultOf(answer, etag, before);
      if (wrong !== undefined) fault(`${page.path}: ${wrong}`);
    } catch (error) {
      fault(`${page.path}: ${error.message}`);
      await pause(10);
    }
  }
  agent.destroy();
  return counts;
}

function ask(url, agent, etag, counts) {
  return new Promise((resolve, reject) => {
    const headers = etag === undefined ? {} : { 'if-none-match': etag };
    const asked = request(url, { agent, headers, timeout: longestWait }, (response) => {
      const chunks = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        if (!response.complete) reject(new Error('the answer was cut off'));
        resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks) });
      });
    });
    asked.on('timeout', () => asked.destroy(new Error('no answer')));
    asked.on('error', reject);
    asked.on('socket', () => {
      if (!asked.reusedSocket) counts.sockets++;
    });
    asked.end();
  });
}

/** A change a second, and how long it takes until it is seen in its set and among all. */
async function change(env, until) {
  let [count, slowest] = [0, 0];
  for (; performance.now() < until; count++) {
    const next = pause(1_000);
    const name = names[count % names.length];
    const [command, ...options] = changes[count % changes.length];
    // While it works the old and the new are possible.
    most.set(name, most.get(name) + 1);
    await jwks(env, [command, name, ...options]);
    const done = performance.now();
    for (const [page, sets] of [
      [pages[0], names],
      [pages[1 + (count % names.length)], [name]],
    ]) {
      const exported = JSON.stringify(JSON.parse(await jwks(env, ['export', ...sets])));
      const at = await firstSeen(page, exported);
      const delay = Math.max(0, (at ?? performance.now()) - done);
      slowest = Math.max(slowest, delay);
      if (at === undefined)
        fault(`${page.path}: what jwks ${command} did was not seen within ${delay.toFixed(0)} ms`);
      else if (delay > within)
        fault(`${page.path}: what jwks ${command} did was seen after ${delay.toFixed(0)} ms`);
    }
    const exact = JSON.parse(await jwks(env, ['export', name])).keys.length;
    most.set(name, exact);
    await next;
  }
  return { count, slowest };
}

async function firstSeen({ bodies }, text) {
  for (const started = performance.now(); performance.now() - started < longestWait; await pause(5)) {
    const seen = bodies.get(text);
    if (seen !== undefined) return seen.at;
  }
  return undefined;
}

await main();
