// jwks policy on sets whose keys are under way: what is lowered counts on, what is raised moves dates later.
import { expect, test } from 'vitest';
import { instant, Machine } from '../support/cli.ts';
import { json, machineAfter, ok } from './machines.ts';

function machineWithKey(): Promise<Machine> {
  return machineAfter('create --alg ES256 auth auth-1');
}

const datesOf = async (machine: Machine): Promise<(string | undefined)[][]> =>
  (await json(machine, 'list auth')).sets[0].keys.map((key: Record<string, string>) => [
    key['activates'],
    key['deactivates'],
    key['retires'],
  ]);

test('one that is lowered counts at its old value until that no longer matters', async () => {
  const machine = await machineWithKey();
  const ran = await machine.jwks('policy auth --token-ttl 1h --publish-lag 0s');
  expect(ran.stderr).toContain('counts at its old value until 2026-02-03T13:05:00Z');
  const graceAt = async (time: string) => {
    machine.now = instant(time);
    const [{ publishAhead, grace, inForce }] = (await json(machine, 'policy auth')).policies;
    return [publishAhead, grace, inForce.tokenTtl];
  };
  expect(await graceAt('2026-02-03T13:04:59Z')).toEqual(['2945m', '2885m', '1d']);
  expect(await graceAt('2026-02-03T13:05:00Z')).toEqual(['1505m', '1505m', '1h']);
});

test('one that is raised moves dates later, one that is lowered never earlier', async () => {
  const machine = await machineWithKey();
  await ok(machine, 'rotate auth');
  const first = ['2026-02-03T13:05:00Z', '2026-02-05T13:10:00Z'];
  const signs = '2026-02-01T12:00:00Z';
  expect(await datesOf(machine)).toEqual([
    [first[0], undefined, undefined],
    [signs, ...first],
  ]);
  await ok(machine, 'policy auth --publish-lag 48h');
  const later = [
    ['2026-02-04T13:05:00Z', undefined, undefined],
    [signs, '2026-02-04T13:05:00Z', '2026-02-06T13:10:00Z'],
  ];
  expect(await datesOf(machine)).toEqual(later);
  await ok(machine, 'policy auth --publish-lag 0s --token-ttl 1m --signer-reload 0s');
  expect(await datesOf(machine)).toEqual(later);
  await ok(machine, 'policy auth --token-ttl 72h');
  expect(await datesOf(machine)).toEqual([
    ['2026-02-04T13:05:00Z', undefined, undefined],
    [signs, '2026-02-04T13:05:00Z', '2026-02-08T13:10:00Z'],
  ]);
});

test('an enc key moves by its own facts: what decrypts must have its successor first', async () => {
  const machine = new Machine();
  await ok(machine, 'create --alg ECDH-ES --use enc auth e1');
  await ok(machine, 'rotate auth');
  const [next] = await datesOf(machine);
  expect(next?.[0]).toBe('2026-02-02T12:05:00Z');
  await ok(machine, 'policy auth --publish-lag 48h');
  expect((await datesOf(machine)).map(([, , retires]) => retires)).toEqual([
    undefined,
    '2026-02-06T13:10:00Z',
  ]);
  await ok(machine, 'policy auth --signer-reload 48h');
  expect((await datesOf(machine)).map(([activates, ends]) => [activates, ends])).toEqual([
    ['2026-02-03T12:05:00Z', undefined],
    ['2026-02-01T12:00:00Z', '2026-02-03T12:05:00Z'],
  ]);
});

test('--destroy-retiring destroys at once what no longer signs, and leaves it published', async () => {
  const machine = await machineWithKey();
  await ok(machine, 'rotate auth --now');
  const kids = async (words: string): Promise<string[]> =>
    JSON.parse((await machine.jwks(words)).stdout).keys.map((key: { kid: string }) => key.kid);
  const published = await kids('export auth');
  expect([published.length, await kids('export auth --private')]).toEqual([2, published]);
  await ok(machine, 'policy auth --destroy-retiring');
  expect(await kids('export auth --private')).toEqual(published.slice(0, 1));
  expect(await kids('export auth')).toEqual(published);
});

test('a successor that must be seen has no date before it was, and gets one when that is taken back', async () => {
  const machine = await machineWithKey();
  await ok(machine, 'policy auth --rotate-every 30d --published-at https://cdn.example/jwks.json');
  const [{ planned }] = (await json(machine, 'policy auth')).policies;
  const publishes = '2026-03-01T10:55:00Z';
  expect(planned).toEqual([{ use: 'sig', alg: 'ES256', publishes, activates: null, succeeds: 'auth-1' }]);
  await ok(machine, 'rotate auth');
  expect((await datesOf(machine)).flat()).toEqual([
    undefined,
    undefined,
    undefined,
    '2026-02-01T12:00:00Z',
    undefined,
    undefined,
  ]);
  await ok(machine, 'policy auth --published-at none');
  await ok(machine, 'rotate auth --due');
  expect((await datesOf(machine))[1]?.slice(1)).toEqual(['2026-02-03T13:05:00Z', '2026-02-05T13:10:00Z']);
});
