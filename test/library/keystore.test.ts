// The library's face, used as a program would: values, and errors by their codes.
import { cpSync, rmSync } from 'node:fs';
import { createLocalJWKSet, jwtVerify, SignJWT } from 'jose';
import { expect, test } from 'vitest';
import {
  generateSecret,
  type Keystore,
  type KeystoreOptions,
  makeKeystore,
  openKeystore,
} from '../../src/index.ts';
import { snapshotOf } from '../support/snapshot.ts';
import { temporaryDirectory } from '../support/temporary.ts';

async function made(): Promise<{ keystore: Keystore; options: KeystoreOptions & { secret: string } }> {
  const options = { keystore: `${temporaryDirectory()}/keys`, secret: generateSecret() };
  return { keystore: await makeKeystore(options), options };
}

test('a token that the signer signs is verified with the public set', async () => {
  const { keystore } = await made();
  await keystore.create('auth', { alg: 'ES256' });
  const { kid, alg, key, use } = await keystore.signer('auth');
  expect({ alg, use }).toEqual({ alg: 'ES256', use: 'sig' });
  const token = await new SignJWT({ scope: 'a' }).setProtectedHeader({ alg, kid }).sign(key);
  const jwks = await keystore.publicJwks(['auth']);
  const { payload, protectedHeader } = await jwtVerify(token, createLocalJWKSet({ keys: [...jwks.keys] }));
  expect(payload).toEqual({ scope: 'a' });
  expect(protectedHeader.kid).toBe(kid);
});

test('create: what was made, and with ifMissing what was there', async () => {
  const { keystore } = await made();
  const first = await keystore.create('auth', { alg: 'ES256', kid: 'k1', note: 'the first' });
  expect(first).toMatchObject({ kid: 'k1', made: true, publicJwk: { kty: 'EC', kid: 'k1' } });
  expect(first.publicJwk).not.toHaveProperty('d');
  const again = await keystore.create('auth', { alg: 'ES256', ifMissing: true });
  expect(again).toEqual({ ...first, made: false });
  const symmetric = await keystore.create('auth', { alg: 'HS256' });
  expect(symmetric).toMatchObject({ made: true, publicJwk: undefined });
  await expect(keystore.create('auth', { alg: 'ES256', kid: 'k1' })).rejects.toMatchObject({
    code: 'conflict',
  });
  await expect(keystore.create('auth', { alg: 'ES257' })).rejects.toMatchObject({ code: 'usage' });
  await expect(keystore.create('', { alg: 'ES256' })).rejects.toMatchObject({ code: 'usage' });
  await expect(keystore.create('auth', { alg: 'ES256', crv: 'P-384' })).rejects.toMatchObject({
    code: 'usage',
  });
});

test('list: sets with keys and dates of a clock that is passed in', async () => {
  const now = new Date('2026-02-01T12:00:00.750Z');
  const options = { keystore: `${temporaryDirectory()}/keys`, secret: generateSecret(), now: () => now };
  const keystore = await makeKeystore(options);
  await keystore.create('auth', { alg: 'EdDSA', kid: 'k1' });
  const at = new Date('2026-02-01T12:00:00Z');
  expect(await keystore.list()).toMatchObject([
    {
      set: 'auth',
      revision: 1,
      keys: [
        { kid: 'k1', alg: 'EdDSA', use: 'sig', state: 'active', isSigner: true, created: at, activates: at },
      ],
    },
  ]);
  expect((await keystore.list())[0]?.keys[0]).not.toHaveProperty('retires');
  expect(await keystore.list([])).toEqual([]);
  await expect(keystore.list(['nowhere'])).rejects.toMatchObject({ code: 'not-found' });
});

test('publicJwks: refuses to publish nothing, and two keys with one kid', async () => {
  const { keystore } = await made();
  await keystore.create('sym', { alg: 'HS256' });
  await keystore.create('a', { alg: 'ES256', kid: 'k' });
  await keystore.create('b', { alg: 'ES256', kid: 'k' });
  await expect(keystore.publicJwks(['sym'])).rejects.toMatchObject({ code: 'unsafe' });
  await expect(keystore.publicJwks(['a', 'b'])).rejects.toMatchObject({ code: 'conflict' });
  await expect(keystore.publicJwks(['nowhere'])).rejects.toMatchObject({ code: 'not-found' });
  expect((await keystore.publicJwks(['a', 'sym'])).keys.map(({ kid }) => kid)).toEqual(['k']);
});

test('signer: says which is meant where there are several', async () => {
  const { keystore } = await made();
  await keystore.create('auth', { alg: 'ES256' });
  await keystore.create('auth', { alg: 'EdDSA', kid: 'ed' });
  await expect(keystore.signer('auth')).rejects.toMatchObject({ code: 'conflict' });
  expect(await keystore.signer('auth', 'EdDSA')).toMatchObject({ kid: 'ed', alg: 'EdDSA' });
  await expect(keystore.signer('auth', 'PS256')).rejects.toMatchObject({ code: 'not-found' });
  await expect(keystore.signer('nowhere')).rejects.toMatchObject({ code: 'not-found' });
});

test('opened by its fingerprint it reads, and does no more', async () => {
  const { keystore, options } = await made();
  await keystore.create('auth', { alg: 'ES256' });
  const { keystore: directory } = options;
  const reader = await openKeystore({ keystore: directory, identity: keystore.identity });
  expect(reader.identity).toBe(keystore.identity);
  expect(await reader.publicJwks(['auth'])).toEqual(await keystore.publicJwks(['auth']));
  await expect(reader.create('auth', { alg: 'ES256' })).rejects.toMatchObject({ code: 'secret' });
  await expect(reader.signer('auth')).rejects.toMatchObject({ code: 'secret' });
});

test('what does not open has a code of its own', async () => {
  const { keystore, options } = await made();
  const { keystore: directory, secret } = options;
  const open = (more: Partial<KeystoreOptions>) => openKeystore({ keystore: directory, ...more });
  await expect(open({})).rejects.toMatchObject({ code: 'identity' });
  await expect(open({ identity: 'A'.repeat(43) })).rejects.toMatchObject({ code: 'identity' });
  await expect(open({ secret, identity: 'A'.repeat(43) })).rejects.toMatchObject({ code: 'identity' });
  await expect(open({ secret: generateSecret() })).rejects.toMatchObject({ code: 'secret' });
  await expect(open({ secret: 'short' })).rejects.toMatchObject({ code: 'secret' });
  await expect(open({ secret: '' })).rejects.toMatchObject({ code: 'secret' });
  await expect(open({ keystore: `${directory}/nowhere`, secret })).rejects.toMatchObject({
    code: 'not-found',
  });
  await expect(open({ keystore: '/dev/null', secret })).rejects.toMatchObject({ code: 'damaged' });
  const both = await open({ secret, identity: keystore.identity });
  expect(both.identity).toBe(keystore.identity);
});

test('makeKeystore takes an empty directory only, and leaves another as it is', async () => {
  const { options } = await made();
  const before = snapshotOf(options.keystore);
  await expect(makeKeystore(options)).rejects.toMatchObject({ code: 'conflict' });
  expect(snapshotOf(options.keystore)).toEqual(before);
  const short = { keystore: `${temporaryDirectory()}/keys`, secret: 'short' };
  await expect(makeKeystore(short)).rejects.toMatchObject({ code: 'secret' });
  await expect(openKeystore(short)).rejects.toMatchObject({ code: 'not-found' });
});

test.each([
  ['in one object', undefined],
  ['with a state directory', 'state'],
])('a keystore that went back is noticed %s', async (_, state) => {
  const { keystore, options } = await made();
  await keystore.create('auth', { alg: 'ES256', kid: 'k1' });
  const backup = `${temporaryDirectory()}/backup`;
  cpSync(options.keystore, backup, { recursive: true });
  const watching = {
    ...options,
    ...(state === undefined ? {} : { stateDirectory: `${temporaryDirectory()}/${state}` }),
  };
  const first = await openKeystore(watching);
  await first.create('auth', { alg: 'ES256', kid: 'k2' });
  rmSync(options.keystore, { recursive: true });
  cpSync(backup, options.keystore, { recursive: true });
  if (state !== undefined) {
    const next = await openKeystore(watching);
    await expect(next.list()).rejects.toMatchObject({ code: 'rolled-back' });
  }
  await expect(first.list()).rejects.toMatchObject({ code: 'rolled-back' });
});

test('two programs that create at the same time both succeed', async () => {
  const { keystore, options } = await made();
  const other = await openKeystore(options);
  await Promise.all([
    keystore.create('auth', { alg: 'ES256', kid: 'a' }),
    other.create('auth', { alg: 'ES256', kid: 'b' }),
    keystore.create('auth', { alg: 'ES256', kid: 'c' }),
  ]);
  const [auth] = await keystore.list(['auth']);
  expect(auth?.keys.map(({ kid }) => kid).sort()).toEqual(['a', 'b', 'c']);
  expect(auth?.revision).toBe(3);
});
