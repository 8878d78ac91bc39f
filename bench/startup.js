// The start of the commands that are run most, against that of Node.
import { join } from 'node:path';
import { home, installed, jwks, medians, once, report, runsOf, scratch } from './measure.js';
import { atMost, note } from './table.js';

const runs = runsOf(20);
const variable = 'NODE_EXTRA_CA_CERTS';

export async function startup() {
  await withEnv('', (env) => env);
  // Node reads them all before it begins, so that all the rest is a smaller part.
  if (process.env[variable] !== undefined)
    await withEnv(`, without ${variable}`, ({ [variable]: _, ...env }) => env);
  await asInstalled();
}

async function withEnv(note_, change) {
  const at = (name) => change(home(`${name}${note_.length}`));
  const [five, again] = [at('five'), at('again')];
  for (let key = 0; key < 5; key++) await once(jwks(five, 'create', '--alg', 'ES256', 'auth'));
  await once(jwks(again, 'create', '--alg', 'ES256', 'auth'));
  const nothing = { command: process.execPath, argv: ['-e', '0'], env: five };
  const rows = [
    ['node -e 0', nothing],
    ['--version', jwks(five, '--version'), 1.15],
    ['list (5 keys)', jwks(five, 'list'), 1.4],
    ['export (5 keys)', jwks(five, 'export', 'auth'), 1.4],
    ['create --alg ES256', (run) => jwks(again, 'create', '--alg', 'ES256', `set-${run}`), 1.5],
    ['the same, first run of all', (run) => jwks(at(`first-${run}-`), 'create', '--alg', 'ES256', 'auth')],
  ];
  const [names, commands, targets] = [0, 1, 2].map((column) => rows.map((row) => row[column]));
  const times = await medians(commands, runs);
  report(`start-up, median of ${runs}, against node -e 0${note_}`, names, times, targets);
  for (const [index, limit] of targets.entries()) {
    if (limit === undefined) continue;
    const target = atMost(limit, times[index] / times[0], 'of `node -e 0`');
    note({ job: `\`${names[index]}\`${note_}`, time: times[index], target });
  }
}

/** From the tarball, which has no code cache; Node 22 and newer make one where they are told to. */
async function asInstalled() {
  const env = home('installed-home');
  const file = installed();
  const kept = { ...env, NODE_COMPILE_CACHE: join(scratch, 'compile-cache') };
  await once(jwks(env, 'create', '--alg', 'ES256', 'auth'));
  const ways = [
    ['where it was built', jwks(env).argv[0], env],
    ['installed', file, env],
    ['installed, with NODE_COMPILE_CACHE', file, kept],
  ].slice(0, Number(process.versions.node.split('.')[0]) < 22 ? 2 : 3);
  for (const line of ['list', 'sign auth --sub alice']) {
    const commands = ways.map(([, path, its]) => ({ ...jwks(its), argv: [path, ...line.split(' ')] }));
    const times = await medians(commands, runs);
    const names = ways.map(([name]) => name);
    report(`${line}, median of ${runs}, against where it was built`, names, times);
    for (const [index, name] of names.entries()) {
      const job = `\`${line}\`, ${name}: ${(times[index] / times[0]).toFixed(2)} of where it was built`;
      if (index > 0) note({ job, time: times[index] });
    }
  }
}
