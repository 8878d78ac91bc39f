// jwks retire: a key stops signing now and leaves after grace, with a successor behind it.
import { expect, test } from 'vitest';
import { instant, type Machine } from '../support/cli.ts';
import { snapshotOf } from '../support/snapshot.ts';
import { transcript } from '../support/transcript.ts';
import { machineAfter, ok } from './machines.ts';

function withAuth(...more: readonly string[]): Promise<Machine> {
  return machineAfter('create --alg ES256 auth k1', ...more);
}

test('the signer: a new key signs at once in its place, and what that costs is told', async () => {
  const machine = await withAuth();
  await transcript(
    machine,
    `
    $ jwks retire auth k1
    SET ID⇥KEY ID⇥ALGORITHM⇥USE⇥STATE⇥WHAT CHANGED
    auth⇥<kid2>⇥ES256⇥sig⇥active⇥signs from now
    auth⇥k1⇥ES256⇥sig⇥retiring⇥no longer signs, leaves 2026-02-03T12:05:00Z (2 d)
    ! jwks: verifiers that have not fetched the set again may refuse its tokens for up to 2 d
    ! next: jwks export auth -o FILE    publish it now, and again on these dates
    $ jwks retire auth k1
    ! jwks: key k1 of auth is retiring already; nothing was done
    $ jwks export auth --format json | jwks thumbprint
    <kid2>
    <...>
  `,
  );
  // It verifies until its last token is over, then only its name stays.
  machine.now = instant('2026-02-03T12:05:00Z');
  await transcript(
    machine,
    `
    $ jwks export auth | jwks thumbprint
    <kid2>
    $ jwks retire auth k1
    ! jwks: key "k1" is retired already
    exit 5
  `,
  );
});

test('one with a successor that waits: that one signs now', async () => {
  const machine = await withAuth('rotate auth');
  await transcript(
    machine,
    `
    $ jwks retire auth k1 --format json
    {"changes":[{"set":"auth","kid":"<kid2>","from":"next","to":"active","at":"2026-02-01T12:00:00Z"},{"set":"auth","kid":"k1","from":"active","to":"retiring","at":"2026-02-01T12:00:00Z"},{"set":"auth","kid":"k1","from":"retiring","to":"retired","at":"2026-02-03T12:05:00Z"}]}
    ! jwks: verifiers that have not fetched the set again may refuse its tokens for up to 2 d
    ! next: jwks export auth -o FILE    publish it now, and again on these dates
    $ jwks list auth --format jsonpath=sets.0.keys.#.state
    ["active","retiring"]
  `,
  );
});

test('an active key that does not sign goes without a successor', async () => {
  const machine = await withAuth('create --alg ES256 auth k2');
  await transcript(
    machine,
    `
    $ jwks retire auth k1
    SET ID⇥KEY ID⇥ALGORITHM⇥USE⇥STATE⇥WHAT CHANGED
    auth⇥k1⇥ES256⇥sig⇥retiring⇥no longer signs, leaves 2026-02-03T12:05:00Z (2 d)
    ! next: jwks export auth -o FILE    publish it now, and again on these dates
    $ jwks list auth --format jsonpath=sets.0.keys.#.state
    ["active","retiring"]
  `,
  );
});

test('--no-successor makes no key in its place, and says that none signs', async () => {
  const machine = await withAuth();
  const { status, stdout, stderr } = await machine.jwks('retire auth k1 --no-successor');
  expect({ status, stdout }).toEqual({
    status: 0,
    stdout:
      'SET ID\tKEY ID\tALGORITHM\tUSE\tSTATE\tWHAT CHANGED\n' +
      'auth\tk1\tES256\tsig\tretiring\tno longer signs, leaves 2026-02-03T12:05:00Z (2 d)\n',
  });
  expect(stderr).toMatch(/no key (?:of auth )?(?:that )?signs|nothing signs/);
  expect((await machine.jwks('rotate auth')).status).toBe(3);
  expect((await machine.jwks('rotate auth --now')).status).toBe(3);
  await ok(machine, 'create --alg ES256 auth k2');
  expect((await machine.jwks('list auth --format jsonpath=sets.0.keys.#.state')).stdout).toBe(
    '["active","retiring"]\n',
  );
});

test('--dry-run, -q and --note', async () => {
  const machine = await withAuth();
  const before = snapshotOf(machine.home);
  await transcript(
    machine,
    `
    $ jwks retire auth k1 --dry-run
    SET ID⇥KEY ID⇥ALGORITHM⇥USE⇥STATE⇥WHAT CHANGED
    auth⇥(new)⇥ES256⇥sig⇥active⇥signs from now
    auth⇥k1⇥ES256⇥sig⇥retiring⇥no longer signs, leaves 2026-02-03T12:05:00Z (2 d)
    ! jwks: verifiers that have not fetched the set again may refuse its tokens for up to 2 d
    ! jwks: that would be done with auth; nothing was
  `,
  );
  expect(snapshotOf(machine.home)).toEqual(before);
  await transcript(
    machine,
    `
    $ jwks retire auth k1 -q --note 'laptop lost'
    SET ID⇥KEY ID⇥ALGORITHM⇥USE⇥STATE⇥WHAT CHANGED
    auth⇥<kid2>⇥ES256⇥sig⇥active⇥signs from now
    auth⇥k1⇥ES256⇥sig⇥retiring⇥no longer signs, leaves 2026-02-03T12:05:00Z (2 d)
    $ jwks history auth --format 'jsonpath=$.events[?@.kid=="k1"]["event","note"]'
    ["created",null,"retired","asked for; laptop lost"]
  `,
  );
});

test('what cannot be retired is told, and nothing is done', async () => {
  const machine = await withAuth('rotate auth', 'create --alg ES256 other o1', 'revoke other o1');
  const { stdout } = await machine.jwks('list auth --format jsonpath=sets.0.keys.0.kid');
  const before = snapshotOf(machine.home);
  const refused = await machine.jwks(['retire', 'auth', JSON.parse(stdout)]);
  expect(refused.status).toBe(5);
  expect(refused.stderr).toContain('does not sign yet\nhint: jwks rotate --cancel drops it\n');
  await transcript(
    machine,
    `
    $ jwks retire other o1
    ! jwks: key "o1" is revoked already
    exit 5
    $ jwks retire auth k9
    ! jwks: set "auth" has no key "k9"
    ! hint: jwks get auth shows its keys
    exit 3
    $ jwks retire nowhere k1
    ! jwks: set "nowhere" does not exist
    ! hint: jwks list shows the sets there are
    exit 3
    $ jwks retire auth
    ! jwks: missing argument 'key-id'
    ! hint: jwks retire --help
    exit 2
    $ jwks retire auth k1 k2
    ! jwks: too many arguments: retire takes at most 2
    ! hint: jwks retire --help
    exit 2
    $ jwks retire auth -- -k
    ! jwks: set "auth" has no key "-k"
    ! hint: jwks get auth shows its keys
    exit 3
  `,
  );
  expect(snapshotOf(machine.home)).toEqual(before);
});

test('an encryption key goes on opening what was sent to it; nobody speaks of tokens refused', async () => {
  const machine = await withAuth('create --alg ECDH-ES enc e1');
  const { stdout, stderr } = await machine.jwks('retire enc e1');
  expect(stdout).toMatch(
    /^enc\te1\tECDH-ES\tenc\tretiring\tno longer encrypts, leaves 2026-02-04T13:05:00Z/m,
  );
  expect(stderr).not.toContain('refuse its tokens');
  expect(stderr).toContain('jwks export enc --private -o FILE');
  expect(JSON.parse((await machine.jwks('export enc --private')).stdout).keys).toHaveLength(2);
  expect(JSON.parse((await machine.jwks('export enc')).stdout).keys).toHaveLength(1);
});
