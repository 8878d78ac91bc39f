// jwks get: what scripts that were written for Ory find.
import { expect, test } from 'vitest';
import { instant, Machine } from '../support/cli.ts';
import { transcript } from '../support/transcript.ts';
import { ok } from './machines.ts';

const ec = (kid: string, n: number, set = 'auth') =>
  `{"kty":"EC","use":"sig","alg":"ES256","kid":"${kid}","crv":"P-256","x":"<x${n}>","y":"<y${n}>","set":"${set}"}`;

test('a single key is its bare object, a set has its name, several sets are one list', async () => {
  const machine = new Machine();
  await ok(machine, 'create --alg ES256 auth first');
  await transcript(
    machine,
    `
    $ jwks get auth --format json
    ${ec('first', 1)}
  `,
  );
  machine.now = instant('2026-02-02T12:00:00Z');
  await ok(machine, 'create --alg ES256 auth second');
  await ok(machine, 'create --alg ES256 other third');
  await transcript(
    machine,
    `
    # Newest first.
    $ jwks get auth --format json
    {"set":"auth","keys":[${ec('second', 2)},${ec('first', 1)}]}
    $ jwks get auth --kid first --format json
    ${ec('first', 1)}
    $ jwks get auth other --format json
    {"keys":[${ec('second', 2)},${ec('first', 1)},${ec('third', 3, 'other')}]}
    $ jwks get jwks auth other -q
    second
    first
    third
    $ jwks get auth
    SET ID⇥KEY ID⇥ALGORITHM⇥USE⇥STATE⇥CREATED
    auth⇥second⇥ES256⇥sig⇥active⇥2026-02-02T12:00:00Z
    auth⇥first⇥ES256⇥sig⇥active⇥2026-02-01T12:00:00Z
  `,
  );
});

test('what is not there is exit 3', async () => {
  const machine = new Machine();
  await ok(machine, 'create --alg ES256 auth first');
  await transcript(
    machine,
    `
    $ jwks get auth --kid nobody
    ! jwks: set "auth" has no key "nobody"
    ! hint: jwks get auth shows its keys
    exit 3
    $ jwks get nowhere
    ! jwks: set "nowhere" does not exist
    ! hint: jwks list shows the sets there are
    exit 3
    $ jwks get
    ! jwks: missing argument 'set-id'
    ! hint: jwks get --help
    exit 2
    $ jwks get jwks
    ! jwks: missing argument 'set-id'
    ! hint: jwks get --help
    exit 2
  `,
  );
});

test('private members are there with --private only, which is said', async () => {
  const machine = new Machine();
  await ok(machine, 'create --alg ES256 auth first');
  await transcript(
    machine,
    `
    $ jwks get auth --private --format json
    {"kty":"EC","use":"sig","alg":"ES256","kid":"first","crv":"P-256","x":"<x>","y":"<y>","d":"<d>","set":"auth"}
    ! jwks: this holds private keys: keep it secret
    $ jwks get auth --public --format json
    {"kty":"EC","use":"sig","alg":"ES256","kid":"first","crv":"P-256","x":"<x>","y":"<y>","set":"auth"}
  `,
  );
});

test('a symmetric key is shown without its value, and not at all in a pure set', async () => {
  const machine = new Machine();
  await ok(machine, 'create --alg HS256 sym shared');
  await transcript(
    machine,
    `
    $ jwks get sym --format json
    {"kty":"oct","use":"sig","alg":"HS256","kid":"shared","set":"sym"}
    $ jwks get sym --format jwks
    {
      "keys": []
    }
    $ jwks get sym --private --format json
    {"kty":"oct","use":"sig","alg":"HS256","kid":"shared","k":"<k>","set":"sym"}
    ! jwks: this holds private keys: keep it secret
  `,
  );
  const { stdout } = await machine.jwks('get sym --private --format jwks');
  expect(JSON.parse(stdout).keys).toHaveLength(1);
});
