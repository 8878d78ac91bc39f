// jwks create: what a person sees who makes keys.
import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { Machine } from '../support/cli.ts';
import { filesBelow, modeOf, snapshotOf } from '../support/snapshot.ts';
import { standsFor, transcript } from '../support/transcript.ts';
import { ok } from './machines.ts';

test('the first create makes keystore, secret and key, and prints the public half only', async () => {
  const machine = new Machine();
  await transcript(
    machine,
    `
    $ jwks create --alg ES256 auth
    {
      "keys": [
        {
          "kty": "EC",
          "use": "sig",
          "alg": "ES256",
          "kid": "<kid>",
          "crv": "P-256",
          "x": "<x>",
          "y": "<y>"
        }
      ]
    }
    ! jwks: made a keystore   ~/.local/share/jwks
    ! jwks: made its secret   ~/.config/jwks/secret    keep a copy somewhere else
    ! jwks: auth signs with <kid> from now on; this is its public half
    ! next: jwks export auth -o jwks.json          publish it
    !       jwks policy auth --rotate-every 90d    then cron: jwks rotate --due
  `,
  );
  expect(filesBelow(`${machine.home}/.local/share/jwks`)).toEqual([
    'master',
    'master/1.json',
    'sets',
    'sets/auth',
    'sets/auth/1.json',
  ]);
  expect(modeOf(`${machine.home}/.local/share/jwks`)).toBe('0700');
  expect(modeOf(`${machine.home}/.local/share/jwks/sets/auth/1.json`)).toBe('0600');
  expect(modeOf(`${machine.home}/.config/jwks/secret`)).toBe('0600');
});

test('a second key signs at once, and which one it supersedes is told', async () => {
  const machine = new Machine();
  await ok(machine, 'create --alg ES256 auth first');
  await transcript(
    machine,
    `
    $ jwks create --alg ES256 --format json auth second
    {"set":"auth","keys":[{"kty":"EC","use":"sig","alg":"ES256","kid":"second","crv":"P-256","x":"<x>","y":"<y>","set":"auth"}]}
    ! jwks: it signs in place of first at once: verifiers that have not fetched the set again may refuse its tokens for up to 2 d
    ! hint: jwks rotate auth    a successor without that
    ! jwks: auth signs with second from now on; this is its public half
    ! next: jwks export auth -o jwks.json          publish it
    !       jwks policy auth --rotate-every 90d    then cron: jwks rotate --due
    $ jwks list auth
    SET ID⇥KEY ID⇥ALGORITHM⇥USE⇥STATE⇥WHAT HAPPENS NEXT
    auth⇥second⇥ES256⇥sig⇥active⇥signs
    auth⇥first⇥ES256⇥sig⇥active⇥does not sign
  `,
  );
});

test('a key of another algorithm or use supersedes nothing', async () => {
  const machine = new Machine();
  await ok(machine, 'create --alg ES256 auth first');
  await transcript(
    machine,
    `
    $ jwks create -q --alg EdDSA auth second
    second
    $ jwks create --format table --alg ECDH-ES auth third
    SET ID⇥KEY ID⇥ALGORITHM⇥USE⇥SIGNS FROM
    auth⇥third⇥ECDH-ES⇥enc⇥2026-02-01T12:00:00Z
    ! jwks: auth is encrypted to with third from now on; this is its public half
    ! next: jwks export auth -o jwks.json          publish it
    !       jwks policy auth --rotate-every 90d    then cron: jwks rotate --due
  `,
  );
});

test('--if-missing can be repeated', async () => {
  const machine = new Machine();
  await ok(machine, 'init');
  await transcript(
    machine,
    `
    $ jwks create --if-missing -q --alg ES256 auth
    <kid>
    $ jwks create --if-missing -q --alg ES256 auth
    <kid>
    $ jwks create --if-missing --alg ES256 --format json auth
    {"set":"auth","keys":[{"kty":"EC","use":"sig","alg":"ES256","kid":"<kid>","crv":"P-256","x":"<x>","y":"<y>","set":"auth"}]}
    ! jwks: auth signs with <kid> already; nothing was made
    # Another algorithm is another need.
    $ jwks create --if-missing -q --alg EdDSA auth
    <kid2>
    $ jwks create --if-missing -q --alg EdDSA auth
    <kid2>
    $ jwks list -q
    auth
    $ jwks list auth --format jsonpath=sets.0.revision
    2
  `,
  );
});

test('--dry-run makes nothing', async () => {
  const machine = new Machine();
  await ok(machine, 'create --alg ES256 auth first');
  const before = snapshotOf(machine.home);
  await transcript(
    machine,
    `
    $ jwks create --alg ES256 --dry-run auth
    ! jwks: it would sign in place of first at once: verifiers that have not fetched the set again may refuse its tokens for up to 2 d
    ! hint: jwks rotate auth    a successor without that
    ! jwks: set auth would get a key that signs at once; nothing was done
    $ jwks create --alg ES256 --dry-run --format json other
    {"changes":[{"set":"other","kid":null,"from":null,"to":"active","at":"2026-02-01T12:00:00Z"}]}
    ! jwks: set other would get a key that signs at once; nothing was done
    $ jwks create --alg ES256 --dry-run auth first
    ! jwks: key "first" was not made: set "auth" has had that kid already, and a kid is never used again
    ! hint: leave the key id out to have one made
    exit 5
  `,
  );
  expect(snapshotOf(machine.home)).toEqual(before);
});

test('a kid is made by the scheme that is asked for', async () => {
  const machine = new Machine();
  await ok(machine, 'init');
  await transcript(
    machine,
    `
    $ jwks create -q --alg ES256 --kid-from thumbprint a
    <thumbprint>
    $ jwks export a | jwks thumbprint
    <thumbprint>
    $ jwks create -q --alg ES256 --kid-from uuid b
    <uuid>
    $ jwks create -q --alg ES256 --kid-from spki-sha256 c
    <kid>
    # A symmetric key has a UUID whatever is asked.
    $ jwks create -q --alg HS256 --kid-from uuid d
    <uuid2>
  `,
  );
  const jwks = await machine.jwks('export c');
  const thumbprint = await machine.jwks('thumbprint', { stdin: jwks.stdout });
  expect(thumbprint.stdout.trim()).not.toBe(standsFor(machine, 'kid'));
});

test('a kid that begins with a dash is passed after --', async () => {
  const machine = new Machine();
  await ok(machine, 'init');
  await transcript(
    machine,
    `
    $ jwks create -q --alg ES256 auth -- -first
    -first
    $ jwks create --alg ES256 auth -second
    ! jwks: unknown option '-second'
    ! hint: jwks create --help
    exit 2
    $ jwks get auth -q --kid -first
    -first
  `,
  );
});

test('sizes and curves are those that were asked for', async () => {
  const machine = new Machine();
  await ok(machine, 'init');
  const made = async (words: string) => {
    const { stdout } = await machine.jwks(`create ${words} --format json`);
    return JSON.parse(stdout).keys[0];
  };
  const rsa = await made('--bits 2048 rsa');
  expect(rsa).toMatchObject({ kty: 'RSA', alg: 'RS256', use: 'sig', e: 'AQAB' });
  expect(Buffer.from(rsa.n, 'base64url')).toHaveLength(256);
  expect(await made('--alg EdDSA ed')).toMatchObject({ kty: 'OKP', crv: 'Ed25519' });
  expect(await made('--alg EdDSA --crv Ed448 ed')).toMatchObject({ kty: 'OKP', crv: 'Ed448' });
  expect(await made('--alg ECDH-ES --crv X25519 enc')).toMatchObject({ crv: 'X25519', use: 'enc' });
  expect(await made('--alg ES384 --use sig es')).toMatchObject({ crv: 'P-384', use: 'sig' });
});

test('a symmetric key has no public half to print', async () => {
  const machine = new Machine();
  await ok(machine, 'init');
  await transcript(
    machine,
    `
    $ jwks create --alg HS256 sym
    {
      "keys": []
    }
    ! jwks: sym signs with <uuid> from now on; it is symmetric and has no public half
    ! next: jwks policy sym --rotate-every 90d    then cron: jwks rotate --due
    $ jwks get sym --format json
    {"kty":"oct","use":"sig","alg":"HS256","kid":"<uuid>","set":"sym"}
    $ jwks create --alg A256KW --format json sym
    {"set":"sym","keys":[{"kty":"oct","use":"enc","alg":"A256KW","kid":"<uuid2>","set":"sym"}]}
    ! jwks: sym is encrypted to with <uuid2> from now on; it is symmetric and has no public half
    ! next: jwks policy sym --rotate-every 90d    then cron: jwks rotate --due
    $ jwks create --alg HS512 --private --format json sym
    {"set":"sym","keys":[{"kty":"oct","use":"sig","alg":"HS512","kid":"<uuid3>","k":"<k>","set":"sym"}]}
    ! jwks: sym signs with <uuid3> from now on; this is its value: keep it secret
    ! next: jwks policy sym --rotate-every 90d    then cron: jwks rotate --due
  `,
  );
  expect(Buffer.from(standsFor(machine, 'k'), 'base64url')).toHaveLength(64);
});

test('the history says who made a key, when and why', async () => {
  const machine = new Machine();
  await ok(machine, ['create', '--alg', 'ES256', '--note', 'for the new issuer', 'auth', 'k1']);
  await machine.jwks('create --alg ES256 auth k2', { env: { SUDO_USER: 'bob' } });
  await machine.jwks('create --alg ES256 auth k3', { env: { SUDO_USER: 'bob', JWKS_ACTOR: 'ci job 7' } });
  const { aad } = JSON.parse(readFileSync(`${machine.home}/.local/share/jwks/sets/auth/3.json`, 'utf8'));
  const at = '2026-02-01T12:00:00Z';
  expect(JSON.parse(Buffer.from(aad, 'base64url').toString()).events).toEqual([
    { id: '1.1', at, event: 'created', kid: 'k1', by: 'alice@laptop', note: 'for the new issuer' },
    { id: '2.1', at, event: 'created', kid: 'k2', by: 'bob' },
    { id: '3.1', at, event: 'created', kid: 'k3', by: 'ci job 7' },
  ]);
});

test('where the configuration has a policy, none is advised', async () => {
  const machine = new Machine();
  writeFileSync(`${machine.home}/work/jwks.config.yaml`, 'policy:\n  rotateEvery: 30d\n');
  await ok(machine, 'init');
  await transcript(
    machine,
    `
    $ jwks create --alg ES256 --format 'jsonpath=$.keys[*].kid' auth k1
    ["k1"]
    ! jwks: auth signs with k1 from now on; this is its public half
    ! next: jwks export auth -o jwks.json    publish it
    $ jwks list auth
    SET ID⇥KEY ID⇥ALGORITHM⇥USE⇥STATE⇥WHAT HAPPENS NEXT
    auth⇥k1⇥ES256⇥sig⇥active⇥signs; successor due 2026-03-01T10:55:00Z (28 d)
  `,
  );
});
