// jwks rotate --now and --activate-at: a person says when, and what contradicts itself is refused.
import { expect, test } from 'vitest';
import { instant, Machine } from '../support/cli.ts';
import { snapshotOf } from '../support/snapshot.ts';
import { transcript } from '../support/transcript.ts';
import { machineAfter, ok } from './machines.ts';

/** A machine with a set of one key, at noon of 1 February 2026. */
function withAuth(): Promise<Machine> {
  return machineAfter('create --alg ES256 auth k1');
}

const signers = `jwks list auth --format 'jsonpath=$.sets[0].keys[?@.state=="active"].kid'`;

test('--activate-at makes or moves a successor, earlier than is safe only by force', async () => {
  const machine = await withAuth();
  await transcript(
    machine,
    `
    $ jwks rotate auth --activate-at 2026-02-03T13:04:59Z
    ! jwks: set "auth" was not changed: verifiers may not know its successor before 2026-02-03T13:05:00Z
    ! hint: wait, or add --force if it has to be
    exit 5
    $ jwks rotate auth --activate-at 2026-02-10T02:00:00+02:00 -q
    <kid2>
    $ jwks rotate auth --activate-at 2026-02-20
    SET ID⇥KEY ID⇥ALGORITHM⇥USE⇥STATE⇥WHAT CHANGED
    auth⇥<kid2>⇥ES256⇥sig⇥next⇥signs from 2026-02-20T00:00:00Z (19 d)
    auth⇥k1⇥ES256⇥sig⇥active⇥signs until 2026-02-20T00:00:00Z (19 d), leaves 2026-02-22T00:05:00Z (21 d)
    ! next: jwks export auth -o FILE    publish it now, and again on these dates
    $ jwks rotate auth --activate-at 2026-02-03T13:05:00Z --format 'jsonpath=$.changes[*].at'
    ["2026-02-03T13:05:00Z","2026-02-03T13:05:00Z","2026-02-05T13:10:00Z"]
    ! next: jwks export auth -o FILE    publish it now, and again on these dates
    $ jwks rotate auth --activate-at 2026-02-02
    ! jwks: set "auth" was not changed: verifiers may not know its successor before 2026-02-03T13:05:00Z
    ! hint: wait, or add --force if it has to be
    exit 5
    $ jwks rotate auth --activate-at 2026-02-02 --force --format 'jsonpath=$.changes[0].at'
    ["2026-02-02T00:00:00Z"]
    ! next: jwks export auth -o FILE    publish it now, and again on these dates
  `,
  );
});

test.each(['now', 'past'])(
  '--activate-at a time that is %s, by force, leaves a key that signs',
  async (when) => {
    for (const isPrepared of [false, true]) {
      const machine = await withAuth();
      if (isPrepared) await machine.jwks('rotate auth');
      machine.now = instant('2026-02-02T12:00:00Z');
      const at = when === 'now' ? '2026-02-02T12:00:00Z' : '2026-01-01T00:00:00Z';
      expect([2, 5]).toContain((await machine.jwks(`rotate auth --activate-at ${at}`)).status);
      await ok(machine, `rotate auth --activate-at ${at} --force`);
      const { stdout } = await machine.jwks('list auth --format json');
      const states = JSON.parse(stdout).sets[0].keys.map(({ state }: { state: string }) => state);
      expect([isPrepared, states.includes('active')]).toEqual([isPrepared, true]);
      // What verifiers still meet tokens of is still there.
      expect((await machine.jwks('export auth -q')).stdout).toContain('"k1"');
    }
  },
);

test('--activate-at a time whose grace no date can hold is a bad value, and nothing is damaged', async () => {
  const machine = await withAuth();
  const before = snapshotOf(machine.home);
  for (const at of ['9999-12-31T23:59:59Z', '9999-12-30']) {
    const { status, stderr } = await machine.jwks(`rotate auth --activate-at ${at}`);
    expect([at, status, stderr.includes('damaged')]).toEqual([at, 2, false]);
  }
  expect(snapshotOf(machine.home)).toEqual(before);
});

test('--now activates at once and says what that costs; again it wants --force', async () => {
  const machine = await withAuth();
  await ok(machine, 'rotate auth');
  await transcript(
    machine,
    `
    $ jwks rotate auth --now --format 'jsonpath=$.changes[*].to'
    ["active","retiring","retired"]
    ! jwks: verifiers that have not fetched the set again may refuse its tokens for up to 2 d
    ! next: jwks export auth -o FILE    publish it now, and again on these dates
    $ jwks rotate auth --now
    ! jwks: set "auth" was not changed: a key was made to sign at once 0 s ago, and verifiers may not know that one before 2026-02-03T13:05:00Z
    ! hint: wait, or add --force if it has to be
    exit 5
    $ jwks rotate auth --now --force -q
    <kid3>
    $ ${signers}
    ["<kid3>"]
  `,
  );
  machine.now = instant('2026-02-03T13:05:00Z');
  await transcript(
    machine,
    `
    $ jwks rotate auth --now -q
    <kid4>
    $ ${signers}
    ["<kid4>"]
  `,
  );
});

test('words that contradict each other, name nothing or no set are told apart', async () => {
  const machine = await withAuth();
  const before = snapshotOf(machine.home);
  const words = ['--due --now', '--due --cancel', '--now --cancel', '--now --activate-at 2027-01-01'];
  for (const some of words) {
    const { status, stderr } = await machine.jwks(`rotate auth ${some}`);
    expect([some, status, stderr]).toEqual([
      some,
      2,
      'jwks: --due, --now, --activate-at and --cancel exclude each other\n',
    ]);
  }
  await transcript(
    machine,
    `
    $ jwks rotate
    ! jwks: missing argument 'set-id'
    ! hint: name sets, or use --due or --all
    exit 2
    $ jwks rotate --now
    ! jwks: missing argument 'set-id'
    ! hint: name sets, or use --due or --all
    exit 2
    $ jwks rotate --all auth
    ! jwks: name sets, or use --all, not both
    exit 2
    $ jwks rotate auth --activate-at tomorrow
    ! jwks: --activate-at tomorrow is no time such as 2026-12-24T10:00:00Z
    ! hint: jwks rotate --help
    exit 2
    $ jwks rotate nowhere
    ! jwks: set "nowhere" does not exist
    ! hint: jwks list shows the sets there are
    exit 3
    $ jwks rotate nowhere --format json
    {"changes":[],"failed":[{"set":"nowhere","code":"not-found","message":"set \\"nowhere\\" does not exist"}]}
    ! {"error":{"code":"not-found","message":"set \\"nowhere\\" does not exist","hint":"jwks list shows the sets there are"}}
    exit 3
  `,
  );
  expect(snapshotOf(machine.home)).toEqual(before);
  expect((await new Machine().jwks('rotate --due')).status).toBe(3);
});
