// Names and algorithms that are refused; and those that are just names.
import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { hydra, machineWithKeys, refused } from '../support/refused.ts';
import { filesBelow } from '../support/snapshot.ts';
import { transcript } from '../support/transcript.ts';

test('an algorithm that is not there, or contradicts use, size or curve: the hint says what fits', async () => {
  const machine = await machineWithKeys();
  await refused(machine, () =>
    transcript(
      machine,
      `
      $ jwks create --alg ES257 ${hydra}
      ! jwks: unknown algorithm "ES257"
      ! hint: jwks algs lists them
      exit 2
      $ jwks create --alg es256 ${hydra}
      ! jwks: unknown algorithm "es256"
      ! hint: did you mean ES256? (names are case-sensitive)
      exit 2
      $ jwks create --alg none ${hydra}
      ! jwks: unknown algorithm "none"
      ! hint: jwks algs lists them
      exit 2
      $ jwks create --alg ES256 --use enc ${hydra}
      ! jwks: algorithm ES256 is for use sig, not enc
      ! hint: for --use enc: <...>RSA-OAEP-256<...>ECDH-ES<...>
      exit 2
      $ jwks create --alg ECDH-ES --use sig ${hydra}
      ! jwks: algorithm ECDH-ES is for use enc, not sig
      ! hint: for --use sig: <...>RS256<...>ES256<...>
      exit 2
      $ jwks create --alg ES256 --crv P-384 ${hydra}
      ! jwks: --crv P-384 does not fit algorithm ES256
      ! hint: for ES256: --crv P-256
      exit 2
      $ jwks create --alg ES256 --bits 2048 ${hydra}
      ! jwks: --bits 2048 does not fit algorithm ES256
      ! hint: ES256 takes no --bits
      exit 2
      $ jwks create --alg RS256 --crv P-256 ${hydra}
      ! jwks: --crv P-256 does not fit algorithm RS256
      ! hint: RS256 takes no --crv
      exit 2
      $ jwks create --alg RS256 --bits 1024 ${hydra}
      ! jwks: --bits 1024 does not fit algorithm RS256
      ! hint: for RS256: --bits 2048, 3072, 4096
      exit 2
      $ jwks create --alg HS512 --bits 256 ${hydra}
      ! jwks: --bits 256 does not fit algorithm HS512
      ! hint: for HS512: --bits 512
      exit 2
    `,
    ),
  );
});

test('a set id that cannot be one', async () => {
  const machine = await machineWithKeys();
  await refused(machine, async () => {
    for (const [set, why] of [
      ['', 'it is empty'],
      ['a'.repeat(129), 'it has 129 characters, 128 are the most'],
      ['e\u0301', 'it is not in Unicode normal form C'],
      ['a\nb', 'it has a control character or half a surrogate pair'],
      ['a\u0000b', 'it has a control character or half a surrogate pair'],
      ['a\u0085b', 'it has a control character or half a surrogate pair'],
    ] as const) {
      for (const words of [['create', '--alg', 'ES256'], ['list'], ['get'], ['export']]) {
        expect(await machine.jwks([...words, set])).toEqual({
          status: 2,
          stdout: '',
          stderr: `jwks: this cannot be a set id: ${why}\n`,
        });
      }
    }
    expect((await machine.jwks(['create', '--alg', 'ES256', hydra, 'a'.repeat(257)])).status).toBe(2);
    expect((await machine.jwks(['create', '--alg', 'ES256', hydra, ''])).status).toBe(2);
  });
});

test('anything else is just a name, and stays inside the keystore', async () => {
  const machine = await machineWithKeys();
  const names = [
    '../../etc/passwd',
    '/etc/passwd',
    '__proto__',
    'constructor',
    'CON',
    'con',
    'nul.txt',
    '.',
    '..',
    '.hidden',
    'https://issuer.example/a?b=c#d',
    '%2e%2e',
    'set with spaces & $(touch pwned) `touch pwned`; "quotes"',
    '🔑'.repeat(60),
    'a'.repeat(128),
    'Auth',
    'auth',
    'list',
    'help',
  ];
  const before = filesBelow(machine.home);
  for (const name of names) {
    expect(await machine.jwks(['create', '--alg', 'ES256', '-q', '--', name, 'k'])).toMatchObject({
      status: 0,
      stdout: 'k\n',
    });
  }
  const made = filesBelow(machine.home).filter((path) => !before.includes(path));
  const sets = '.local/share/jwks/sets';
  expect(made.every((path) => path.startsWith(`${sets}/`))).toBe(true);
  expect(readdirSync(`${machine.home}/${sets}`)).toHaveLength(names.length + 2);
  for (const directory of readdirSync(`${machine.home}/${sets}`)) {
    expect(directory).toMatch(/^(?:~[0-9a-f]{64}|[a-z0-9_%-][A-Za-z0-9._%-]{0,199})$/);
    expect(readdirSync(`${machine.home}/${sets}/${directory}`)).toEqual(['1.json']);
  }
  const listed = JSON.parse((await machine.jwks('list --format json')).stdout);
  const ids = listed.sets.map(({ set }: { set: string }) => set);
  expect(ids.sort()).toEqual([...names, hydra, 'sym'].sort());
  expect(JSON.parse((await machine.jwks(['export', '--', '../../etc/passwd'])).stdout).keys).toHaveLength(1);
});

test('a kid that the set has had', async () => {
  const machine = await machineWithKeys();
  await refused(machine, () =>
    transcript(
      machine,
      `
      $ jwks create --alg ES256 ${hydra} first
      ! jwks: key "first" was not made: set "${hydra}" has had that kid already, and a kid is never used again
      ! hint: leave the key id out to have one made
      exit 5
      $ jwks create --alg HS256 --format json sym shared
      ! {"error":{"code":"conflict","message":"key \\"shared\\" was not made: set \\"sym\\" has had that kid already, and a kid is never used again","hint":"leave the key id out to have one made"}}
      exit 5
    `,
    ),
  );
});
