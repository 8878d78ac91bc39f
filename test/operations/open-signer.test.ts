// Which key a set works with now, where it has several; and why another one may not.
import { expect, test } from 'vitest';
import { formatInstant, toInstant } from '../../src/lifecycle/time.ts';
import { createKey } from '../../src/operations/create-key.ts';
import { openSigner } from '../../src/operations/open-signer.ts';
import { retireKey, revokeKeys } from '../../src/operations/remove-keys.ts';
import { rotateSets } from '../../src/operations/rotate-sets.ts';
import { errorOf } from '../support/endings.ts';
import { auth, authorAt, codeOf, memoryKeystore, noon } from '../support/keystore.ts';

async function open() {
  const author = authorAt();
  const clock = () => author.now();
  const keystore = await (await memoryKeystore()).open({ author });
  const create = (alg: string, kid: string, use?: 'enc') =>
    createKey(keystore, clock, { set: auth, alg, kid, use });
  const signer = async (request: Omit<Parameters<typeof openSigner>[2], 'set'> = {}) => {
    const { key, privateJwk } = await openSigner(keystore, clock(), { set: auth, ...request });
    expect(privateJwk.kid).toBe(key.kid);
    return key.kid;
  };
  return { author, clock, keystore, create, signer };
}

test('a key for signatures, else that for encryption; either where its algorithm is named', async () => {
  const { create, signer } = await open();
  await create('ECDH-ES', 'e', 'enc');
  expect(await signer()).toBe('e');
  expect(await codeOf(signer({ use: 'sig' }))).toBe('not-found');
  await create('ES256', 's');
  expect([await signer(), await signer({ alg: 'ECDH-ES' }), await signer({ use: 'enc' })]).toEqual([
    's',
    'e',
    'e',
  ]);
  expect(await codeOf(signer({ use: 'sig', alg: 'ECDH-ES' }))).toBe('not-found');
  await create('EdDSA', 'd');
  expect([await codeOf(signer()), await signer({ alg: 'EdDSA' })]).toEqual(['conflict', 'd']);
});

test('of one algorithm the key that was activated last; another that is active where it is named', async () => {
  const { author, create, signer } = await open();
  await create('ES256', 'old');
  author.now = () => toInstant(noon + 60);
  await create('ES256', 'new');
  expect([await signer(), await signer({ kid: 'old' })]).toEqual(['new', 'old']);
  expect(await codeOf(signer({ kid: 'old', alg: 'EdDSA' }))).toBe('conflict');
  expect(await codeOf(signer({ kid: 'none' }))).toBe('not-found');
});

test('why a key may not sign, with its date', async () => {
  const { author, clock, keystore, create, signer } = await open();
  for (const kid of ['revoked', 'retiring', 'signer']) await create('ES256', kid);
  await create('ECDH-ES', 'enc', 'enc');
  author.now = () => toInstant(noon + 60);
  await revokeKeys(keystore, { set: auth, keys: ['revoked'], reason: 'superseded' });
  const { keys } = await retireKey(keystore, { set: auth, kid: 'retiring' });
  const { retires = noon } = keys.find(({ kid }) => kid === 'retiring') ?? {};
  author.now = () => toInstant(noon + 120);
  const services = { keystore, clock, fetchUrl: () => expect.unreachable() };
  const { sets } = await rotateSets(services, { sets: [auth], how: { kind: 'successor' } });
  const next = sets[0]?.keys.find((key) => key.alg === 'ES256' && (key.activates ?? 0) > clock());
  const { kid = '', activates = noon } = next ?? {};
  const why = async (name: string) => (await errorOf(signer({ kid: name }))).message;
  const at = formatInstant(toInstant(noon + 60));
  expect(await why(kid)).toBe(`key "${kid}" of set "auth" does not sign before ${formatInstant(activates)}`);
  expect(await why('revoked')).toBe(`key "revoked" of set "auth" was revoked on ${at}`);
  expect(await why('retiring')).toBe(`key "retiring" of set "auth" does not sign any more since ${at}`);
  expect(await why('enc')).toBe('key "enc" of set "auth" is for encryption');
  author.now = () => toInstant(retires + 1);
  expect(await why('retiring')).toBe(`key "retiring" of set "auth" was retired on ${formatInstant(retires)}`);
});
