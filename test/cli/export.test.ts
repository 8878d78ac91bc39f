// jwks export: the JWK Set that verifiers fetch, and the private one for servers that sign.
import { mkdirSync, readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { instant, Machine } from '../support/cli.ts';
import { transcript } from '../support/transcript.ts';
import { ok } from './machines.ts';

const kidsIn = (stdout: string): string[] => JSON.parse(stdout).keys.map((key: { kid: string }) => key.kid);

async function threeSets(): Promise<Machine> {
  const machine = new Machine('2026-02-01T12:00:00Z');
  await ok(machine, 'create --alg ES256 auth first');
  await ok(machine, 'create --alg EdDSA payments pay');
  await ok(machine, 'create --alg HS256 sym shared');
  machine.now = instant('2026-03-01T12:00:00Z');
  await ok(machine, 'create --alg ES256 auth second');
  return machine;
}

test('one set: the signer first, one readable JWK Set', async () => {
  await transcript(
    await threeSets(),
    `
    $ jwks export auth
    {
      "keys": [
        {
          "kty": "EC",
          "use": "sig",
          "alg": "ES256",
          "kid": "second",
          "crv": "P-256",
          "x": "<x2>",
          "y": "<y2>"
        },
        {
          "kty": "EC",
          "use": "sig",
          "alg": "ES256",
          "kid": "first",
          "crv": "P-256",
          "x": "<x1>",
          "y": "<y1>"
        }
      ]
    }
  `,
  );
});

test('several sets are merged in the order they are named, all in the order of their names', async () => {
  const machine = await threeSets();
  const kids = async (words: string) => kidsIn((await machine.jwks(`export ${words}`)).stdout);
  expect(await kids('payments auth')).toEqual(['pay', 'second', 'first']);
  expect(await kids('auth payments sym')).toEqual(['second', 'first', 'pay']);
  expect(await kids('auth auth')).toEqual(['second', 'first']);
  expect(await kids('--all')).toEqual(['second', 'first', 'pay']);
  expect(await kids('jwks auth --kid first')).toEqual(['first']);
});

test('--at shows what was or will be published then', async () => {
  const machine = await threeSets();
  const kids = async (words: string) => kidsIn((await machine.jwks(`export ${words}`)).stdout);
  expect(await kids('auth --at 2026-02-15')).toEqual(['first']);
  expect(await kids('auth --at 2036-01-01T00:00:00Z')).toEqual(['second', 'first']);
});

test('two sets with different keys of one kid are refused, the same key once is not', async () => {
  const machine = await threeSets();
  await ok(machine, 'create --alg ES256 other first');
  await transcript(
    machine,
    `
    $ jwks export auth other
    ! jwks: two of these sets have different keys with the kid "first"
    ! hint: export them on their own
    exit 5
    $ jwks export auth other --private
    ! jwks: two of these sets have different keys with the kid "first"
    ! hint: export them on their own
    exit 5
  `,
  );
});

test('an export that would publish nothing is refused unless it is meant', async () => {
  await transcript(
    await threeSets(),
    `
    $ jwks export sym
    ! jwks: there is no key to publish: symmetric keys never are
    ! hint: --private hands them out
    exit 5
    $ jwks export sym --allow-empty
    {
      "keys": []
    }
    $ jwks export auth --at 2020-01-01
    ! jwks: there is no key to publish: an empty JWKS would lock everybody out
    ! hint: if that is what you want, add --allow-empty
    exit 5
    $ jwks export auth --kid nobody
    ! jwks: there is no key "nobody" to export
    ! hint: jwks list --all shows all keys
    exit 3
  `,
  );
});

test('a key that is not there is exit 3, also where an empty set is allowed', async () => {
  const machine = await threeSets();
  for (const sets of ['auth', 'sym', '--all']) {
    const ran = await machine.jwks(`export ${sets} --kid TYPO --allow-empty -o jwks.json`);
    expect([sets, ran.status, ran.stdout]).toEqual([sets, 3, '']);
    expect(ran.stderr).toContain('there is no key "TYPO" to export');
  }
  expect(readdirSync(`${machine.home}/work`)).toEqual([]);
});

test('which sets must be said', async () => {
  await transcript(
    await threeSets(),
    `
    $ jwks export
    ! jwks: missing argument 'set-id'
    ! hint: name sets, or use --all
    exit 2
    $ jwks export auth --all
    ! jwks: name sets, or use --all, not both
    exit 2
    $ jwks export nowhere
    ! jwks: set "nowhere" does not exist
    ! hint: jwks list shows the sets there are
    exit 3
  `,
  );
});

test('--private holds every private half, symmetric and encryption keys too', async () => {
  const machine = await threeSets();
  await ok(machine, 'create --alg ECDH-ES --crv X25519 enc box');
  const { stdout, stderr } = await machine.jwks('export auth payments sym enc --private');
  const { keys } = JSON.parse(stdout);
  expect(keys.map(({ kid }: { kid: string }) => kid)).toEqual(['second', 'first', 'pay', 'shared', 'box']);
  expect(keys.every((key: object) => 'd' in key || 'k' in key)).toBe(true);
  expect(stderr).toBe('jwks: this holds private keys: keep it secret\n');
});

test('an encryption key is published while it should be used', async () => {
  const machine = new Machine();
  await ok(machine, 'create --alg ECDH-ES enc box');
  await transcript(
    machine,
    `
    $ jwks export enc
    {
      "keys": [
        {
          "kty": "EC",
          "use": "enc",
          "alg": "ECDH-ES",
          "kid": "box",
          "crv": "P-256",
          "x": "<x>",
          "y": "<y>"
        }
      ]
    }
    $ jwks list
    SET ID⇥KEY ID⇥ALGORITHM⇥USE⇥STATE⇥WHAT HAPPENS NEXT
    enc⇥box⇥ECDH-ES⇥enc⇥active⇥encrypts
  `,
  );
});

test('a keystore that nothing vouches for is not exported unless that is said', async () => {
  const machine = await threeSets();
  const elsewhere = new Machine();
  mkdirSync(`${elsewhere.home}/.local/share`, { recursive: true });
  const env = { JWKS_KEYSTORE: `${machine.home}/.local/share/jwks` };
  const refused = await elsewhere.jwks('export payments', { env });
  expect(refused).toMatchObject({ status: 4, stdout: '' });
  const [fingerprint = ''] = /[\w-]{43}/.exec(refused.stderr) ?? [];
  expect(refused.stderr).toContain('--identity');

  const unchecked = await elsewhere.jwks('export payments --unchecked', { env });
  expect(unchecked.status).toBe(0);
  expect(unchecked.stderr).toContain('nothing was checked');
  expect((await elsewhere.jwks('list', { env })).stderr).toContain('nothing was checked');

  expect((await elsewhere.jwks(`export payments --identity ${'A'.repeat(43)}`, { env })).status).toBe(4);
  const trusted = await elsewhere.jwks(`export payments --identity=${fingerprint}`, { env });
  expect(trusted).toEqual({ status: 0, stdout: unchecked.stdout, stderr: '' });
  const known = await elsewhere.jwks('export payments', { env: { ...env, JWKS_IDENTITY: fingerprint } });
  expect(known).toEqual(trusted);
});

test('a host that has opened a keystore once needs no secret to read it', async () => {
  const machine = await threeSets();
  const env = { XDG_CONFIG_HOME: `${machine.home}/without-a-secret` };
  expect(await machine.jwks('export payments', { env })).toMatchObject({ status: 0, stderr: '' });
  expect((await machine.jwks('export payments --private', { env })).status).toBe(4);
});
