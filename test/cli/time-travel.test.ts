// --at on list, export, check and timeline: the set as it was or will be. Nothing is written.
import { beforeEach, describe, expect, test } from 'vitest';
import { instant, Machine } from '../support/cli.ts';
import { snapshotOf } from '../support/snapshot.ts';
import { standsFor, transcript } from '../support/transcript.ts';
import { ok } from './machines.ts';

let machine: Machine;

// k1 signs from 1 February; its successor is published on 1 March and signs from 3 March; k1 leaves on 5 March.
beforeEach(async () => {
  machine = new Machine('2026-02-01T12:00:00Z');
  await ok(machine, 'create --alg ES256 auth k1');
  await ok(machine, 'policy auth --rotate-every 90d');
  machine.now = instant('2026-03-01T12:00:00Z');
  await transcript(
    machine,
    `
    $ jwks rotate auth -q
    <kid1>
  `,
  );
});

const exported = async (at: string): Promise<string[]> =>
  JSON.parse((await machine.jwks(`export auth --at ${at}`)).stdout).keys.map(
    (key: { kid: string }) => key.kid,
  );
const codesAt = async (at: string): Promise<(number | string)[]> => {
  const { stdout, status } = await machine.jwks(`check --at ${at} --format json`);
  return [status, ...JSON.parse(stdout).findings.map((one: { code: string }) => one.code)];
};
/** By now the public half of k1 is destroyed. */
async function destroyFirst(): Promise<void> {
  machine.now = instant('2026-03-20T12:00:00Z');
  await ok(machine, 'rotate auth --due');
}

describe('list', () => {
  test('the past and the future, to the second', async () => {
    await transcript(
      machine,
      `
      $ jwks list --at 2026-03-03T13:04:59Z
      SET ID⇥KEY ID⇥ALGORITHM⇥USE⇥STATE⇥WHAT HAPPENS NEXT
      auth⇥<kid1>⇥ES256⇥sig⇥next⇥signs from 2026-03-03T13:05:00Z (1 s)
      auth⇥k1⇥ES256⇥sig⇥active⇥signs until 2026-03-03T13:05:00Z (1 s)
      $ jwks list --at 2026-03-03T13:05:00Z
      SET ID⇥KEY ID⇥ALGORITHM⇥USE⇥STATE⇥WHAT HAPPENS NEXT
      auth⇥<kid1>⇥ES256⇥sig⇥active⇥signs; successor due 2026-05-30T12:00:00Z (88 d)
      auth⇥k1⇥ES256⇥sig⇥retiring⇥leaves 2026-03-05T13:10:00Z (2 d)
      $ jwks list --all --at 2026-03-05T13:10:00Z
      SET ID⇥KEY ID⇥ALGORITHM⇥USE⇥STATE⇥WHAT HAPPENS NEXT
      auth⇥<kid1>⇥ES256⇥sig⇥active⇥signs; successor due 2026-05-30T12:00:00Z (86 d)
      auth⇥k1⇥ES256⇥sig⇥retired⇥gone; its name stays taken
      $ jwks list --at 2026-06-11T13:05:00Z
      SET ID⇥KEY ID⇥ALGORITHM⇥USE⇥STATE⇥WHAT HAPPENS NEXT
      auth⇥<kid1>⇥ES256⇥sig⇥active⇥OVERDUE 10 d: jwks rotate auth
      $ jwks list --at 2026-01-31
      SET ID⇥KEY ID⇥ALGORITHM⇥USE⇥STATE⇥WHAT HAPPENS NEXT
    `,
    );
  });

  test('a key that signed then is not said not to have, though it is destroyed since', async () => {
    await destroyFirst();
    const { stdout } = await machine.jwks('list auth --at 2026-03-02T12:00:00Z');
    expect(stdout).toContain('auth\tk1\tES256\tsig\tactive\tsigns until 2026-03-03T13:05:00Z');
  });

  test('a key that is revoked since was in use before', async () => {
    await ok(machine, 'revoke auth k1');
    const { stdout } = await machine.jwks('list auth --at 2026-02-15 --format jsonpath=sets.0.keys.0.state');
    expect(stdout).toBe('"active"\n');
  });
});

describe('export', () => {
  test('what was and will be published', async () => {
    const second = standsFor(machine, 'kid1');
    expect(await exported('2026-02-15')).toEqual(['k1']);
    expect(await exported('2026-03-02T12:00:00Z')).toEqual(['k1', second]);
    expect(await exported('2026-03-04T12:00:00Z')).toEqual([second, 'k1']);
    expect(await exported('2026-03-06T12:00:00Z')).toEqual([second]);
    expect((await machine.jwks('export auth --at 2026-01-31')).status).toBe(5);
    expect((await machine.jwks('export auth --at 2026-02-31')).status).toBe(2);
  });

  test('public halves that are destroyed since are told', async () => {
    await destroyFirst();
    const ran = await machine.jwks('export auth --at 2026-03-02T12:00:00Z');
    expect([ran.status, ran.stderr]).toEqual([
      0,
      'jwks: not whole: of what was published then these keys are destroyed since: k1\n',
    ]);
  });

  test('also where none is left: that is no empty set', async () => {
    await destroyFirst();
    const ran = await machine.jwks('export auth --at 2026-02-15');
    expect([ran.status === 0, ran.stdout]).toEqual([false, '']);
    expect(ran.stderr).toMatch(/destroyed since.*k1/);
  });
});

describe('check', () => {
  test('the future: what will be due if nothing runs', async () => {
    expect(await codesAt('2026-03-04T12:00:00Z')).toEqual([0]);
    expect(await codesAt('2026-05-30T12:00:00Z')).toEqual([1, 'no-successor', 'not-destroyed']);
    expect(await codesAt('2026-06-10')).toEqual([1, 'overdue', 'no-successor', 'not-destroyed']);
  });

  test('the past: no error that was none then', async () => {
    expect(await codesAt('2026-03-02T12:00:00Z')).toEqual([0]);
    // Nobody knew yet that k1 would stop on 3 March.
    expect(await codesAt('2026-02-15')).toEqual([0]);
  });

  test('the past: a key that is destroyed since signed then', async () => {
    await destroyFirst();
    expect(await codesAt('2026-03-02T12:00:00Z')).toEqual([0]);
  });

  test('before there was a set there was none to complain of', async () => {
    expect(await codesAt('2026-01-01')).toEqual([0]);
  });
});

describe('timeline', () => {
  test('a line at that time', async () => {
    for (const [at, shown] of [
      ['2026-02-15', '2026-02-15T00:00:00Z'],
      ['2026-03-10T12:00:00Z', '2026-03-10T12:00:00Z'],
    ]) {
      const { stdout, status } = await machine.jwks(`timeline auth --at ${at}`);
      expect([status, stdout.includes(`${shown}`)]).toEqual([0, true]);
    }
    expect((await machine.jwks('timeline auth --at 2026-02-15')).stdout).not.toContain(
      standsFor(machine, 'kid1').slice(0, 7),
    );
    expect((await machine.jwks('timeline auth --at yesterday')).status).toBe(2);
  });
});

test('nothing is written, and no clock is asked', async () => {
  const before = snapshotOf(`${machine.home}/.local/share/jwks`);
  const lines = ['list', 'list --all', 'export auth', 'check', 'timeline auth', 'timeline auth --as svg'];
  for (const line of lines) {
    for (const at of ['2020-01-01', '2026-03-04T12:00:00+02:00', '2036-01-01T00:00:00Z']) {
      const words = `${line} --at ${at}`;
      machine.now = instant('2026-03-01T12:00:00Z');
      const first = await machine.jwks(words);
      machine.now = instant('2026-03-02T00:00:00Z');
      const second = await machine.jwks(words);
      expect([words, [0, 1, 5].includes(first.status)]).toEqual([words, true]);
      if (!line.startsWith('timeline')) expect([words, second]).toEqual([words, first]);
    }
  }
  expect(snapshotOf(`${machine.home}/.local/share/jwks`)).toEqual(before);
});
