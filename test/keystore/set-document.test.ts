// A set's document: it opens to what was sealed, and what is not as it should be is named.
import { randomBytes, randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { selectKeyShape } from '../../src/jose/algorithms.ts';
import { generateKey } from '../../src/jose/generate.ts';
import { generateIdentity, SignatureChecker, sign } from '../../src/jose/identity.ts';
import { nameJwk, type PrivateJwk, toPublicJwk } from '../../src/jose/jwk.ts';
import { seal } from '../../src/jose/sealing.ts';
import { fromManifest, type Manifest } from '../../src/keystore/manifest.ts';
import type { MasterKey } from '../../src/keystore/master-document.ts';
import { digestOf, openSet, parseSetDocument, serializeSet } from '../../src/keystore/set-document.ts';
import { auth, noon } from '../support/keystore.ts';
import { toldBy } from '../support/told.ts';

const identity = await generateIdentity('EdDSA');
const newKey = (): MasterKey => ({ kid: randomUUID(), key: randomBytes(32) });
const masterKey = newKey();
const signing = await generateKey(selectKeyShape({ alg: 'ES256' }), { scheme: 'thumbprint' });
const other = await generateKey(selectKeyShape({ alg: 'ES256' }), { scheme: 'thumbprint' });
const symmetric = await generateKey(selectKeyShape({ alg: 'HS256' }), { scheme: 'uuid' });
const privateKeys = [signing, symmetric];
const kidOf = ({ kid }: PrivateJwk) => String(kid);
const life = { use: 'sig', created: noon, activates: noon, held: true } as const;
const manifest: Manifest = {
  ...{ set: auth, revision: 2, master: 1, updated: noon, events: [] },
  keys: [
    { kid: kidOf(signing), alg: 'ES256', symmetric: false, ...life, jwk: toPublicJwk(signing) },
    { kid: 'gone', alg: 'ES256', symmetric: false, ...life, held: false },
    { kid: kidOf(symmetric), alg: 'HS256', symmetric: true, ...life },
  ],
};
const name = 'sets/auth';
const written = await serializeSet(manifest, privateKeys, masterKey, identity);
const read = (bytes: Uint8Array, at: typeof name | 'sets/other' = name, revision = 2) =>
  parseSetDocument(bytes, at, revision, new SignatureChecker());
const changed = (change: object) =>
  Buffer.from(`${JSON.stringify({ ...JSON.parse(String(written)), ...change })}\n`);
const damaged = (message: string) => ({ code: 'damaged', message, hint: undefined });

test('it opens to what was sealed', async () => {
  const document = await read(written);
  expect(document.manifest).toEqual(manifest);
  expect(document.signer).toEqual({ fingerprint: identity.fingerprint, jwk: identity.jwk });
  expect(await openSet(document, [newKey(), masterKey])).toEqual(privateKeys);
  expect(await openSet(document, [newKey()])).toBeUndefined();
  expect(digestOf(Buffer.from('abc'))).toBe('ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0');
});

test('a header that is none of ours is of no key that is here', async () => {
  expect(await openSet(await read(changed({ protected: 'AAAA' })), [masterKey])).toBeUndefined();
});

test('a newer version may have other members', async () => {
  const aad = Buffer.from(JSON.stringify({ ...fromManifest(manifest), version: 2 })).toString('base64url');
  expect((await toldBy(() => read(changed({ aad, more: true })))).code).toBe('newer-format');
});

describe('is damaged, and says in which document', () => {
  const { signature } = JSON.parse(String(written));
  const [header, , signed] = signature.split('.');
  const detached = 'its signature is not a detached JWS';
  test.each<[string, object]>([
    ['its manifest is not JSON', { aad: 'AAAA' }],
    ['iv is not what it should be', { iv: 'A' }],
    ['aad is not what it should be', { aad: undefined }],
    ['more is not what it should be', { more: 'AAAA' }],
    [detached, { signature: `${header}..${signed}.` }],
    [detached, { signature: `${header}..${signed}.x` }],
    [detached, { signature: `${header}.AAAA.${signed}` }],
    [detached, { signature: `${header}.` }],
    [detached, { signature: header }],
    [detached, { signature: '' }],
    [detached, { signature: `${header}..${signed}=` }],
    ['its signature is not good', { signature: `${header}..${'A'.repeat(86)}` }],
    ['its signature is not good', { signature: `..${signed}` }],
  ])('%s', async (fault, change) => {
    expect(await toldBy(() => read(changed(change)))).toEqual(
      damaged(`sets/auth, revision 2, is damaged: ${fault}`),
    );
  });

  test('it is another document, or another revision', async () => {
    const fault = 'is damaged: it is revision 2 of another set';
    expect(await toldBy(() => read(written, 'sets/other'))).toEqual(
      damaged(`sets/other, revision 2, ${fault}`),
    );
    expect(await toldBy(() => read(written, name, 3))).toEqual(damaged(`sets/auth, revision 3, ${fault}`));
  });
});

describe('a sealed half', () => {
  const what = 'the sealed half of set "auth" is damaged:';
  const aad = Buffer.from(JSON.stringify(fromManifest(manifest)));
  const holding = async (content: unknown) => {
    const plaintext = Buffer.from(typeof content === 'string' ? content : JSON.stringify(content));
    const sealed = await seal(plaintext, { alg: 'A256GCMKW', ...masterKey }, aad);
    const { protected: header, signature } = await sign(aad, 'jwks-set+jws', identity);
    return read(Buffer.from(`${JSON.stringify({ ...sealed, signature: `${header}..${signature}` })}\n`));
  };

  test('that was changed does not open', async () => {
    const { tag } = JSON.parse(String(written));
    const document = await read(changed({ tag: `${tag[0] === 'A' ? 'B' : 'A'}${tag.slice(1)}` }));
    expect(await toldBy(() => openSet(document, [masterKey]))).toEqual(damaged(`${what} it does not open`));
  });

  test.each<[string, unknown]>([
    ['text', 'text'],
    ['no keys', {}],
    ['keys that are none', { keys: [1] }],
    ['a public key', { keys: [toPublicJwk(signing), symmetric] }],
  ])('that holds %s is no private JWK Set', async (_, content) => {
    const document = await holding(content);
    expect(await toldBy(() => openSet(document, [masterKey]))).toEqual(
      damaged(`${what} it is not a private JWK Set`),
    );
  });

  const named = (kid: string, alg: string, use: string) => nameJwk(signing, { kid, alg, use });
  test.each<[string, readonly PrivateJwk[]]>([
    ['one key less', [signing]],
    ['one key more', [signing, symmetric, other]],
    ['them in another order', [symmetric, signing]],
    [
      'another key of the same name',
      [nameJwk(other, { kid: kidOf(signing), alg: 'ES256', use: 'sig' }), symmetric],
    ],
    ['another name', [named('another', 'ES256', 'sig'), symmetric]],
    ['another algorithm', [named(kidOf(signing), 'ES384', 'sig'), symmetric]],
    ['another use', [named(kidOf(signing), 'ES256', 'enc'), symmetric]],
    ...(
      [
        ['another', 'HS256', 'sig'],
        [kidOf(symmetric), 'HS512', 'sig'],
        [kidOf(symmetric), 'HS256', 'enc'],
      ] as const
    ).map(([kid, alg, use]): [string, readonly PrivateJwk[]] => [
      `a symmetric one that is called ${alg} ${use}`,
      [signing, nameJwk(symmetric, { kid, alg, use })],
    ]),
    ['a pair in the place of the symmetric one', [signing, named(kidOf(symmetric), 'HS256', 'sig')]],
  ])('that holds %s does not belong to its manifest', async (_, keys) => {
    const document = await holding({ keys });
    expect(await toldBy(() => openSet(document, [masterKey]))).toEqual(
      damaged(`${what} its keys are not those of the manifest`),
    );
  });
});
