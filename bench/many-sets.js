// A keystore of 10 000 sets against one of one set, and the memory that commands take.
import { spawnSync } from 'node:child_process';
import { bin, home, isQuick, jwks, medians, once, peak, report, runsOf, scratch } from './measure.js';
import { makeStore } from './store.js';
import { atMost, note } from './table.js';

const count = isQuick ? 1_000 : 10_000;
const sets = count.toLocaleString('en').replace(',', ' ');
const runs = runsOf(20);

export async function store() {
  const small = home('store-small');
  const large = home('store-large');
  await makeStore(small, 1);
  await makeStore(large, count);
  await once(jwks(large, 'list', '-q'));
  const lines = [
    ['export SET', () => ['export', 'set-00000']],
    ['create --alg ES256 SET', (run) => ['create', '--alg', 'ES256', `new-${run}`]],
  ];
  for (const [name, words] of lines) {
    const commands = [small, large].map((env) => (run) => jwks(env, ...words(run)));
    const times = await medians(commands, runs);
    report(`${name}, median of ${runs}, against one set`, ['one set', `${sets} sets`], times, [
      undefined,
      1.1,
    ]);
    const target = atMost(1.1, times[1] / times[0], 'of one set');
    note({ job: `\`${name}\` of ${sets} sets`, time: times[1], target });
  }
  const times = await medians([jwks(large, 'list')], runsOf(5));
  report(`list of ${sets} sets, median of ${runsOf(5)} (target 1500 ms)`, ['list'], times);
  note({ job: `\`list\` of ${sets} sets`, time: times[0], target: atMost(1500, times[0], 'ms', 0) });
}

export async function memory() {
  console.log('\npeak memory of the largest single process (target below 120 MB)');
  const env = home('memory');
  const large = home('store-large');
  await makeStore(large, count);
  measure(env, ['--version']);
  measure(env, ['create', '--alg', 'ES256', 'auth']);
  measure(env, ['create', '--alg', 'RS256', 'rsa']);
  measure(env, ['list']);
  measure(env, ['export', 'auth']);
  measure(large, ['create', '--alg', 'ES256', 'another'], ` (${sets} sets)`);
  measure(large, ['export', 'set-00000'], ` (${sets} sets)`);
  measure(large, ['list'], ` (${sets} sets)`);
}

function measure(env, argv, addition = '') {
  const stdio = ['ignore', 'ignore', 'ignore', 'pipe'];
  const { output, status } = spawnSync(process.execPath, ['-r', peak, bin, ...argv], {
    env,
    cwd: scratch,
    stdio,
  });
  if (status !== 0) throw new Error(`${argv.join(' ')}: exit ${status}`);
  const megabytes = Number(output[3]) / 1024;
  console.log(`  ${(argv.join(' ') + addition).padEnd(50)} ${megabytes.toFixed(0).padStart(6)} MB`);
  const target = atMost(120, megabytes, 'MB', 0);
  note({ job: `memory of \`${argv.join(' ')}\`${addition}`, jwks: `${target.is} MB`, target });
}
