// Real file systems on a bad day: a full disk, one that is read-only, and an overlay as containers have it.
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, type TestContext, test } from 'vitest';
import { Machine } from '../support/cli.ts';
import { bin, cleanEnv, type Finished, jwks } from '../support/command.ts';
import { pathsBelow } from '../support/keystore-files.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const isLinux = process.platform === 'linux';

/** Mounts something for as long as a test runs; where that is not permitted the test is skipped. */
function mount(context: TestContext, kind: string, options: string): string {
  const place = temporaryDirectory();
  try {
    execFileSync('mount', ['-t', kind, '-o', options, 'jwks-test', place], { stdio: 'pipe' });
  } catch (error) {
    context.skip(`${kind} cannot be mounted here: ${String(error).trim().split('\n').at(-1)}`);
  }
  context.onTestFinished(() => void execFileSync('umount', ['-l', place]));
  return place;
}

function commandIn(home: string, uid?: number): (line: string) => Promise<Finished> {
  const user = uid === undefined ? {} : { uid, gid: uid };
  return (line) => jwks(line.split(' '), { cwd: home, env: cleanEnv(home), ...user });
}

/** One line that says what is wrong, and perhaps a hint: no stack, no exit of a crash. */
function expectRefused({ status, signal, stdout, stderr }: Finished, reason: RegExp): void {
  expect([status, signal, stdout]).toEqual([1, null, '']);
  expect(stderr).toMatch(reason);
  expect(stderr).not.toMatch(/^ +at |internal/m);
}

/** The same in this process, to see what is there. */
const insideOf = (home: string) => (line: string) => Machine.in(home).jwks(line);

async function expectSigns(
  run: (line: string) => Promise<Omit<Finished, 'signal'>>,
  kids: Iterable<[string, string]>,
) {
  for (const [set, kid] of kids) {
    const { status, stdout, stderr } = await run(`sign ${set} --kid ${kid} --sub me`);
    expect([set, status, stderr]).toEqual([set, 0, '']);
    const header = JSON.parse(Buffer.from(stdout.split('.')[0] ?? '', 'base64url').toString());
    expect(header.kid).toBe(kid);
  }
}

test.runIf(isLinux)('a disk is full', { timeout: 120_000 }, async (context) => {
  const disk = mount(context, 'tmpfs', 'size=256k,mode=700');
  const run = commandIn(disk);
  const ballast = join(disk, 'ballast');
  writeFileSync(ballast, Buffer.alloc(212 * 1024));
  const made = new Map<string, string>();
  let refused = 0;
  // New sets until nothing more fits, then a few more tries, and changes of what is there.
  for (let number = 1; refused < 3; number++) {
    const finished = await run(`create -q --alg ES256 set-${number} k${number}`);
    if (finished.status === 0) made.set(`set-${number}`, finished.stdout.trim());
    else {
      expectRefused(finished, /no space left|disk is full/i);
      refused += 1;
    }
    expect(number).toBeLessThan(100);
  }
  expect(made.size).toBeGreaterThan(3);
  for (const line of [
    'rotate set-1',
    'revoke set-1 k1 --yes',
    'policy set-1 --token-ttl 1h',
    'delete set-2 --yes',
  ])
    expectRefused(await run(line), /no space left|disk is full/i);
  await expectSigns(insideOf(disk), made);
  const listed = JSON.parse((await run('list --format json')).stdout);
  expect(listed.sets.map(({ set }: { set: string }) => set).sort()).toEqual([...made.keys()].sort());
  rmSync(ballast);
  for (const line of ['rotate set-1', 'create -q --alg ES256 more k'])
    expect((await run(line)).status).toBe(0);
  await expectSigns(insideOf(disk), [...made, ['more', 'k']]);
  expect(pathsBelow(disk).filter((path) => /(?:^|\/)\.(?!config|local)[^/]*$/.test(path))).toEqual([]);
  console.log(`a full disk: ${made.size} sets were made, ${refused + 4} changes refused`);
});

test.runIf(isLinux)(
  'a first run on a disk that is full all but a few blocks',
  { timeout: 120_000 },
  async (context) => {
    const results: Record<string, number> = {};
    for (const blocks of [0, 2, 4, 6]) {
      const disk = mount(context, 'tmpfs', 'size=64k,mode=700');
      const run = commandIn(disk);
      writeFileSync(join(disk, 'ballast'), Buffer.alloc((16 - blocks) * 4096));
      const first = await run('create -q --alg ES256 auth k1');
      results[`exit ${first.status}`] = (results[`exit ${first.status}`] ?? 0) + 1;
      if (first.status !== 0) {
        expectRefused(first, /no space left|disk is full/i);
      }
      rmSync(join(disk, 'ballast'));
      // What was begun is ended, with the secret that was made first if it was.
      if (first.status !== 0) expect((await run('create -q --alg ES256 auth k1')).status).toBe(0);
      await expectSigns(insideOf(disk), [['auth', 'k1']]);
    }
    expect(Object.keys(results).sort()).toEqual(['exit 0', 'exit 1']);
    console.log(`first runs: ${JSON.stringify(results)}`);
  },
);

test.runIf(isLinux)('a disk becomes read-only', { timeout: 60_000 }, async (context) => {
  const disk = mount(context, 'tmpfs', 'size=1m,mode=700');
  const run = commandIn(disk);
  expect((await run('create -q --alg ES256 auth k1')).status).toBe(0);
  execFileSync('mount', ['-o', 'remount,ro', disk]);
  for (const line of [
    'create --alg ES256 auth k2',
    'rotate auth',
    'revoke auth k1 --yes',
    'delete auth --yes',
    'secret add --new-secret-file other',
    'rekey --yes',
  ])
    expectRefused(await run(line), /read-only/);
  // What only reads goes on, though it cannot remember what it saw.
  for (const line of ['list', 'export auth', 'history auth', 'get auth'])
    expect((await run(line)).status).toBe(0);
  await expectSigns(insideOf(disk), [['auth', 'k1']]);
  execFileSync('mount', ['-o', 'remount,rw', disk]);
  expect((await run('rotate auth')).status).toBe(0);
  await expectSigns(insideOf(disk), [['auth', 'k1']]);
});

test.runIf(isLinux)('a directory may only be read', { timeout: 60_000 }, async (context) => {
  const home = temporaryDirectory();
  // Root may write anywhere.
  const uid = process.geteuid?.() === 0 ? 65_534 : undefined;
  if (uid !== undefined && spawnSync(process.execPath, [bin, '--version'], { uid }).status !== 0)
    return context.skip(`user ${uid} cannot run ${bin} with ${process.execPath}`);
  if (uid !== undefined) chownSync(home, uid, uid);
  const run = commandIn(home, uid);
  expect(await run('create -q --alg ES256 auth k1')).toMatchObject({ status: 0, stdout: 'k1\n' });
  const keystore = join(home, '.local/share/jwks');
  for (const below of ['sets/auth', 'sets', '.']) {
    const place = join(keystore, below);
    chmodSync(place, 0o500);
    if (below === 'sets/auth') expectRefused(await run('create --alg ES256 auth k2'), /denied|permission/i);
    else if (below === 'sets') expectRefused(await run('create --alg ES256 other k2'), /denied|permission/i);
    else expect((await run('create --alg ES256 auth k2')).status).toBe(0);
    await expectSigns(run, [['auth', 'k1']]);
    chmodSync(place, 0o700);
  }
  expect(statSync(keystore).mode & 0o777).toBe(0o700);
});

test.runIf(isLinux)(
  'an overlay, with a keystore in the layer below',
  { timeout: 60_000 },
  async (context) => {
    const disk = mount(context, 'tmpfs', 'size=4m,mode=700');
    for (const name of ['lower', 'upper', 'work']) mkdirSync(join(disk, name));
    const below = commandIn(join(disk, 'lower'));
    for (const kid of ['k1', 'k2']) expect((await below(`create -q --alg ES256 auth ${kid}`)).status).toBe(0);
    const layers = ['lower', 'upper', 'work'].map((name) => `${name}dir=${join(disk, name)}`).join(',');
    const merged = mount(context, 'overlay', layers);
    const run = commandIn(merged);
    for (const line of [
      'create -q --alg ES256 auth k3',
      'create -q --alg ES256 other k',
      'rotate auth',
      'rekey --yes',
    ])
      expect([line, (await run(line)).status]).toEqual([line, 0]);
    await expectSigns(insideOf(merged), [
      ['auth', 'k1'],
      ['auth', 'k3'],
      ['other', 'k'],
    ]);
    // At once, too: the names are made by links here as well.
    const kids = await Promise.all(
      ['a', 'b', 'c', 'd'].map((kid) => run(`create -q --alg ES256 auth ${kid}`)),
    );
    expect(kids.map(({ status, stdout }) => [status, stdout])).toEqual(
      ['a', 'b', 'c', 'd'].map((kid) => [0, `${kid}\n`]),
    );
    await expectSigns(
      insideOf(merged),
      ['a', 'b', 'c', 'd'].map((kid) => ['auth', kid]),
    );
    // The layer below is as it was.
    await expectSigns(insideOf(join(disk, 'lower')), [
      ['auth', 'k1'],
      ['auth', 'k2'],
    ]);
  },
);
