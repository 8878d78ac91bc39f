// Public keys as OpenSSH writes them: ssh-keygen takes them for the same key.
import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { toPublicJwk } from '../../src/jose/jwk.ts';
import { toSpki } from '../../src/jose/write/key-der.ts';
import { toPem } from '../../src/jose/write/pem.ts';
import { toSshLine } from '../../src/jose/write/ssh-public.ts';
import { type Choice, keyFor, rowsOf } from './keys.ts';
import { runOn } from './programs.ts';
import { read } from './read-support.ts';

const choices: readonly Choice[] = [
  { alg: 'RS256', use: 'sig', bits: 2048 },
  { alg: 'ES256', use: 'sig', crv: 'P-256' },
  { alg: 'ES384', use: 'sig', crv: 'P-384' },
  { alg: 'ES512', use: 'sig', crv: 'P-521' },
  { alg: 'EdDSA', use: 'sig', crv: 'Ed25519' },
];
const probe = toSshLine(toPublicJwk(await keyFor({ alg: 'EdDSA', use: 'sig', crv: 'Ed25519' })));
const hasSshKeygen = spawnSync('ssh-keygen', ['-l', '-f', '-'], { input: probe }).status === 0;

describe.each(rowsOf(choices))('%s', (_, choice) => {
  test('reads back as the same key', async () => {
    const { kid, alg, use, ...half } = toPublicJwk(await keyFor(choice));
    const line = toSshLine(toPublicJwk({ ...half, kid: 'test' }));
    expect(line).toMatch(/^\S+ [A-Za-z0-9+/]+=* test\n$/);
    const [found] = await read(line);
    expect(found).toMatchObject({ isPrivate: false, repairs: [] });
    expect({ ...found?.jwk }).toEqual(half);
  });

  test.skipIf(!hasSshKeygen)('ssh-keygen takes it (skipped without ssh-keygen)', async () => {
    const half = toPublicJwk(await keyFor(choice));
    const files = { key: toSshLine(half) };
    expect(runOn(files, 'ssh-keygen', '-l', '-f', 'key').ok).toBe(true);
    // It writes no Ed25519 key in this form.
    if (half.kty === 'OKP') return;
    const { stdout } = runOn(files, 'ssh-keygen', '-e', '-m', 'PKCS8', '-f', 'key');
    expect(stdout.toString()).toBe(toPem(toSpki(half)));
  });
});

test('a comment is one plain word, and no key of another type is written', async () => {
  const half = toPublicJwk(await keyFor({ alg: 'ES256', use: 'sig', crv: 'P-256' }));
  for (const kid of ['two words', 'line\nbreak', '\u202e', '']) {
    expect(
      toSshLine(toPublicJwk({ ...half, kid }))
        .trimEnd()
        .split(' '),
    ).toHaveLength(2);
  }
  const x448 = toPublicJwk(await keyFor({ alg: 'ECDH-ES', use: 'enc', crv: 'X448' }));
  const oct = toPublicJwk(await keyFor({ alg: 'HS256', use: 'sig', bits: 256 }));
  expect(() => toSshLine(x448)).toThrow('SSH has no keys on X448');
  expect(() => toSshLine(oct)).toThrow('SSH has no keys of type oct');
});
