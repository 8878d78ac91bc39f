// jwks revoke: out of the set at once, a successor in place, and a report that says who still trusts the key.
import { describe, expect, test } from 'vitest';
import { realFileSystem } from '../../src/keystore/file-system.ts';
import { parseSetId } from '../../src/keystore/set-id.ts';
import { openKeystore } from '../../src/operations/open.ts';
import { instant, type Machine } from '../support/cli.ts';
import { accessIn, secretOf } from '../support/keystore.ts';
import { snapshotOf } from '../support/snapshot.ts';
import { json, machineAfter, ok } from './machines.ts';

function machineWith(...kids: readonly string[]): Promise<Machine> {
  return machineAfter(...kids.map((kid) => ['create', '--alg', 'ES256', 'auth', '--', kid]));
}

const kidsOf = async (machine: Machine, words: string): Promise<string[]> =>
  JSON.parse((await machine.jwks(words)).stdout).keys.map((key: { kid: string }) => key.kid);

interface Listed {
  readonly kid: string;
  readonly state: string;
  readonly activates: string;
  readonly deactivates?: string;
  readonly revoked?: object;
}
const listOf = async (machine: Machine): Promise<Listed[]> =>
  (await json(machine, 'list auth --all')).sets[0].keys;

/** What its documents hold, opened with the secret. */
async function heldIn(machine: Machine): Promise<(string | undefined)[]> {
  const text = realFileSystem.readFile(`${machine.home}/.config/jwks/secret`).toString();
  const keystore = await openKeystore(
    accessIn(machine.home, {
      directory: `${machine.home}/.local/share/jwks`,
      isDefault: false,
      stateDirectory: undefined,
      findSecret: secretOf(text),
      author: { now: () => machine.now, by: 'test' },
    }),
    undefined,
  );
  const opened = await keystore.openSet(parseSetId('auth'));
  return opened?.privateKeys.map(({ kid }) => kid) ?? [];
}

describe('the key that signs', () => {
  test('a new one signs in its place at once; nothing of the old one is left but its name', async () => {
    const machine = await machineWith('k1');
    await ok(machine, 'revoke auth k1');
    const [successor, ...rest] = await kidsOf(machine, 'export auth');
    expect([successor, rest]).toEqual([expect.stringMatching(/^[\w-]{43}$/), []]);
    expect(await kidsOf(machine, 'export auth --private')).toEqual([successor]);
    expect(await heldIn(machine)).toEqual([successor]);
    const revoked = { at: '2026-02-01T12:00:00Z', reason: 'keyCompromise' };
    expect(await listOf(machine)).toMatchObject([
      { kid: successor, state: 'active', activates: '2026-02-01T12:00:00Z' },
      { kid: 'k1', state: 'revoked', revoked },
    ]);
    expect((await machine.jwks('create --alg ES256 auth k1')).status).toBe(5);
  });

  test('what a person reads', async () => {
    const machine = await machineWith('k1');
    const { stdout, stderr, status } = await machine.jwks('revoke auth --signer --reason superseded');
    const text = stdout.replace(/[\w-]{43}/g, '<kid>');
    expect([status, text.split('\n').slice(1, 9)]).toEqual([
      0,
      [
        'auth\t<kid>\tES256\tsig\tactive\tsigns from now',
        'auth\tk1\tES256\tsig\trevoked\trevoked (superseded), out of the set from now',
        '',
        "May go on trusting it, by the policy's facts:",
        '  until 2026-02-02T12:00:00Z (24 h)  the published set, if you leave it to its usual job',
        '  until 2026-02-02T12:05:00Z (24 h)  hosts that have loaded the private set, which go on using it',
        '  until 2026-02-02T13:00:00Z (25 h)  caches that keep to max-age',
        '  until 2026-02-03T13:05:00Z (2 d)   verifiers that keep the set whatever its header says',
      ],
    ]);
    for (const task of ['jwks export auth -o FILE', 'purge', 'restart', 'issued again'])
      expect(text.slice(text.indexOf('Do now:'))).toContain(task);
    expect(stderr).toMatch(/^jwks: auth signs with [\w-]{43} \(ES256\) from now on\n$/);
  });

  test('its JSON: changes, trust by the facts in force, and tasks', async () => {
    const machine = await machineWith('k1');
    await machine.jwks(
      'policy auth --token-ttl 1h --cache-max-age 10m --stale-if-error 5m --publish-lag 0s --verifier-cache 0s --signer-reload 5m --skew 1m',
    );
    machine.now = instant('2026-02-10T12:00:00Z');
    const { changes, trust, tasks } = await json(machine, 'revoke auth --signer');
    const [set, at] = ['auth', '2026-02-10T12:00:00Z'];
    expect(changes).toEqual([
      { set, kid: expect.any(String), from: null, to: 'active', at },
      { set, kid: 'k1', from: 'active', to: 'revoked', at },
    ]);
    expect(trust).toEqual([
      { holder: 'private-sets', until: '2026-02-10T12:06:00Z' },
      { holder: 'caches', until: '2026-02-10T12:10:00Z' },
      { holder: 'stale-caches', until: '2026-02-10T12:15:00Z' },
      { holder: 'verifiers', until: '2026-02-10T12:16:00Z' },
    ]);
    expect(tasks.length).toBeGreaterThan(3);
  });

  test('a next key signs at once instead; with --no-successor nothing signs', async () => {
    const machine = await machineWith('k1');
    const [{ kid }] = (await json(machine, 'rotate auth')).changes;
    await ok(machine, 'revoke auth --signer');
    expect(await listOf(machine)).toMatchObject([
      { kid, state: 'active', activates: '2026-02-01T12:00:00Z' },
      { kid: 'k1', state: 'revoked' },
    ]);
    const ran = await machine.jwks('revoke auth --signer --no-successor');
    expect([ran.status, ran.stderr]).toEqual([
      0,
      'jwks: nothing signs ES256 for auth now: jwks create makes a key\n',
    ]);
    expect(ran.stdout).toContain('jwks export auth --allow-empty -o FILE');
    expect([(await machine.jwks('export auth')).status, await heldIn(machine)]).toEqual([5, []]);
    expect((await machine.jwks('revoke auth --signer')).status).toBe(3);
  });

  test('where several algorithms sign, all that sign now are told', async () => {
    const machine = await machineWith('k1');
    await ok(machine, 'create --alg EdDSA auth ed');
    const { stderr } = await machine.jwks('revoke auth --all');
    const active = (await listOf(machine)).filter(({ state }) => state === 'active');
    expect(active).toHaveLength(2);
    for (const { kid } of active) expect(stderr).toContain(`auth signs with ${kid}`);
  });
});

test('the words fit the key: one that does not sign has no successor, one for encryption does not sign', async () => {
  const machine = await machineWith('k1', 'k2');
  expect((await json(machine, 'revoke auth k1')).tasks.join()).not.toMatch(/successor|new keys/);
  await ok(machine, 'create --alg ECDH-ES --use enc e e1');
  expect(await machine.jwks('revoke e e1')).toMatchObject({
    status: 0,
    stderr: expect.stringMatching(/^jwks: e is encrypted to with [\w-]{43} \(ECDH-ES\) from now on\n$/),
  });
});

describe('which keys', () => {
  test('one, several, all', async () => {
    const machine = await machineWith('k1', 'k2', 'k3', 'k4');
    await ok(machine, 'revoke auth k1');
    expect(await kidsOf(machine, 'export auth')).toEqual(['k4', 'k3', 'k2']);
    await ok(machine, 'revoke auth k2 k3 --reason affiliationChanged');
    expect(await kidsOf(machine, 'export auth')).toEqual(['k4']);
    await ok(machine, 'revoke auth --all --note everything');
    expect((await listOf(machine)).map(({ state }) => state)).toEqual([
      'active',
      ...Array(4).fill('revoked'),
    ]);
    const { events } = await json(machine, 'history auth --since 4.1');
    const told = events.map(({ event, kid, note }: Record<string, string>) => [event, kid, note]);
    expect(told).toEqual([
      ['revoked', 'k1', 'keyCompromise'],
      ['revoked', 'k2', 'affiliationChanged'],
      ['revoked', 'k3', 'affiliationChanged'],
      ['revoked', 'k4', 'keyCompromise; everything'],
      ['activated', expect.any(String), 'in place of k4; everything'],
    ]);
  });

  test('a next key: another one is made, and the signer goes on until then', async () => {
    const machine = await machineWith('k1');
    const [{ kid }] = (await json(machine, 'rotate auth')).changes;
    machine.now = instant('2026-02-02T12:00:00Z');
    await ok(machine, ['revoke', 'auth', '--', kid]);
    expect(await listOf(machine)).toMatchObject([
      { state: 'next', activates: '2026-02-04T13:05:00Z' },
      { kid, state: 'revoked' },
      { kid: 'k1', state: 'active', deactivates: '2026-02-04T13:05:00Z', retires: '2026-02-06T13:10:00Z' },
    ]);
  });

  test('one that begins with - stands after --', async () => {
    const machine = await machineWith('-k1');
    expect((await machine.jwks('revoke auth -k1')).status).toBe(2);
    expect(await kidsOf(machine, 'export auth')).toEqual(['-k1']);
    expect((await machine.jwks('revoke auth -- -k1')).status).toBe(0);
    expect(await kidsOf(machine, 'export auth')).toEqual([expect.stringMatching(/^[\w-]{43}$/)]);
  });

  test('RFC 5280 reasons; what cannot be taken back is none of them', async () => {
    const reasons =
      'unspecified keyCompromise cACompromise affiliationChanged superseded cessationOfOperation privilegeWithdrawn aACompromise';
    const machine = await machineWith('k1');
    for (const reason of reasons.split(' ')) {
      const { changes } = await json(machine, `revoke auth --signer --dry-run --reason ${reason}`);
      expect([reason, changes.length]).toEqual([reason, 2]);
    }
    for (const reason of ['certificateHold', 'removeFromCRL', 'keycompromise', 'holiday'])
      expect((await machine.jwks(`revoke auth --signer --reason ${reason}`)).status).toBe(2);
  });
});

describe('nothing is done', () => {
  const files = (machine: Machine) => snapshotOf(`${machine.home}/.local/share/jwks`);

  test('with --dry-run, wrong words, unknown names, a clock that is behind', async () => {
    const machine = await machineWith('k1', 'k2');
    const before = files(machine);
    const refused = async (words: string) => [words, (await machine.jwks(words)).status];
    expect((await machine.jwks('revoke auth --all --dry-run')).stderr).toMatch(/nothing was\n$/);
    for (const words of ['revoke', 'revoke auth', 'revoke auth k1 --signer', 'revoke auth --all --signer'])
      expect(await refused(words)).toEqual([words, 2]);
    for (const words of ['revoke auth nope', 'revoke auth k1 nope', 'revoke nowhere --all'])
      expect(await refused(words)).toEqual([words, 3]);
    machine.now = instant('2026-02-01T11:54:00Z');
    for (const words of ['revoke auth k1', 'delete auth --yes', 'policy auth --skew 1m'])
      expect(await refused(words)).toEqual([words, 5]);
    machine.now = instant('2027-03-20T12:00:00Z');
    expect(await refused('revoke auth k1')).toEqual(['revoke auth k1', 5]);
    expect(files(machine)).toEqual(before);
    expect(await refused('revoke auth k1 --force')).toEqual(['revoke auth k1 --force', 0]);
  });

  test('where they are revoked already', async () => {
    const machine = await machineWith('k1', 'k2');
    await ok(machine, 'revoke auth k1');
    const before = files(machine);
    expect(await json(machine, 'revoke auth k1')).toEqual({ changes: [], trust: [], tasks: [] });
    const ran = await machine.jwks('revoke auth k1 --reason superseded');
    expect([ran.status, ran.stdout, files(machine)]).toEqual([0, '', before]);
  });

  test('one that retired long ago is marked, and nobody is said to trust it still', async () => {
    const machine = await machineWith('k1');
    await ok(machine, 'rotate auth --now');
    machine.now = instant('2026-04-01T12:00:00Z');
    const { trust, changes } = await json(machine, 'revoke auth k1');
    expect(changes.map(({ kid, to }: Record<string, string>) => [kid, to])).toEqual([['k1', 'revoked']]);
    const late = trust.filter(({ until }: { until: string }) => until > '2026-04-01T12:00:00Z');
    expect(late).toEqual([]);
  });
});
