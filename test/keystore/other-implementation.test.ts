// Nothing is locked in: from the secret to the private keys without any of our code.
import { execFileSync, spawnSync } from 'node:child_process';
import { createDecipheriv, createPublicKey, pbkdf2Sync, verify } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { IdentityAlgorithm } from '../../src/jose/identity.ts';
import { generateSecretText } from '../../src/keystore/secret.ts';
import { initKeystore, openKeystore } from '../../src/operations/open.ts';
import { accessIn, addKey, secretOf } from '../support/keystore.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const hasJose = spawnSync('jose', ['alg']).status === 0;

// The commands of docs/keystore-format.md. jose 11 has a fault: it opens A256GCM with an aad, but always ends with 1,
// also for what it has encrypted itself, since it cannot check the tag. Hence the thumbprints, which can be compared
// with those of the manifest, whose signature it can check. The secret is in the file "secret", the keystore in "keystore".
const openByJose = `
set -eu
umask 077
master=keystore/master/$(ls keystore/master | sort -n | tail -n 1)
set=keystore/sets/auth/$(ls keystore/sets/auth | sort -n | tail -n 1)
printf '{"kty":"oct","k":"%s"}' "$(sed 's/^jwks_secret_//' secret)" > secret.jwk
jose fmt -j "$master" -g slots -g 0 -o slot.jwe
jose jwe dec -i slot.jwe -k secret.jwk -O slot.jwks
jose fmt -j slot.jwks -g keys -g 1 -o master.jwk
jose jwe dec -i "$set" -k master.jwk > private.jwks || echo unchecked
jose jwk thp -i private.jwks -a S256 > thumbprints
`;
const verifyByJose = `
set -eu
master=keystore/master/$(ls keystore/master | sort -n | tail -n 1)
set=keystore/sets/auth/$(ls keystore/sets/auth | sort -n | tail -n 1)
jose fmt -j "$master" -g protected -y -g jwk -o identity.jwk
jose jwk thp -i identity.jwk -a S256 -o fingerprint
jose jws ver -i "$master" -k identity.jwk -O master.json
signature=$(jose fmt -j "$set" -g signature -u-)
printf '{"protected":"%s","payload":"%s","signature":"%s"}' \\
  "\${signature%%..*}" "$(jose fmt -j "$set" -g aad -u-)" "\${signature##*..}" > manifest.jws
jose jws ver -i manifest.jws -k identity.jwk -O manifest.json
`;

/** A keystore with a set of two keys, its secret in a file beside it. */
async function fixture(alg: IdentityAlgorithm, text = generateSecretText()) {
  const home = temporaryDirectory();
  const access = accessIn(home, {
    directory: join(home, 'keystore'),
    stateDirectory: undefined,
    findSecret: secretOf(text),
  });
  const { identity } = await initKeystore(access, alg);
  const keystore = await openKeystore(access, undefined);
  const kids = [await addKey(keystore), await addKey(keystore)].reverse();
  writeFileSync(join(home, 'secret'), `${text}\n`);
  return { home, identity, kids };
}

const jsonIn = (...path: string[]) => JSON.parse(readFileSync(join(...path), 'utf8'));
const newestIn = (directory: string) => {
  const numbers = readdirSync(directory).map((name) => Number.parseInt(name, 10));
  return jsonIn(directory, `${Math.max(...numbers)}.json`);
};
const shell = (script: string, cwd: string) => execFileSync('sh', ['-c', script], { cwd, stdio: 'pipe' });

describe.skipIf(!hasJose)("Debian's jose (skipped where it is not installed)", () => {
  test.each(['EdDSA', 'ES256'] as const)('opens a keystore whose identity is %s', async (alg) => {
    const { home, kids } = await fixture(alg);
    shell(openByJose, home);
    const { keys } = jsonIn(home, 'private.jwks');
    expect(keys.map(({ kid }: { kid: string }) => kid)).toEqual(kids);
    for (const key of keys)
      expect(key).toMatchObject({ kty: 'EC', crv: 'P-256', alg: 'ES256', use: 'sig', d: expect.any(String) });
  });

  // It does not know EdDSA, hence an identity of ES256.
  test('verifies the signatures of an ES256 identity, and computes its fingerprint', async () => {
    const { home, identity, kids } = await fixture('ES256');
    shell(verifyByJose, home);
    expect(readFileSync(join(home, 'fingerprint'), 'utf8').trim()).toBe(identity);
    const manifest = jsonIn(home, 'manifest.json');
    expect(manifest).toMatchObject({ format: 'jwks-keystore', version: 1, set: 'auth', revision: 2 });
    shell(openByJose, home);
    const thumbprints = readFileSync(join(home, 'thumbprints'), 'utf8').trim().split('\n');
    expect(manifest.keys.map(({ thumbprint }: { thumbprint: string }) => thumbprint)).toEqual(thumbprints);
    expect(thumbprints).toEqual(kids);
    expect(jsonIn(home, 'master.json')).toMatchObject({
      revision: 1,
      identities: [jsonIn(home, 'identity.jwk')],
    });
  });
});

interface Jwe {
  readonly protected: string;
  readonly encrypted_key: string;
  readonly iv: string;
  readonly ciphertext: string;
  readonly tag: string;
  readonly aad?: string;
}

const bytes = (text: string) => Buffer.from(text, 'base64url');
const headerOf = (jwe: Jwe) => JSON.parse(bytes(jwe.protected).toString());

function gcm(key: Uint8Array, iv: string, tag: string, text: string, aad = ''): Buffer {
  const cipher = createDecipheriv('aes-256-gcm', key, bytes(iv), { authTagLength: 16 });
  cipher.setAAD(Buffer.from(aad)).setAuthTag(bytes(tag));
  return Buffer.concat([cipher.update(bytes(text)), cipher.final()]);
}

/** RFC 7516 section 5.2, steps 10 to 17: the content key opens the content; the header (and `aad`) is authenticated. */
function openContent(jwe: Jwe, contentKey: Uint8Array) {
  const aad = jwe.aad === undefined ? jwe.protected : `${jwe.protected}.${jwe.aad}`;
  return JSON.parse(gcm(contentKey, jwe.iv, jwe.tag, jwe.ciphertext, aad).toString());
}

/** RFC 7518 section 4.7: the content key is wrapped with AES GCM, its iv and tag are in the header. */
function openByKey(jwe: Jwe, key: Uint8Array) {
  const { alg, enc, iv, tag } = headerOf(jwe);
  expect({ alg, enc }).toEqual({ alg: 'A256GCMKW', enc: 'A256GCM' });
  return openContent(jwe, gcm(key, iv, tag, jwe.encrypted_key));
}

/** RFC 7518 section 4.8: PBKDF2 with alg, a zero and p2s as the salt, then AES key wrap (RFC 3394). */
function openByPassphrase(jwe: Jwe, passphrase: string) {
  const { alg, enc, p2s, p2c } = headerOf(jwe);
  expect({ alg, enc, p2c }).toEqual({ alg: 'PBES2-HS512+A256KW', enc: 'A256GCM', p2c: 600_000 });
  const salt = Buffer.concat([Buffer.from(alg), Buffer.alloc(1), bytes(p2s)]);
  const cipher = createDecipheriv(
    'id-aes256-wrap',
    pbkdf2Sync(passphrase, salt, p2c, 32, 'sha512'),
    Buffer.alloc(8, 0xa6),
  );
  return openContent(jwe, Buffer.concat([cipher.update(bytes(jwe.encrypted_key)), cipher.final()]));
}

describe('node:crypto alone', () => {
  test('opens and verifies a keystore of a generated secret', async () => {
    const { home, identity, kids } = await fixture('EdDSA');
    const keystore = join(home, 'keystore');
    const secret = bytes(readFileSync(join(home, 'secret'), 'utf8').trim().slice('jwks_secret_'.length));
    const master = newestIn(join(keystore, 'master'));
    const { keys } = openByKey(master.slots[0], secret);
    expect(keys[0]).toMatchObject({ kty: 'OKP', kid: identity });

    const set = newestIn(join(keystore, 'sets', 'auth'));
    expect(headerOf(set).kid).toBe(keys[1].kid);
    const opened = openByKey(set, bytes(keys[1].k));
    expect(opened.keys.map(({ kid }: { kid: string }) => kid)).toEqual(kids);

    // RFC 7515 appendix F: the payload between the dots is the aad as it stands. RFC 8037: Ed25519 over both.
    const [header, , signature] = set.signature.split('.');
    const key = createPublicKey({ key: JSON.parse(bytes(header).toString()).jwk, format: 'jwk' });
    expect(verify(null, Buffer.from(`${header}.${set.aad}`), key, bytes(signature))).toBe(true);
    const manifest = JSON.parse(bytes(set.aad).toString());
    expect(manifest.keys.map(({ kid }: { kid: string }) => kid)).toEqual(kids);
  });

  test('refuses a set and a manifest that were changed', async () => {
    const { home } = await fixture('EdDSA');
    const keystore = join(home, 'keystore');
    const secret = bytes(readFileSync(join(home, 'secret'), 'utf8').trim().slice('jwks_secret_'.length));
    const { keys } = openByKey(newestIn(join(keystore, 'master')).slots[0], secret);
    const set = newestIn(join(keystore, 'sets', 'auth'));
    const manifest = bytes(set.aad).toString().replace('"revision":2', '"revision":3');
    const changed = { ...set, aad: Buffer.from(manifest).toString('base64url') };
    expect(() => openByKey(changed, bytes(keys[1].k))).toThrow();
    expect(openByKey(set, bytes(keys[1].k)).keys).toHaveLength(2);
  });

  test('opens a keystore of a passphrase', async () => {
    const passphrase = 'correct horse battery staple';
    const { home, kids } = await fixture('ES256', passphrase);
    const { keys } = openByPassphrase(newestIn(join(home, 'keystore', 'master')).slots[0], passphrase);
    const opened = openByKey(newestIn(join(home, 'keystore', 'sets', 'auth')), bytes(keys[1].k));
    expect(opened.keys.map(({ kid }: { kid: string }) => kid)).toEqual(kids);
  });
});
