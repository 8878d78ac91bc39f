// jwks delete: sets and keys go for good; their names stay taken and their history stays told.
import { expect, test } from 'vitest';
import { instant, Machine } from '../support/cli.ts';
import { snapshotOf } from '../support/snapshot.ts';
import { transcript } from '../support/transcript.ts';
import { machineAfter, ok } from './machines.ts';

function threeSets(): Promise<Machine> {
  return machineAfter(
    'create --alg ES256 auth k1',
    'create --alg ES256 pay p1',
    'create --alg ES256 third t1',
  );
}

const files = (machine: Machine) => snapshotOf(`${machine.home}/.local/share/jwks`);
const setsOf = async (machine: Machine) => (await machine.jwks('list -q')).stdout;
const kidsOf = async (machine: Machine, words: string): Promise<string[]> =>
  JSON.parse((await machine.jwks(words)).stdout).keys.map((key: { kid: string }) => key.kid);

test('on a terminal it asks', async () => {
  const machine = await threeSets();
  const before = files(machine);
  const no = await machine.jwks('delete auth', { terminal: 80, answers: [false] });
  expect([no.status, no.stdout, files(machine)]).toEqual([130, '', before]);
  const yes = await machine.jwks('delete auth', { terminal: 80, answers: [true] });
  expect([yes.status, yes.stdout, await setsOf(machine)]).toEqual([0, 'auth\n', 'pay\nthird\n']);
});

test('the only signer of a set is a key like the others: it asks, and a successor signs', async () => {
  const machine = await threeSets();
  const on = { terminal: 80, answers: [false] };
  expect((await machine.jwks('delete auth --kid k1', on)).status).toBe(130);
  expect(await kidsOf(machine, 'export auth')).toEqual(['k1']);
  expect((await machine.jwks('delete auth --kid k1', { ...on, answers: [true] })).status).toBe(0);
  const [successor, ...rest] = await kidsOf(machine, 'export auth --private');
  expect([successor, rest]).toEqual([expect.stringMatching(/^[\w-]{43}$/), []]);
});

test('without a terminal, or with --no-input, it wants --yes', async () => {
  const machine = await threeSets();
  const before = files(machine);
  for (const words of ['delete auth', 'delete auth pay', 'delete auth --kid k1', 'delete auth --force']) {
    const ran = await machine.jwks(words);
    expect([words, ran.status, ran.stdout]).toEqual([words, 2, '']);
    expect(ran.stderr).toMatch(/^hint: add --yes/m);
  }
  expect((await machine.jwks('delete auth --no-input', { terminal: 80, answers: [true] })).status).toBe(2);
  expect(files(machine)).toEqual(before);
  // One sentence after the other, in the number of what they are about.
  const { stderr } = await machine.jwks('delete auth');
  expect(stderr).toMatch(/[.?!] There is no terminal/);
  expect(stderr).not.toContain('its key, which sign now');
});

test('what it prints: ids, in every form', async () => {
  const machine = await threeSets();
  await ok(machine, 'create --alg ES256 fourth f1');
  await ok(machine, 'create --alg ES256 fifth g1');
  await ok(machine, 'create --alg ES256 fifth g2');
  await transcript(
    machine,
    `
    $ jwks delete auth pay --yes --format json -q --dry-run
    auth
    pay
    $ jwks delete auth --yes --format json
    "auth"
    ! jwks: auth is deleted; what is published of it elsewhere is yours to take away
    $ jwks delete pay third --yes --format json
    ["pay","third"]
    ! jwks: pay is deleted; what is published of it elsewhere is yours to take away
    ! jwks: third is deleted; what is published of it elsewhere is yours to take away
    $ jwks delete fourth --yes
    fourth
    ! jwks: fourth is deleted; what is published of it elsewhere is yours to take away
    $ jwks delete fifth --kid g1 --yes -q
    g1
    $ jwks delete fifth --yes -q
    fifth
    $ jwks list --format json
    {"sets":[]}
    ! jwks: there are no sets yet; jwks create SET makes one
  `,
  );
});

test('a key that does not sign just goes; its kid stays taken', async () => {
  const machine = await threeSets();
  await ok(machine, 'create --alg ES256 auth k2');
  await transcript(
    machine,
    `
    $ jwks delete auth --kid k1 --yes --format json -q
    k1
    $ jwks list auth --all
    SET ID⇥KEY ID⇥ALGORITHM⇥USE⇥STATE⇥WHAT HAPPENS NEXT
    auth⇥k2⇥ES256⇥sig⇥active⇥signs
    auth⇥k1⇥ES256⇥sig⇥retired⇥gone; its name stays taken
    $ jwks delete auth --kid k1 --yes
    ! jwks: set "auth" has no key "k1"
    ! hint: jwks get auth shows its keys
    exit 3
    $ jwks create --alg ES256 auth k1
    ! jwks: key "k1" was not made: set "auth" has had that kid already, and a kid is never used again
    ! hint: leave the key id out to have one made
    exit 5
  `,
  );
  expect(await kidsOf(machine, 'export auth --private')).toEqual(['k2']);
});

test('a next key: another one is made, and the signer goes on until then', async () => {
  const machine = await threeSets();
  const { stdout } = await machine.jwks('rotate auth -q');
  machine.now = instant('2026-02-02T12:00:00Z');
  await ok(machine, ['delete', 'auth', '--yes', `--kid=${stdout.trim()}`]);
  const listed = JSON.parse((await machine.jwks('list auth --format json')).stdout).sets[0].keys;
  expect(listed).toMatchObject([
    { state: 'next', activates: '2026-02-04T13:05:00Z' },
    { kid: 'k1', state: 'active', deactivates: '2026-02-04T13:05:00Z' },
  ]);
});

test('a kid that begins with - is a value', async () => {
  const machine = new Machine();
  await ok(machine, 'create --alg ES256 auth -- -k1');
  expect((await machine.jwks('delete auth --yes --kid=-k1')).stdout).toBe('-k1\n');
});

test('what does not exist is exit 3 before anything is done, or nothing with --ignore-missing', async () => {
  const machine = await threeSets();
  const before = files(machine);
  for (const words of [
    'delete nope',
    'delete auth nope',
    'delete auth --kid nope',
    'delete auth pay --kid k1',
  ])
    expect([words, (await machine.jwks(`${words} --yes`)).status]).toEqual([words, 3]);
  expect(files(machine)).toEqual(before);
  await transcript(
    machine,
    `
    $ jwks delete nope --ignore-missing
    $ jwks delete nope --ignore-missing --format json
    []
    $ jwks delete auth --kid nope --ignore-missing --yes
    $ jwks delete nope third --ignore-missing --yes --format json -q
    third
  `,
  );
  expect((await machine.jwks('delete')).status).toBe(2);
});

test('--dry-run asks nothing and writes nothing', async () => {
  const machine = await threeSets();
  const before = files(machine);
  const ran = await machine.jwks('delete auth pay --dry-run');
  expect([ran.status, ran.stdout, files(machine)]).toEqual([0, 'auth\npay\n', before]);
  expect(ran.stderr).toContain('nothing was');
});

test('a deleted set is gone from everything but its history, and made anew goes on with it', async () => {
  const machine = await threeSets();
  await ok(machine, ['delete', 'auth', '--yes', '--note', 'moved to pay']);
  const gone = ['list auth', 'export auth', 'get auth', 'check auth', 'policy auth', 'revoke auth k1'];
  for (const words of [...gone, 'rotate auth', 'delete auth --yes', 'timeline auth'])
    expect([words, (await machine.jwks(words)).status]).toEqual([words, 3]);
  expect(await kidsOf(machine, 'export --all')).toEqual(['p1', 't1']);
  expect(JSON.parse((await machine.jwks('check --format json')).stdout)).toEqual({ ok: true, findings: [] });
  expect((await machine.jwks('create --alg ES256 auth k1')).status).toBe(5);
  await ok(machine, 'create --alg ES256 auth k2');
  await transcript(
    machine,
    `
    $ jwks history auth
    SET ID⇥KEY ID⇥EVENT⇥WHEN⇥BY⇥ID⇥NOTE
    auth⇥k1⇥created⇥2026-02-01T12:00:00Z⇥alice@laptop⇥1.1⇥
    auth⇥⇥deleted⇥2026-02-01T12:00:00Z⇥alice@laptop⇥2.1⇥moved to pay
    auth⇥k1⇥deleted⇥2026-02-01T12:00:00Z⇥alice@laptop⇥2.2⇥the set was deleted; moved to pay
    auth⇥k2⇥created⇥2026-02-01T12:00:00Z⇥alice@laptop⇥3.1⇥
  `,
  );
  expect(await kidsOf(machine, 'export auth --private')).toEqual(['k2']);
});
