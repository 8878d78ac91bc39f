// jwks rotate --due: what policy makes due, run from cron as often as anybody likes.
import { expect, test } from 'vitest';
import { instant, type Machine } from '../support/cli.ts';
import { snapshotOf } from '../support/snapshot.ts';
import { transcript } from '../support/transcript.ts';
import { json, machineAfter, ok } from './machines.ts';

const keystoreOf = ({ home }: Machine) => snapshotOf(`${home}/.local/share/jwks`);

/** A machine with sets that were made at noon of 1 February 2026. */
function withSets(...creates: readonly string[]): Promise<Machine> {
  return machineAfter(...creates.map((words) => `create ${words}`));
}

function withPolicy(words = '--rotate-every 90d'): Promise<Machine> {
  return machineAfter('create --alg ES256 auth k1', `policy auth ${words}`);
}

/** Every hour, or as told, nothing is due: nothing is written, and with -q nothing is said. */
async function expectNothingDue(machine: Machine): Promise<void> {
  const before = keystoreOf(machine);
  expect(await machine.jwks('rotate --due -q')).toEqual({ status: 0, stdout: '', stderr: '' });
  expect(keystoreOf(machine)).toEqual(before);
}

test('a whole life: published, signs, retires, destroyed, and its name stays taken', async () => {
  const machine = await withPolicy();
  await transcript(
    machine,
    `
    $ jwks rotate --due
    ! jwks: nothing is due; next: auth: a successor is published 2026-04-30T10:55:00Z (88 d)
  `,
  );
  machine.now = instant('2026-04-30T10:54:59Z');
  await expectNothingDue(machine);
  machine.now = instant('2026-04-30T10:55:00Z');
  await transcript(
    machine,
    `
    $ jwks rotate --due
    SET ID⇥KEY ID⇥ALGORITHM⇥USE⇥STATE⇥WHAT CHANGED
    auth⇥<kid2>⇥ES256⇥sig⇥next⇥published from now, signs from 2026-05-02T12:00:00Z (2 d)
    auth⇥k1⇥ES256⇥sig⇥active⇥signs until 2026-05-02T12:00:00Z (2 d), leaves 2026-05-04T12:05:00Z (4 d)
    ! next: jwks export auth -o FILE    publish it now, and again on these dates
    $ jwks rotate --due
    ! jwks: nothing is due; next: auth: <kid2> signs 2026-05-02T12:00:00Z (2 d)
  `,
  );
  // The switch needs no run: nothing is written for it.
  machine.now = instant('2026-05-02T12:00:00Z');
  await expectNothingDue(machine);
  await transcript(
    machine,
    `
    $ jwks list auth
    SET ID⇥KEY ID⇥ALGORITHM⇥USE⇥STATE⇥WHAT HAPPENS NEXT
    auth⇥<kid2>⇥ES256⇥sig⇥active⇥signs; successor due 2026-07-29T10:55:00Z (88 d)
    auth⇥k1⇥ES256⇥sig⇥retiring⇥leaves 2026-05-04T12:05:00Z (2 d)
  `,
  );
  machine.now = instant('2026-05-04T12:04:59Z');
  await expectNothingDue(machine);
  const held = JSON.parse((await machine.jwks('export auth --private')).stdout).keys;
  expect(held.map(({ d }: { d?: string }) => typeof d)).toEqual(['string', 'string']);
  machine.now = instant('2026-05-04T12:05:00Z');
  await transcript(
    machine,
    `
    $ jwks rotate --due
    SET ID⇥KEY ID⇥ALGORITHM⇥USE⇥STATE⇥WHAT CHANGED
    auth⇥k1⇥ES256⇥sig⇥retired⇥destroyed; it left 2026-05-04T12:05:00Z (0 s)
    ! next: jwks export auth -o FILE    publish it
    $ jwks rotate --due -q
    $ jwks export auth | jwks thumbprint
    <kid2>
    $ jwks list auth --all --format 'jsonpath=$.sets[0].keys[?@.kid=="k1"]'
    [{"kid":"k1","alg":"ES256","use":"sig","state":"retired","created":"2026-02-01T12:00:00Z","activates":"2026-02-01T12:00:00Z","deactivates":"2026-05-02T12:00:00Z","retires":"2026-05-04T12:05:00Z"}]
    $ jwks create --alg ES256 auth k1
    ! jwks: key "k1" was not made: set "auth" has had that kid already, and a kid is never used again
    ! hint: leave the key id out to have one made
    exit 5
  `,
  );
  const left = JSON.parse((await machine.jwks('export auth --private')).stdout).keys;
  expect(left.map(({ kid }: { kid: string }) => kid)).not.toContain('k1');
  expect(left).toHaveLength(1);
});

test('overdue by months makes one successor, and none signs before it is known', async () => {
  const machine = await withPolicy();
  machine.now = instant('2027-02-01T12:00:00Z');
  await transcript(
    machine,
    `
    $ jwks list auth
    SET ID⇥KEY ID⇥ALGORITHM⇥USE⇥STATE⇥WHAT HAPPENS NEXT
    auth⇥k1⇥ES256⇥sig⇥active⇥OVERDUE 275 d: jwks rotate auth
    $ jwks rotate --due -q
    <kid2>
    $ jwks rotate --due -q
    $ jwks list auth
    SET ID⇥KEY ID⇥ALGORITHM⇥USE⇥STATE⇥WHAT HAPPENS NEXT
    auth⇥<kid2>⇥ES256⇥sig⇥next⇥signs from 2027-02-03T13:05:00Z (2 d)
    auth⇥k1⇥ES256⇥sig⇥active⇥signs until 2027-02-03T13:05:00Z (2 d)
  `,
  );
});

test('a set without a policy is only tidied', async () => {
  const machine = await withSets('--alg ES256 plain k1');
  machine.now = instant('2026-12-01T12:00:00Z');
  const nothing =
    'jwks: nothing is due; and nothing will be: no set has a policy with a period (jwks policy SET --rotate-every 90d)\n';
  for (const words of ['rotate --due', 'rotate --due plain', 'rotate --due --all']) {
    expect(await machine.jwks(words)).toEqual({ status: 0, stdout: '', stderr: nothing });
  }
  await ok(machine, 'rotate plain');
  machine.now = instant('2026-12-06T12:00:00Z');
  await transcript(
    machine,
    `
    $ jwks rotate --due --format 'jsonpath=$.changes[*]["kid","to"]'
    ["k1","retired"]
    ! next: jwks export plain -o FILE    publish it
    $ jwks rotate --due -q
  `,
  );
});

test('--due --dry-run tells what is due, and leaves it', async () => {
  const machine = await withPolicy();
  machine.now = instant('2026-05-01T12:00:00Z');
  const before = keystoreOf(machine);
  await transcript(
    machine,
    `
    $ jwks rotate --due --dry-run --format 'jsonpath=$.changes[*]["kid","to","at"]'
    [null,"next","2026-05-01T12:00:00Z",null,"active","2026-05-03T13:05:00Z","k1","retiring","2026-05-03T13:05:00Z","k1","retired","2026-05-05T13:10:00Z"]
    ! jwks: that would be done with auth; nothing was
  `,
  );
  expect(keystoreOf(machine)).toEqual(before);
});

test('several algorithms have a successor each; one that is wanted no more ends when the new one signs', async () => {
  const machine = await withPolicy('--alg EdDSA,ES384 --rotate-every 90d');
  await transcript(
    machine,
    `
    $ jwks rotate --due --format 'jsonpath=$.changes[*]["to","at"]'
    ["next","2026-02-01T12:00:00Z","active","2026-02-03T13:05:00Z","next","2026-02-01T12:00:00Z","active","2026-02-03T13:05:00Z","retiring","2026-02-03T13:05:00Z","retired","2026-02-05T13:10:00Z"]
    ! next: jwks export auth -o FILE    publish it now, and again on these dates
    $ jwks rotate --due -q
    $ jwks rotate auth -q
  `,
  );
  machine.now = instant('2026-02-10T12:00:00Z');
  await ok(machine, 'rotate --due');
  const { stdout } = await machine.jwks('list auth --format json');
  const keys = JSON.parse(stdout).sets[0].keys as { alg: string; state: string }[];
  expect(keys.map(({ alg, state }) => `${alg} ${state}`).sort()).toEqual(['ES384 active', 'EdDSA active']);
  expect((await machine.jwks('rotate auth -q')).stdout.trim().split('\n')).toHaveLength(2);
});

test('a key of an algorithm that the policy drops does not stay overdue for ever', async () => {
  const machine = await withPolicy('--alg ES256,EdDSA --rotate-every 90d');
  await ok(machine, 'rotate --due');
  machine.now = instant('2026-02-10T12:00:00Z');
  await ok(machine, 'policy auth --alg EdDSA');
  for (const day of ['05-01', '05-04', '05-10', '08-01', '08-10']) {
    machine.now = instant(`2026-${day}T12:00:00Z`);
    await ok(machine, 'rotate --due');
  }
  // What list advises has been done.
  await ok(machine, 'rotate auth');
  const { sets } = await json(machine, 'list auth');
  const told = sets[0].keys.map(({ alg, state }: Record<string, string>) => `${alg} ${state}`);
  expect(told).toEqual(['EdDSA next', 'EdDSA active']);
  expect(await ok(machine, 'list auth')).not.toContain('OVERDUE');
});

test('the last minutes of the year: dates of another year say so', async () => {
  const machine = await withPolicy();
  machine.now = instant('2026-12-31T23:59:00Z');
  await transcript(
    machine,
    `
    $ jwks rotate --due
    auth  ES256
      + <...>…  next      published from now, signs from 3 Jan 01:04 UTC (2 d)
        k1        active    signs until then, leaves 5 Jan 01:09 UTC (4 d)
    ! next: jwks export auth -o FILE    publish it now, and again on these dates
  `,
    { terminal: 80, env: { NO_COLOR: '1' } },
  );
});

test('facts that are all zero leave a key that signs', async () => {
  const machine = await withPolicy(
    '--publish-lag 0s --cache-max-age 0s --verifier-cache 0s --skew 0s --rotate-every 1d',
  );
  machine.now = instant('2026-02-10T12:00:00Z');
  await ok(machine, 'rotate --due');
  const { stdout } = await machine.jwks(`list auth --format jsonpath=sets.0.keys.#.state`);
  expect(JSON.parse(stdout)).toContain('active');
});
