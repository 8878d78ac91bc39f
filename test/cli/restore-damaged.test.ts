// jwks restore where something is damaged, gone or in the way: what can be healed is, and else every hint works.
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Machine } from '../support/cli.ts';
import { inWork, keystoreOf, machineAfter, ok } from './machines.ts';

const lose = (machine: Machine, path = '') => rmSync(keystoreOf(machine, path), { recursive: true });
/** `set revision action` of each. */
const restored = async (machine: Machine, words: string) => {
  const ran = await machine.jwks(`restore ${words} --format json`);
  if (ran.status !== 0) return [ran.status];
  return JSON.parse(ran.stdout).restored.map(
    ({ set, revision, action }: Record<string, string>) => `${set} ${revision} ${action}`,
  );
};
const isSound = async (machine: Machine) => JSON.parse(await ok(machine, 'doctor --format json')).ok;

/** Changes a character of the sealed half, which the signature says nothing of. */
function flip(path: string): void {
  const text = readFileSync(path, 'utf8');
  const at = text.indexOf('"ciphertext":"') + 20;
  writeFileSync(path, text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1));
}

/** `b.json` has two sets, `auth` in its second revision. */
function backedUp(): Promise<Machine> {
  return machineAfter(
    'create --alg ES256 pay p1',
    'create --alg ES256 auth a1',
    'create --alg ES256 auth a2',
    'backup b.json',
  );
}

describe('a set that does not open', () => {
  test('is healed where it was what the backup has, as the next revision', async () => {
    const machine = await backedUp();
    flip(keystoreOf(machine, 'sets/auth/2.json'));
    expect(await restored(machine, 'b.json auth --force --yes')).toEqual(['auth 3 resealed']);
    await ok(machine, 'sign auth --claims {}', 'list');
    expect(await isSound(machine)).toBe(true);
  });

  test('gives way to the very next revision, and is no fork', async () => {
    const machine = await backedUp();
    const early = readFileSync(keystoreOf(machine, 'sets/auth/2.json'));
    await ok(machine, 'create --alg ES256 auth a3', 'backup c.json');
    lose(machine, 'sets/auth');
    mkdirSync(keystoreOf(machine, 'sets/auth'), { mode: 0o700 });
    for (const [name, bytes] of [
      ['1.json', ''],
      ['2.json', early],
    ] as const)
      writeFileSync(keystoreOf(machine, `sets/auth/${name}`), bytes, { mode: 0o600 });
    flip(keystoreOf(machine, 'sets/auth/2.json'));
    expect(await restored(machine, 'c.json auth --force --yes')).toEqual(['auth 3 written']);
    expect(await isSound(machine)).toBe(true);
  });

  test.each([
    ['one character', flip],
    ['all of it', (path: string) => writeFileSync(path, 'xx')],
  ])('and is newer than the backup: it is said what to move away (%s)', async (_, damage) => {
    const machine = await backedUp();
    await ok(machine, 'create --alg ES256 auth a3');
    damage(keystoreOf(machine, 'sets/auth/3.json'));
    const ran = await machine.jwks('restore b.json auth --force --yes');
    expect([ran.status, ran.stderr]).toEqual([
      6,
      expect.stringContaining(
        `hint: move ${keystoreOf(machine, 'sets/auth')} away and restore again with --accept`,
      ),
    ]);
    renameSync(keystoreOf(machine, 'sets/auth'), inWork(machine, 'away'));
    expect(await restored(machine, 'b.json auth --accept-rollback')).toEqual(['auth 2 written']);
    expect(await isSound(machine)).toBe(true);
  });
});

describe('a master document', () => {
  const file = (machine: Machine) => keystoreOf(machine, 'master/1.json');
  const wrongs: readonly [string, (machine: Machine) => void, string][] = [
    ['lost', (machine) => lose(machine, 'master'), ''],
    ['emptied', (machine) => truncateSync(file(machine)), ''],
    ['damaged', (machine) => writeFileSync(file(machine), '{}'), ' --force --yes'],
  ];

  test.each(wrongs)('that is %s comes back under the sets that went on', async (_, damage, how) => {
    const machine = await backedUp();
    await ok(machine, 'rotate pay --now --force', 'create --alg ES256 new n1');
    const before = await ok(machine, 'list --format json');
    damage(machine);
    expect((await machine.jwks('list')).status).not.toBe(0);
    if (how !== '') expect((await machine.jwks('restore b.json')).status).toBe(6);
    const ran = await machine.jwks(`restore b.json${how}`);
    expect([ran.status, ran.stderr]).toEqual([0, expect.stringContaining('put back the master document of')]);
    expect(await ok(machine, 'list --format json')).toBe(before);
    await ok(machine, 'rotate pay --now --force', 'secret list');
    expect(await isSound(machine)).toBe(true);
  });

  test('of which the backup has an older one only: exit 6, as a secret that was removed would be back', async () => {
    const machine = await backedUp();
    await ok(machine, 'secret change');
    lose(machine, 'master');
    expect(await restored(machine, 'b.json')).toEqual([4]);
    const other = await backedUp();
    await ok(other, 'secret generate -o second', 'secret add --label second --new-secret-file second');
    lose(other, 'master');
    const ran = await other.jwks('restore b.json');
    expect([ran.status, ran.stderr]).toEqual([6, expect.stringContaining('the master document went back')]);
    expect(await restored(other, 'b.json --accept-rollback')).toEqual(['auth 2 kept', 'pay 1 kept']);
  });

  test('under which a set does not open: exit 5 that says what to move away', async () => {
    const machine = await backedUp();
    lose(machine, 'master');
    flip(keystoreOf(machine, 'sets/auth/2.json'));
    const ran = await machine.jwks('restore b.json');
    const path = keystoreOf(machine, 'sets/auth');
    expect([ran.status, ran.stderr]).toEqual([
      5,
      expect.stringContaining(`or move ${path} away, and restore`),
    ]);
    renameSync(path, inWork(machine, 'away'));
    expect(await restored(machine, 'b.json')).toEqual(['auth 2 written', 'pay 1 kept']);
  });

  test('was lost after a rekey: the sets do not open, and are not replaced', async () => {
    const machine = await backedUp();
    await ok(machine, 'rekey');
    lose(machine, 'master');
    const before = readdirSync(keystoreOf(machine), { recursive: true });
    for (const words of ['b.json', 'b.json --force --yes', 'b.json --accept-rollback'])
      expect(await restored(machine, words)).toEqual([5]);
    expect(readdirSync(keystoreOf(machine), { recursive: true })).toEqual(before);
  });
});

describe('after a rekey', () => {
  test('an earlier backup is sealed anew, above all that was seen', async () => {
    const machine = await backedUp();
    await ok(machine, 'rekey');
    lose(machine, 'sets/pay');
    expect(await restored(machine, 'b.json pay')).toEqual([6]);
    expect(await restored(machine, 'b.json pay --accept-rollback')).toEqual(['pay 3 resealed']);
    await ok(machine, 'sign pay --claims {}', 'rotate pay --now --force');
    expect(await restored(machine, 'b.json --force --yes')).toEqual(['auth 3 kept', 'pay 4 kept']);
    const { events } = JSON.parse(await ok(machine, 'history pay --format json'));
    expect(events.map(({ event }: { event: string }) => event)).toContain('restored');
    expect(await isSound(machine)).toBe(true);
  });

  test('with another secret the way is by another place', async () => {
    const machine = await backedUp();
    writeFileSync(inWork(machine, 'then'), readFileSync(join(machine.home, '.config/jwks/secret')), {
      mode: 0o600,
    });
    await ok(machine, 'secret change', 'rekey');
    lose(machine, 'sets/pay');
    const ran = await machine.jwks('restore b.json pay');
    expect([ran.status, ran.stderr]).toEqual([
      4,
      expect.stringContaining('jwks restore b.json --into DIR --secret-file FILE'),
    ]);
    await ok(machine, 'restore b.json --into DIR --secret-file then');
    await ok(machine, 'export pay --private --keystore DIR --secret-file then -o p.json');
    await ok(machine, 'import pay p.json --accept-rollback', 'sign pay --claims {}');
    expect(await isSound(machine)).toBe(true);
  });

  test('with a new identity too', async () => {
    const machine = await backedUp();
    await ok(machine, 'rekey --new-identity');
    const ran = await machine.jwks('restore b.json pay --force --yes');
    const [, words = ''] = /(--into DIR) with (--identity \S+)/.exec(ran.stderr)?.slice(0) ?? [];
    expect([ran.status, words]).toEqual([4, '--into DIR']);
    const { identity } = JSON.parse(readFileSync(inWork(machine, 'b.json'), 'utf8'));
    await ok(machine, `restore b.json --into DIR --identity ${identity}`);
    await ok(machine, 'export pay --private --keystore DIR -o p.json');
  });
});

test('a set that was deleted does not come back where it was: it says so, and elsewhere it does', async () => {
  const machine = await backedUp();
  await ok(machine, 'delete auth --yes');
  const ran = await machine.jwks('restore b.json auth');
  expect([ran.status, ran.stderr]).toEqual([
    5,
    expect.stringMatching(/"auth" was deleted from .*\n.*jwks restore b\.json --into DIR auth\n/),
  ]);
  const forced = await machine.jwks('restore b.json auth --force --yes');
  expect([forced.stdout, forced.stderr]).toEqual([
    'SET ID\tREVISION\tACTION\nauth\t3\tdeleted\n',
    expect.stringContaining('comes back only elsewhere, with --into'),
  ]);
  await ok(machine, 'restore b.json --into DIR auth', 'sign auth --claims {} --keystore DIR');
});

test('what a restore left that was stopped is gone on with, by a newer backup too', async () => {
  const machine = await backedUp();
  await ok(machine, 'create --alg ES256 auth a3', 'backup c.json', 'restore b.json --into left');
  rmSync(inWork(machine, 'left/master'), { recursive: true });
  expect(await restored(machine, 'c.json --into left')).toEqual(['auth 3 written', 'pay 1 kept']);
});

describe('a place', () => {
  test('that is named by a link is that which it leads to', async () => {
    const machine = await backedUp();
    mkdirSync(inWork(machine, 'real'), { mode: 0o700 });
    symlinkSync('real', inWork(machine, 'link'));
    await ok(machine, 'restore b.json --into link', 'rekey --keystore link', 'list --keystore real');
  });

  test('that is a link to nothing is exit 3 with a way out', async () => {
    const machine = await backedUp();
    symlinkSync('nowhere', inWork(machine, 'link'));
    const ran = await machine.jwks('restore b.json --into link');
    expect([ran.status, ran.stderr]).toEqual([3, expect.stringContaining('is a symbolic link to nothing')]);
    expect(ran.stderr).toContain(`rm ${inWork(machine, 'link')}\n`);
  });
});

test.each(['x', '{}', '{"format":"jwks-backup","version":1}'])(
  'no backup (%s): the hint is about it',
  async (text) => {
    const machine = await backedUp();
    writeFileSync(inWork(machine, 'bad.json'), text);
    const ran = await machine.jwks('restore bad.json');
    expect([ran.status, ran.stderr]).toEqual([
      6,
      expect.stringContaining('hint: take another copy of the file'),
    ]);
  },
);
