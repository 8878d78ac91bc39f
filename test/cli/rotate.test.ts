// jwks rotate: what a person asks for. A successor, and how to take it back.
import { expect, test } from 'vitest';
import { instant, type Machine } from '../support/cli.ts';
import { snapshotOf } from '../support/snapshot.ts';
import { transcript } from '../support/transcript.ts';
import { machineAfter, ok } from './machines.ts';

/** A machine with a set of one key, at noon of 1 February 2026. */
function withAuth(): Promise<Machine> {
  return machineAfter('create --alg ES256 auth k1');
}

const keystoreOf = ({ home }: Machine) => snapshotOf(`${home}/.local/share/jwks`);
const signers = `jwks list auth --format 'jsonpath=$.sets[0].keys[?@.state=="active"].kid'`;

test('a successor is published at once and signs when all know it; asked again nothing is done', async () => {
  const machine = await withAuth();
  await transcript(
    machine,
    `
    $ jwks rotate auth
    SET ID⇥KEY ID⇥ALGORITHM⇥USE⇥STATE⇥WHAT CHANGED
    auth⇥<kid2>⇥ES256⇥sig⇥next⇥published from now, signs from 2026-02-03T13:05:00Z (2 d)
    auth⇥k1⇥ES256⇥sig⇥active⇥signs until 2026-02-03T13:05:00Z (2 d), leaves 2026-02-05T13:10:00Z (4 d)
    ! next: jwks export auth -o FILE    publish it now, and again on these dates
    ! undo: jwks rotate auth --cancel    until 2026-02-03T13:05:00Z (2 d)
    $ jwks export auth | jwks thumbprint
    <...>
    <kid2>
  `,
  );
  const before = keystoreOf(machine);
  machine.now = instant('2026-02-02T12:00:00Z');
  await transcript(
    machine,
    `
    $ jwks rotate auth
    ! jwks: auth has a successor: <kid2> signs from 2026-02-03T13:05:00Z (25 h); nothing was done
    $ jwks rotate auth -q
    $ jwks rotate auth --format json
    {"changes":[]}
    ! jwks: auth has a successor: <kid2> signs from 2026-02-03T13:05:00Z (25 h); nothing was done
  `,
  );
  expect(keystoreOf(machine)).toEqual(before);
});

test('on a terminal it is a picture that fits', async () => {
  const machine = await withAuth();
  const settings = { terminal: 80, env: { NO_COLOR: '1' } };
  await transcript(
    machine,
    `
    $ jwks rotate auth
    auth  ES256
      + <...>…  next      published from now, signs from 3 Feb 13:05 UTC<...>
        k1        active    signs until then, leaves 5 Feb 13:10 UTC (4 d)
    ! next: jwks export auth -o FILE    publish it now, and again on these dates
    ! undo: jwks rotate auth --cancel    until 3 Feb 13:05 UTC (2 d)
  `,
    settings,
  );
  await ok(machine, 'rotate auth --cancel');
  const { stdout } = await machine.jwks('rotate auth --dry-run', settings);
  expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
});

test('for scripts there are kids and JSON', async () => {
  const machine = await withAuth();
  await ok(machine, 'create --alg ES256 other o1');
  await transcript(
    machine,
    `
    $ jwks rotate auth --format json
    {"changes":[{"set":"auth","kid":"<kid2>","from":null,"to":"next","at":"2026-02-01T12:00:00Z"},{"set":"auth","kid":"<kid2>","from":"next","to":"active","at":"2026-02-03T13:05:00Z"},{"set":"auth","kid":"k1","from":"active","to":"retiring","at":"2026-02-03T13:05:00Z"},{"set":"auth","kid":"k1","from":"retiring","to":"retired","at":"2026-02-05T13:10:00Z"}]}
    ! next: jwks export auth -o FILE    publish it now, and again on these dates
    ! undo: jwks rotate auth --cancel    until 2026-02-03T13:05:00Z (2 d)
    $ jwks rotate auth --cancel --format 'jsonpath=$.changes[?@.to=="retired"].kid'
    ["<kid2>"]
    ! next: jwks export auth -o FILE    publish it now, and again on these dates
    $ jwks rotate auth other -q
    <kid3>
    <kid4>
    $ jwks rotate auth --cancel -q
    <kid3>
    $ jwks rotate auth --format jsonpath=changes.0.kid
    "<kid5>"
    ! next: jwks export auth -o FILE    publish it now, and again on these dates
    ! undo: jwks rotate auth --cancel    until 2026-02-03T13:05:00Z (2 d)
    $ jwks rotate auth --format jwks
    ! jwks: this has no form "jwks"
    ! hint: json has all of it
    exit 2
  `,
  );
});

test('--dry-run shows it and writes nothing', async () => {
  const machine = await withAuth();
  const before = snapshotOf(machine.home);
  await transcript(
    machine,
    `
    $ jwks rotate auth --dry-run
    SET ID⇥KEY ID⇥ALGORITHM⇥USE⇥STATE⇥WHAT CHANGED
    auth⇥(new)⇥ES256⇥sig⇥next⇥published from now, signs from 2026-02-03T13:05:00Z (2 d)
    auth⇥k1⇥ES256⇥sig⇥active⇥signs until 2026-02-03T13:05:00Z (2 d), leaves 2026-02-05T13:10:00Z (4 d)
    ! jwks: that would be done with auth; nothing was
    $ jwks rotate auth --dry-run --format 'jsonpath=$.changes[*].kid'
    [null,null,"k1","k1"]
    ! jwks: that would be done with auth; nothing was
    # There is no new kid to print.
    $ jwks rotate auth --dry-run -q
    $ jwks rotate auth --now --dry-run -q
    $ jwks rotate auth --activate-at 2026-02-02T00:00:00Z --dry-run
    ! jwks: set "auth" was not changed: verifiers may not know its successor before 2026-02-03T13:05:00Z
    ! hint: wait, or add --force if it has to be
    exit 5
  `,
  );
  expect(snapshotOf(machine.home)).toEqual(before);
});

test('--cancel drops the successor with the dates behind it, and its name stays taken', async () => {
  const machine = await withAuth();
  await ok(machine, 'rotate auth');
  await transcript(
    machine,
    `
    $ jwks rotate auth --cancel
    SET ID⇥KEY ID⇥ALGORITHM⇥USE⇥STATE⇥WHAT CHANGED
    auth⇥<kid2>⇥ES256⇥sig⇥retired⇥dropped before it signed
    auth⇥k1⇥ES256⇥sig⇥active⇥goes on as before
    ! next: jwks export auth -o FILE    <...>
    $ jwks rotate auth --cancel
    ! jwks: auth has no successor to cancel; nothing was done
    $ jwks list auth --format 'jsonpath=$.sets[0].keys[*]'
    [{"kid":"k1","alg":"ES256","use":"sig","state":"active","created":"2026-02-01T12:00:00Z","activates":"2026-02-01T12:00:00Z"}]
    $ jwks create --alg ES256 auth <kid2>
    ! jwks: key "<kid2>" was not made: set "auth" has had that kid already, and a kid is never used again
    ! hint: leave the key id out to have one made
    exit 5
    $ jwks rotate auth -q
    <kid3>
  `,
  );
  // A host whose clock is ahead may sign with it by now.
  machine.now = instant('2026-02-03T13:00:00Z');
  expect((await machine.jwks('rotate auth --cancel')).status).toBe(5);
  machine.now = instant('2026-02-03T13:05:00Z');
  await transcript(
    machine,
    `
    $ jwks rotate auth --cancel
    ! jwks: auth has no successor to cancel; nothing was done
    $ ${signers}
    ["<kid3>"]
  `,
  );
});
