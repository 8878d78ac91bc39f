// jwks rotate by hosts whose clock cannot be right, or may not be.
import { expect, test } from 'vitest';
import { instant, type Machine } from '../support/cli.ts';
import { snapshotOf } from '../support/snapshot.ts';
import { transcript } from '../support/transcript.ts';
import { machineAfter } from './machines.ts';

function withPolicy(words: string): Promise<Machine> {
  return machineAfter('create --alg ES256 auth k1', `policy auth ${words}`);
}

test('a clock that is behind the last change by more than the skew writes nothing', async () => {
  const machine = await withPolicy('--rotate-every 90d');
  const before = snapshotOf(machine.home);
  machine.now = instant('2026-02-01T11:54:59Z');
  await transcript(
    machine,
    `
    $ jwks rotate auth
    ! jwks: set "auth" was not changed: this host's clock is 5 min behind the last change
    ! hint: set this host's clock; if the one that made the last change was wrong, add --force
    exit 5
    $ jwks retire auth k1
    ! jwks: set "auth" was not changed: this host's clock is 5 min behind the last change
    ! hint: set this host's clock; if the one that made the last change was wrong, add --force
    exit 5
  `,
  );
  expect(snapshotOf(machine.home)).toEqual(before);
  // Behind by no more than the skew, it counts as the time of the last change.
  machine.now = instant('2026-02-01T11:55:00Z');
  await transcript(
    machine,
    `
    $ jwks rotate auth --format 'jsonpath=$.changes[*].at'
    ["2026-02-01T12:00:00Z","2026-02-03T13:05:00Z","2026-02-03T13:05:00Z","2026-02-05T13:10:00Z"]
    ! next: jwks export auth -o FILE    publish it now, and again on these dates
    ! undo: jwks rotate auth --cancel    until 2026-02-03T13:05:00Z (2 d)
  `,
  );
});

test('after more than 400 days a dead clock battery is likelier: it wants --force', async () => {
  const machine = await withPolicy('--rotate-every 90d');
  machine.now = instant('2027-03-08T12:00:01Z');
  const before = snapshotOf(machine.home);
  const refused = `jwks: set "auth" was not changed: its last change was 400 d ago by this host's clock (2027-03-08T12:00:01Z)`;
  for (const words of [
    'rotate auth',
    'rotate auth --now',
    'rotate --due',
    'retire auth k1',
    'rotate --due -q',
  ]) {
    const { status, stdout, stderr } = await machine.jwks(words);
    expect([words, status, stdout]).toEqual([words, 5, '']);
    expect(stderr).toContain(refused);
    expect(stderr).toContain("hint: set this host's clock; if it is right, add --force\n");
  }
  expect(snapshotOf(machine.home)).toEqual(before);
  await transcript(
    machine,
    `
    $ jwks rotate --due --force -q
    <kid2>
    $ jwks rotate --due -q
  `,
  );
});

test('400 days to the second are not too long, nor is less than two periods', async () => {
  const machine = await withPolicy('--rotate-every 90d');
  machine.now = instant('2027-03-08T12:00:00Z');
  expect((await machine.jwks('rotate --due')).status).toBe(0);

  const slow = await withPolicy('--rotate-every 365d');
  slow.now = instant('2028-02-01T12:00:00Z');
  expect((await slow.jwks('rotate --due')).status).toBe(0);
  slow.now = instant('2030-02-01T12:00:01Z');
  expect((await slow.jwks('rotate --due')).status).toBe(5);
});
