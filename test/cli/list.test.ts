// jwks list: sets and keys for people, at any time.
import { expect, test } from 'vitest';
import { instant, Machine } from '../support/cli.ts';
import { transcript } from '../support/transcript.ts';
import { ok } from './machines.ts';

async function twoSets(): Promise<Machine> {
  const machine = new Machine('2026-02-01T12:00:00Z');
  await ok(machine, 'create --alg ES256 auth first');
  await ok(machine, 'create --alg HS256 payments shared');
  machine.now = instant('2026-03-01T12:00:00Z');
  await ok(machine, 'create --alg ES256 auth second');
  return machine;
}

test('off a terminal columns are separated by tabs', async () => {
  await transcript(
    await twoSets(),
    `
    $ jwks list
    SET ID⇥KEY ID⇥ALGORITHM⇥USE⇥STATE⇥WHAT HAPPENS NEXT
    auth⇥second⇥ES256⇥sig⇥active⇥signs
    auth⇥first⇥ES256⇥sig⇥active⇥does not sign
    payments⇥shared⇥HS256⇥sig⇥active⇥signs
    $ jwks list payments
    SET ID⇥KEY ID⇥ALGORITHM⇥USE⇥STATE⇥WHAT HAPPENS NEXT
    payments⇥shared⇥HS256⇥sig⇥active⇥signs
    $ jwks list -q
    auth
    payments
    $ jwks list auth nowhere
    ! jwks: set "nowhere" does not exist
    ! hint: jwks list shows the sets there are
    exit 3
  `,
  );
});

test('on a terminal columns are aligned', async () => {
  await transcript(
    await twoSets(),
    `
    $ jwks list
    SET ID    KEY ID  ALGORITHM  USE  STATE   WHAT HAPPENS NEXT
    auth      second  ES256      sig  active  signs
    auth      first   ES256      sig  active  does not sign
    payments  shared  HS256      sig  active  signs
  `,
    { terminal: 80, env: { NO_COLOR: '1' } },
  );
});

test('a table fits an 80-column terminal, cut where it is long', async () => {
  const machine = new Machine();
  await ok(machine, 'create --alg ES256 hydra.openid.id-token');
  const { stdout } = await machine.jwks('list', { terminal: 80, env: { NO_COLOR: '1' } });
  const lines = stdout.trimEnd().split('\n');
  expect(lines.filter((line) => line.length > 80)).toEqual([]);
  expect(lines[1]).toMatch(/^hydra\S+ +\S*… +ES256 +sig +active +signs$/);
});

test('it fits too where there is a policy, and where a switch is near', async () => {
  const machine = new Machine();
  await ok(machine, 'create --alg ES256 auth');
  await ok(machine, 'policy auth --rotate-every 90d');
  const long: string[] = [];
  for (const time of ['2026-02-01T12:00:00Z', '2026-04-30T12:00:00Z', '2026-05-03T12:00:00Z']) {
    machine.now = instant(time);
    await ok(machine, 'rotate --due');
    const { stdout } = await machine.jwks('list', { terminal: 80, env: { NO_COLOR: '1' } });
    long.push(...stdout.split('\n').filter((line) => line.length > 80));
  }
  expect(long).toEqual([]);
});

test('what is late is told in days, with what to run', async () => {
  const machine = new Machine();
  await ok(machine, 'create --alg ES256 auth k1');
  await ok(machine, 'policy auth --rotate-every 90d');
  machine.now = instant('2026-05-06T12:00:00Z');
  await transcript(
    machine,
    `
    $ jwks list
    SET ID  KEY ID  ALGORITHM  USE  STATE   WHAT HAPPENS NEXT
    auth    k1      ES256      sig  active  OVERDUE 4 d: jwks rotate auth
  `,
    { terminal: 80, env: { NO_COLOR: '1' } },
  );
});

test('wide characters take two columns', async () => {
  const machine = new Machine();
  await ok(machine, 'create --alg ES256 鍵 a');
  await ok(machine, 'create --alg ES256 ab a');
  await transcript(
    machine,
    `
    $ jwks list
    SET ID  KEY ID  ALGORITHM  USE  STATE   WHAT HAPPENS NEXT
    ab      a       ES256      sig  active  signs
    鍵      a       ES256      sig  active  signs
  `,
    { terminal: 80, env: { NO_COLOR: '1' } },
  );
});

test('a set may be given a leading word as Ory has it', async () => {
  await transcript(
    await twoSets(),
    `
    $ jwks list jwks payments -q
    payments
    $ jwks list jwk -q
    auth
    payments
  `,
  );
});

test('--at shows the past without the keys that were made later', async () => {
  await transcript(
    await twoSets(),
    `
    $ jwks list auth --at 2026-02-10T00:00:00Z
    SET ID⇥KEY ID⇥ALGORITHM⇥USE⇥STATE⇥WHAT HAPPENS NEXT
    auth⇥first⇥ES256⇥sig⇥active⇥signs
    $ jwks list auth --at 2026-02-10T01:00:00+02:00 --format jsonpath=sets.0.keys.#.kid
    ["first"]
    $ jwks list auth --at 2026-01-01
    SET ID⇥KEY ID⇥ALGORITHM⇥USE⇥STATE⇥WHAT HAPPENS NEXT
    $ jwks list auth --at 2036-01-01 --format 'jsonpath=$.sets[0].keys[*].state'
    ["active","active"]
    $ jwks list auth --at tomorrow
    ! jwks: --at tomorrow is no time such as 2026-12-24T10:00:00Z
    ! hint: jwks list --help
    exit 2
    $ jwks list auth --at 2026-02-30
    ! jwks: --at 2026-02-30 is no time such as 2026-12-24T10:00:00Z
    ! hint: jwks list --help
    exit 2
  `,
  );
});

test('its JSON has the members that scripts rely on', async () => {
  const machine = new Machine();
  await ok(machine, 'create --alg ES256 auth k1');
  await transcript(
    machine,
    `
    $ jwks list --format json
    {"sets":[{"set":"auth","revision":1,"policy":null,"keys":[{"kid":"k1","alg":"ES256","use":"sig","state":"active","created":"2026-02-01T12:00:00Z","activates":"2026-02-01T12:00:00Z"}]}]}
    $ jwks list --all --format json
    {"sets":[{"set":"auth","revision":1,"policy":null,"keys":[{"kid":"k1","alg":"ES256","use":"sig","state":"active","created":"2026-02-01T12:00:00Z","activates":"2026-02-01T12:00:00Z"}]}]}
  `,
  );
});

test('an empty keystore says how to begin', async () => {
  const machine = new Machine();
  await ok(machine, 'init');
  await transcript(
    machine,
    `
    $ jwks list --format json
    {"sets":[]}
    ! jwks: there are no sets yet; jwks create SET makes one
    $ jwks list -q
  `,
  );
});

test('no keystore is exit 3, and none is made', async () => {
  await transcript(
    new Machine(),
    `
    $ jwks list
    ! jwks: there is no keystore at ~/.local/share/jwks
    ! hint: jwks create SET makes it
    exit 3
  `,
  );
});
