// A writer is killed or stopped anywhere: what it has reported is there, and it stands in nobody's way.
// JWKS_FAULTS=more kills and stops more of them.
import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { cleanEnv, type Finished, finish, jwks } from '../support/command.ts';
import { ofExtent } from '../support/extent.ts';
import { revisionsIn } from '../support/keystore-files.ts';
import { Home, inTurn, printedKid, seeded, usualTime } from '../support/keystore-processes.ts';

const atOnce = 4;
const [killed, told, rounds] = ofExtent({ few: [20, 8, 1], more: [200, 60, 5] });

/** Creates that get a signal at a moment that is drawn from the time they usually take. */
async function signalled(home: Home, signal: NodeJS.Signals, count: number, sets: readonly string[]) {
  const usual = await usualTime(home, atOnce);
  const random = seeded(`${signal} of ${count} writers, who usually take ${Math.round(usual)} ms`);
  const delays = Array.from({ length: count }, () => usual * (0.3 + 0.65 * random()));
  return inTurn(count, atOnce, async (index) => {
    const set = sets[index % sets.length] ?? '';
    const child = home.startCreate(set);
    const timer = setTimeout(() => child.kill(signal), delays[index]);
    const finished = await finish(child);
    clearTimeout(timer);
    return { set, finished, kid: printedKid(finished) };
  });
}

/** Every reported key is there once; each revision has brought one key, reported or not. */
async function expectNoneLost(home: Home, set: string, reported: readonly string[]): Promise<string[]> {
  const { kids, revision } = await home.read(set);
  expect(kids).toEqual(expect.arrayContaining([...reported]));
  expect(new Set(kids).size).toBe(kids.length);
  expect(revision).toBe(kids.length);
  const texts = revisionsIn(`${home.keystore}/sets/${set}`);
  expect(texts).toHaveLength(revision);
  expect(texts.at(-1)).not.toBe('');
  return kids;
}

test(`${killed} writers are killed at random moments`, { timeout: 120_000 }, async () => {
  const home = new Home();
  const sets = ['a', 'b', 'c', 'd'];
  // On a slow machine all writers of a set may be killed before it is there.
  for (const set of sets) expect((await home.create(set)).status).toBe(0);
  const done = await signalled(home, 'SIGKILL', killed, sets);
  let there = 0;
  const isReported = ({ finished, kid }: { finished: Finished; kid: string | undefined }) =>
    finished.status === 0 || kid !== undefined;
  for (const set of sets) {
    const reported = done
      .filter((one) => one.set === set && isReported(one))
      .map(({ kid }) => kid ?? 'not printed');
    const kids = await expectNoneLost(home, set, reported);
    there += kids.length;
  }
  const listed = await jwks(['list', '--format', 'json'], { env: cleanEnv(home.path), cwd: home.path });
  expect(listed.status).toBe(0);
  // Whoever comes next empties what a killed one could not.
  for (const set of sets) {
    expect((await home.create(set)).status).toBe(0);
    expect(revisionsIn(`${home.keystore}/sets/${set}`).filter((text) => text !== '')).toHaveLength(1);
  }
  const dead = done.filter(({ finished }) => finished.signal === 'SIGKILL').length;
  console.log(`${dead} killed, ${done.filter(isReported).length} reported, ${there} keys there`);
});

test(`${told} writers are told to end: what they report is exactly what is there`, {
  timeout: 60_000,
}, async () => {
  const home = new Home();
  const first = new Map<string, string | undefined>();
  for (const set of ['a', 'b']) first.set(set, printedKid(await home.create(set)));
  const done = await signalled(home, 'SIGTERM', told, ['a', 'b']);
  const odd = done.filter(
    ({ finished: { status, signal } }) => signal !== 'SIGTERM' && status !== 0 && status !== 143,
  );
  expect(odd).toEqual([]);
  for (const set of ['a', 'b']) {
    const later = done.filter((one) => one.set === set).flatMap(({ kid }) => kid ?? []);
    const reported = [first.get(set) ?? 'not printed', ...later];
    expect((await expectNoneLost(home, set, reported)).sort()).toEqual(reported.sort());
  }
  const ended = done.filter(({ finished: { status } }) => status !== 0).length;
  console.log(`${ended} of ${told} ended early`);
});

test('a writer is stopped while ten others finish, and then goes on', { timeout: 60_000 }, async () => {
  const home = new Home();
  const usual = await usualTime(home, 1);
  const random = seeded('SIGSTOP');
  const ends: string[] = [];
  const printed: string[] = [];
  for (let round = 0; round < rounds; round++) {
    const child = home.startCreate('auth');
    const finished = finish(child);
    await pause(usual * (0.3 + 0.7 * random()));
    child.kill('SIGSTOP');
    const others = await inTurn(10, atOnce, () => home.create('auth'));
    expect(others.filter(({ status }) => status !== 0)).toEqual([]);
    child.kill('SIGCONT');
    const stopped = await finished;
    expect([0, 5]).toContain(stopped.status);
    printed.push(...[...others, stopped].flatMap((one) => printedKid(one) ?? []));
    ends.push(`${stopped.status}`);
  }
  expect((await expectNoneLost(home, 'auth', printed)).sort()).toEqual(printed.sort());
  console.log(`the stopped ones ended with ${ends.join(', ')}`);
});
