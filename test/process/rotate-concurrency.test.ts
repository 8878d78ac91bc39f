// Many processes rotate one set at once, and some are killed or interrupted: one successor, and nothing half done.
// JWKS_FAULTS=more: more processes, and kills at more places.
import { existsSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Machine } from '../support/cli.ts';
import { cleanEnv, type Finished, finish, start } from '../support/command.ts';
import { ofExtent } from '../support/extent.ts';
import { revisionsIn, temporariesBelow } from '../support/keystore-files.ts';
import { seeded } from '../support/keystore-processes.ts';

const isLong = ofExtent({ few: false, more: true });
const many = isLong ? 20 : 6;

/** A machine whose sets were made 100 days ago by the real clock, with a policy that makes them due. */
async function withDueSets(...sets: readonly string[]): Promise<Machine> {
  const past = new Date(Date.now() - 100 * 86_400_000).toISOString();
  const machine = new Machine(`${past.slice(0, 19)}Z`);
  for (const set of sets) {
    expect((await machine.jwks(`create --alg ES256 ${set}`)).status).toBe(0);
  }
  expect((await machine.jwks('policy --all --rotate-every 90d')).status).toBe(0);
  return machine;
}

function startIn({ home }: Machine, ...argv: readonly string[]): ReturnType<typeof start> {
  return start(argv, { env: cleanEnv(home), cwd: home });
}

const run = (machine: Machine, ...argv: readonly string[]) => finish(startIn(machine, ...argv));

/** The states of each set's keys by the real clock, newest first. */
async function statesIn(machine: Machine): Promise<Record<string, string[]>> {
  const { status, stdout } = await run(machine, 'list', '--format', 'json');
  expect(status).toBe(0);
  const { sets } = JSON.parse(stdout) as { sets: { set: string; keys: { state: string }[] }[] };
  return Object.fromEntries(sets.map(({ set, keys }) => [set, keys.map(({ state }) => state)]));
}

const kidsOf = (ran: readonly Finished[]) =>
  ran.flatMap(({ stdout }) => stdout.split('\n').filter((line) => line !== ''));

const directoryOf = ({ home }: Machine, set: string) => `${home}/.local/share/jwks/sets/${set}`;

/** Resolves as soon as a set has the revision behind its policy, or the process has ended. */
async function rotated(machine: Machine, set: string, child: ReturnType<typeof start>): Promise<void> {
  while (!existsSync(`${directoryOf(machine, set)}/3.json`) && child.exitCode === null) await turn();
}

test.each([
  [2, ['rotate', '-q', 'auth']],
  [many, ['rotate', '-q', 'auth']],
  [many, ['rotate', '-q', '--due']],
] as const)('%i processes at once, each %j: one successor', { timeout: 60_000 }, async (count, argv) => {
  const machine = await withDueSets('auth');
  const ran = await Promise.all(Array.from({ length: count }, () => run(machine, ...argv)));
  expect(ran.filter(({ status, stderr }) => status !== 0 || stderr !== '')).toEqual([]);
  expect(kidsOf(ran)).toHaveLength(1);
  expect(await statesIn(machine)).toEqual({ auth: ['next', 'active'] });
  expect(revisionsIn(directoryOf(machine, 'auth'))).toHaveLength(3);
  expect(temporariesBelow(machine.home).filter((path) => path.endsWith('.json'))).toEqual([]);
});

test('two at once that each want it --now: one key, the other is refused', async () => {
  const machine = await withDueSets('auth');
  const ran = await Promise.all([1, 2].map(() => run(machine, 'rotate', '-q', '--now', 'auth')));
  expect(ran.map(({ status }) => status).sort()).toEqual([0, 5]);
  expect(kidsOf(ran)).toHaveLength(1);
  expect(await statesIn(machine)).toEqual({ auth: ['active', 'retiring'] });
});

test('killed anywhere in five sets: each is old or new, and the next run finishes', {
  timeout: 60_000,
}, async () => {
  const sets = ['a', 'b', 'c', 'd', 'e'];
  const random = seeded('rotate --due is killed');
  const done: number[] = [];
  for (const last of isLong ? [undefined, 'a', 'c', 'e'] : [undefined, 'c']) {
    const machine = await withDueSets(...sets);
    const child = startIn(machine, 'rotate', '--due', '-q');
    const finished = finish(child);
    // Behind the revision of that set, or at any moment of the start.
    if (last !== undefined) await rotated(machine, last, child);
    const pause = Math.floor(random() * 300);
    for (let i = 0; i < pause; i++) await turn();
    child.kill('SIGKILL');
    await finished;
    const halfway = await statesIn(machine);
    const isOneOf = (states: readonly string[] = []) => ['active', 'next active'].includes(states.join(' '));
    expect(sets.filter((set) => !isOneOf(halfway[set]))).toEqual([]);
    done.push(sets.filter((set) => halfway[set]?.length === 2).length);
    const next = await run(machine, 'rotate', '--due', '-q');
    expect({ status: next.status, stderr: next.stderr }).toEqual({ status: 0, stderr: '' });
    expect(kidsOf([next])).toHaveLength(5 - (done.at(-1) ?? 0));
    expect(await statesIn(machine)).toEqual(Object.fromEntries(sets.map((set) => [set, ['next', 'active']])));
    expect((await run(machine, 'rotate', '--due', '-q')).stdout).toBe('');
  }
  console.log(`sets done when it was killed: ${done.join(', ')}`);
});

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('%s between sets: what was done is reported, exit %i', async (signal, status) => {
  const sets = Array.from({ length: 15 }, (_, index) => `set-${index + 10}`);
  const machine = await withDueSets(...sets);
  const child = startIn(machine, 'rotate', '--due', '--format', 'json');
  const finished = finish(child);
  await rotated(machine, 'set-10', child);
  child.kill(signal);
  const ran = await finished;
  expect({ status: ran.status, signal: ran.signal }).toEqual({ status, signal: null });
  const states = await statesIn(machine);
  const changed = sets.filter((set) => states[set]?.length === 2);
  const { changes, failed } = JSON.parse(ran.stdout) as Record<'changes' | 'failed', { set: string }[]>;
  expect([...new Set(changes.map(({ set }) => set))]).toEqual(changed);
  expect(changed).toContain('set-10');
  expect(changed.length).toBeLessThan(sets.length);
  expect(failed.map(({ set }) => set)).toEqual(sets.filter((set) => !changed.includes(set)));
  expect(ran.stderr).toContain('sets were not begun');
  expect((await run(machine, 'rotate', '--due', '-q')).status).toBe(0);
  expect(Object.values(await statesIn(machine))).toEqual(sets.map(() => ['next', 'active']));
});
