// The gate of --published-at: a successor has no date until it is found wherever verifiers fetch it.
import { expect, test } from 'vitest';
import { instant, Machine } from '../support/cli.ts';
import { closedPort, startHttp } from '../support/https-server.ts';
import { snapshotOf } from '../support/snapshot.ts';
import { standsFor, transcript } from '../support/transcript.ts';
import { ok } from './machines.ts';

/** A place where verifiers fetch: it serves what was last put there, and counts how often it was asked. */
async function startPlace() {
  const place = { url: '', body: '{"keys":[]}', status: 200, asked: 0 };
  const origin = await startHttp((_request, response) => {
    place.asked++;
    response.writeHead(place.status, { 'content-type': 'application/jwk-set+json' }).end(place.body);
  });
  place.url = `${origin}/.well-known/jwks.json`;
  return place;
}

/** A machine whose set `auth` has a successor `<kid2>` that waits to be seen at these places. */
async function waitingAt(...urls: readonly string[]): Promise<Machine> {
  const machine = new Machine('2026-02-01T12:00:00Z');
  await ok(machine, 'create --alg ES256 auth k1');
  const set = await machine.jwks(`policy auth --rotate-every 90d --published-at ${urls.join(' ')}`);
  expect(set.status).toBe(0);
  machine.now = instant('2026-04-30T10:55:00Z');
  await transcript(
    machine,
    `
    $ jwks rotate --due -q
    <kid2>
  `,
  );
  return machine;
}

const publish = async (machine: Machine) => (await machine.jwks('export auth')).stdout;

test('without a date until it is seen, then by the cache rules alone', async () => {
  const place = await startPlace();
  const machine = await waitingAt(place.url);
  const before = snapshotOf(`${machine.home}/.local/share/jwks`);
  machine.now = instant('2026-05-20T00:00:00Z');
  await transcript(
    machine,
    `
    $ jwks list auth
    SET ID⇥KEY ID⇥ALGORITHM⇥USE⇥STATE⇥WHAT HAPPENS NEXT
    auth⇥<kid2>⇥ES256⇥sig⇥next⇥waits to be seen where its policy says
    auth⇥k1⇥ES256⇥sig⇥active⇥<...>
    $ jwks rotate auth
    ! jwks: auth has a successor: <kid2> signs once rotate --due has found it everywhere that its policy says; nothing was done
    $ jwks rotate --due -q
    $ jwks list auth --format 'jsonpath=$.sets[0].keys[*].state'
    ["next","active"]
  `,
  );
  expect(snapshotOf(`${machine.home}/.local/share/jwks`)).toEqual(before);

  place.body = await publish(machine);
  machine.now = instant('2026-05-20T01:00:00Z');
  // seen + cacheMaxAge 1h + staleIfError 0s + verifierCache 24h + skew 5m
  await transcript(
    machine,
    `
    $ jwks rotate --due
    SET ID⇥KEY ID⇥ALGORITHM⇥USE⇥STATE⇥WHAT CHANGED
    auth⇥<kid2>⇥ES256⇥sig⇥next⇥signs from 2026-05-21T02:05:00Z (25 h)
    auth⇥k1⇥ES256⇥sig⇥active⇥signs until 2026-05-21T02:05:00Z (25 h), leaves 2026-05-23T02:10:00Z (3 d)
    ! next: jwks export auth -o FILE    publish it now, and again on these dates
    $ jwks rotate --due -q
  `,
  );
  // Once it was seen nobody looks again.
  const { asked } = place;
  await ok(machine, 'rotate --due');
  expect(place.asked).toBe(asked);
  machine.now = instant('2026-05-21T02:05:00Z');
  await transcript(
    machine,
    `
    $ jwks list auth --format 'jsonpath=$.sets[0].keys[*].state'
    ["active","retiring"]
  `,
  );
});

test('what is waited for is told where nothing else is due', async () => {
  const place = await startPlace();
  const machine = await waitingAt(place.url);
  const { status, stderr } = await machine.jwks('rotate --due');
  expect(status).toBe(0);
  expect(stderr).not.toContain('no set has a policy with a period');
  expect(stderr).toContain(standsFor(machine, 'kid2'));
});

test('seen at one of two places is not seen', async () => {
  const [near, far] = [await startPlace(), await startPlace()];
  const machine = await waitingAt(near.url, far.url);
  near.body = await publish(machine);
  expect(await machine.jwks('rotate --due -q')).toEqual({ status: 0, stdout: '', stderr: '' });
  far.body = near.body;
  await transcript(
    machine,
    `
    $ jwks rotate --due --format 'jsonpath=$.changes[*]["kid","to","at"]'
    ["<kid2>","active","2026-05-01T12:00:00Z","k1","retiring","2026-05-01T12:00:00Z","k1","retired","2026-05-03T12:05:00Z"]
    ! next: jwks export auth -o FILE    publish it now, and again on these dates
  `,
  );
});

test('another key of the same kid is not seen', async () => {
  const place = await startPlace();
  const machine = await waitingAt(place.url);
  const kid = standsFor(machine, 'kid2');
  const foreign = new Machine();
  await foreign.jwks(['create', '--alg', 'ES256', 'auth', kid]);
  place.body = await publish(foreign);
  expect(JSON.parse(place.body).keys[0].kid).toBe(kid);
  expect(await machine.jwks('rotate --due -q')).toEqual({ status: 0, stdout: '', stderr: '' });
  const { stdout } = await machine.jwks('list auth --format json');
  expect(JSON.parse(stdout).sets[0].keys[0]).not.toHaveProperty('activates');
});

test('a place that cannot be reached fails its set with exit 7; what is due elsewhere is done', async () => {
  const nobody = `http://127.0.0.1:${await closedPort()}/jwks.json`;
  const machine = await waitingAt(nobody);
  await ok(machine, 'create --alg ES256 other o1');
  await ok(machine, 'policy other --rotate-every 90d');
  machine.now = instant('2026-08-01T12:00:00Z');
  const { status, stdout, stderr } = await machine.jwks('rotate --due --format json');
  expect(status).toBe(7);
  const { changes, failed } = JSON.parse(stdout);
  expect(new Set(changes.map(({ set }: { set: string }) => set))).toEqual(new Set(['other']));
  expect(failed).toEqual([
    {
      set: 'auth',
      code: 'unreachable',
      message: `set "auth" waits: ${nobody} cannot be fetched: connection refused`,
    },
  ]);
  expect(stderr).toContain('not done, or not all of it: auth\n');
  await transcript(
    machine,
    `
    $ jwks rotate --due -q
    ! jwks: the other sets are done; not done, or not all of it: auth
    ! jwks: set "auth" waits: ${nobody} cannot be fetched: connection refused
    exit 7
  `,
  );
});

test.each([
  ['an error', 7, 500, ''],
  ['what is no JWK Set', 6, 200, '<html>'],
] as const)('a place that serves %s fails its set with exit %i', async (_, code, status, body) => {
  const place = await startPlace();
  const machine = await waitingAt(place.url);
  Object.assign(place, { status, body });
  expect((await machine.jwks('rotate --due')).status).toBe(code);
  expect((await machine.jwks('rotate auth --cancel')).status).toBe(0);
});

test('--activate-at and --now pass the gate by force only, and say what it costs', async () => {
  const place = await startPlace();
  const machine = await waitingAt(place.url);
  await transcript(
    machine,
    `
    $ jwks rotate auth --activate-at 2026-06-01
    ! jwks: set "auth" was not changed: its successor has not been seen yet where the policy wants it
    ! hint: wait, or add --force if it has to be
    exit 5
    $ jwks rotate auth --activate-at 2026-06-01 --force --format 'jsonpath=$.changes[*].at'
    ["2026-06-01T00:00:00Z","2026-06-01T00:00:00Z","2026-06-03T00:05:00Z"]
    ! next: jwks export auth -o FILE    publish it now, and again on these dates
    $ jwks rotate auth --now -q
    <kid2>
  `,
  );
});

test('without the places the clock alone decides again, and a key goes on signing', async () => {
  const machine = await waitingAt(`http://127.0.0.1:${await closedPort()}/jwks.json`);
  machine.now = instant('2026-06-01T12:00:00Z');
  expect((await machine.jwks('policy auth --published-at none')).status).toBe(0);
  expect((await machine.jwks('rotate --due')).status).toBe(0);
  const { stdout } = await machine.jwks('list auth --format json');
  const states = JSON.parse(stdout).sets[0].keys.map(({ state }: { state: string }) => state);
  expect(states).toEqual(['active', 'retiring']);
});

test('places are https, or http on loopback, and hold no password', async () => {
  const machine = new Machine();
  await ok(machine, 'create --alg ES256 auth k1');
  await transcript(
    machine,
    `
    $ jwks policy auth --published-at http://example.com/jwks.json
    ! jwks: http://example.com/jwks.json is http, which is for loopback only
    ! hint: URLs are fetched by https, without credentials
    exit 2
    $ jwks policy auth --published-at https://example.com/a.json ftp://example.com/b.json
    ! jwks: ftp://example.com/b.json is not an https URL
    ! hint: URLs are fetched by https, without credentials
    exit 2
    $ jwks policy auth --published-at https://user:word@example.com/jwks.json
    ! jwks: https://example.com/jwks.json has credentials in it
    ! hint: URLs are fetched by https, without credentials
    exit 2
    $ jwks policy auth --published-at https://example.com/jwks.json -q --format jsonpath=policies.0.policy.publishedAt
    ["https://example.com/jwks.json"]
  `,
  );
});
