// Hydra's PUT: which keys stay, come, go and sign.
import { expect, test } from 'vitest';
import { JwksError } from '../../src/errors.ts';
import { selectKeyShape } from '../../src/jose/algorithms.ts';
import { generateKey } from '../../src/jose/generate.ts';
import { toPublicJwk } from '../../src/jose/jwk.ts';
import { stateOf } from '../../src/lifecycle/key.ts';
import { defaultFacts } from '../../src/lifecycle/policy.ts';
import { signersOf } from '../../src/lifecycle/signer.ts';
import { toInstant } from '../../src/lifecycle/time.ts';
import { putKey, putSet } from '../../src/operations/put-keys.ts';
import { deleteKey, revokeKeys } from '../../src/operations/remove-keys.ts';
import { auth, authorAt, codeOf, memoryKeystore, noon } from '../support/keystore.ts';

const make = async (kid: string, alg = 'ES256') => ({
  ...(await generateKey(selectKeyShape({ alg }), { scheme: 'thumbprint' })),
  kid,
});
type Made = Awaited<ReturnType<typeof make>>;
const [a, b, c] = await Promise.all([make('a'), make('b'), make('c')]);
const mac = {
  kty: 'oct',
  alg: 'HS256',
  use: 'sig',
  kid: 'mac',
  k: Buffer.alloc(32, 7).toString('base64url'),
};
const publicOf = (jwk: Made) => toPublicJwk(jwk);
const bytes = (value: unknown) => Buffer.from(JSON.stringify(value));

async function open() {
  const author = authorAt();
  const keystore = await (await memoryKeystore()).open({ author });
  const look = async () => {
    const opened = await keystore.openSet(auth);
    const keys = opened?.manifest.keys ?? [];
    return {
      revision: opened?.manifest.revision,
      states: Object.fromEntries(keys.map((key) => [key.kid, stateOf(key, author.now())])),
      signers: signersOf(keys, author.now(), 0 as never).map(({ kid }) => kid),
      held: opened?.privateKeys.map(({ kid }) => kid).sort(),
    };
  };
  const put = (...keys: unknown[]) => putSet(keystore, { set: auth, body: bytes({ keys }) });
  const putOne = (kid: string, key: unknown) => putKey(keystore, { set: auth, kid, body: bytes(key) });
  const later = (seconds: number) => {
    author.now = () => toInstant(noon + seconds);
  };
  return { keystore, look, put, putOne, later };
}

test('a set is made, and its last private key signs', async () => {
  const { look, put } = await open();
  expect(await put(a, b, publicOf(c))).toEqual({ kids: ['a', 'b', 'c'], outcome: 'changed' });
  expect(await look()).toEqual({
    revision: 1,
    states: { a: 'active', b: 'active', c: 'active' },
    signers: ['b'],
    held: ['a', 'b'],
  });
});

test('the same again writes nothing, also with public halves only', async () => {
  const { look, put, later } = await open();
  await put(a, b);
  const before = await look();
  later(60);
  await put(a, b);
  await put(publicOf(b), publicOf(a));
  expect(await look()).toEqual(before);
});

test.each([0, 60])('another order makes another key sign, %d s later', async (seconds) => {
  const { look, put, later } = await open();
  await put(a, b);
  later(seconds);
  await put(b, a);
  expect(await look()).toMatchObject({ revision: 2, signers: ['a'], held: ['a', 'b'] });
});

test('an old key that stands last signs before one that comes in', async () => {
  const { look, put, later } = await open();
  await put(a);
  later(60);
  await put(b, a);
  expect((await look()).signers).toEqual(['a']);
});

test('what is left out is deleted without a successor, and its kid is gone for good', async () => {
  const { look, put } = await open();
  await put(a, mac);
  await put(publicOf(b));
  expect(await look()).toMatchObject({ states: { a: 'retired', mac: 'retired', b: 'active' }, signers: [] });
  expect(await codeOf(put(a))).toBe('conflict');
});

test('a symmetric key stays without its value, and with the same', async () => {
  const { look, put } = await open();
  await put(mac);
  const { k, ...names } = mac;
  await put(names);
  await put(mac);
  expect(await look()).toMatchObject({ revision: 1, held: ['mac'] });
  expect(await codeOf(put({ ...mac, k: k.replace('B', 'C') }))).toBe('conflict');
  expect(await codeOf(put({ ...names, kid: 'other' }))).toBe('bad-key');
});

test('other material or another algorithm of a key is refused, and nothing is changed', async () => {
  const { keystore, look, put } = await open();
  await put(a, mac);
  expect(await codeOf(put({ ...b, kid: 'a' }))).toBe('conflict');
  expect(await codeOf(put(a, { ...mac, alg: 'HS384' }))).toBe('bad-key');
  expect(await codeOf(put(a, a))).toBe('bad-key');
  expect(await codeOf(put())).toBe('bad-key');
  const twice = Buffer.from('{"keys":[],"keys":[]}');
  expect(await codeOf(putSet(keystore, { set: auth, body: twice }))).toBe('bad-key');
  expect((await look()).revision).toBe(1);
});

test('a kid says what kind of key it is, and for what', async () => {
  const { look, put } = await open();
  const k = Buffer.alloc(64, 7).toString('base64url');
  await put(a, { ...mac, alg: 'HS512', k });
  const refused = [
    ['conflict', { ...b, kid: 'mac' }],
    ['conflict', { ...mac, kid: 'a' }],
    ['conflict', { ...mac, alg: 'HS512', k: `${k}AAAA` }],
    ['bad-key', { ...mac, k }],
  ] as const;
  for (const [code, key] of refused) expect([key, await codeOf(put(key))]).toEqual([key, code]);
  expect(await look()).toMatchObject({ revision: 1, held: ['a', 'mac'] });
});

test('a key that is there says itself what is left out', async () => {
  const { look, put } = await open();
  const enc = await make('enc', 'ECDH-ES');
  await put(enc);
  const { alg: _, use: __, ...bare } = enc;
  expect(await put({ ...bare, alg: '' })).toEqual({ kids: ['enc'], outcome: 'unchanged' });
  expect((await look()).revision).toBe(1);
});

test('what is no key, has no list, names one key twice, or one that is gone', async () => {
  const { keystore, put, putOne } = await open();
  await put(a, mac);
  const { k: _, ...names } = mac;
  expect(await codeOf(putSet(keystore, { set: auth, body: bytes({}) }))).toBe('bad-key');
  expect(await codeOf(putOne('a', [a]))).toBe('bad-key');
  expect(await codeOf(put(a, 7))).toBe('bad-key');
  expect(await codeOf(put(a, mac, names))).toBe('bad-key');
  await deleteKey(keystore, { set: auth, kid: 'mac', noSuccessor: true });
  expect(await codeOf(put(a, names))).toBe('conflict');
});

test('a private key that may only verify does not come in to sign', async () => {
  const { put, putOne } = await open();
  const passive = { ...a, key_ops: ['verify'] };
  expect(await codeOf(put(passive))).toBe('bad-key');
  expect(await codeOf(putOne('a', passive))).toBe('bad-key');
  expect(await put(publicOf(a), b)).toMatchObject({ outcome: 'changed' });
});

test('a private key of which the set holds the public half only is refused', async () => {
  const { look, put, putOne } = await open();
  await put(publicOf(a), b);
  expect([await codeOf(put(a, b)), await codeOf(putOne('a', a))]).toEqual(['conflict', 'conflict']);
  expect(await look()).toMatchObject({ revision: 1, held: ['b'] });
});

test('what the policy of a set that is made, or whoever asks, does not let in', async () => {
  const { keystore, look } = await open();
  const policy = { facts: { ...defaultFacts, alg: ['HS256'] }, was: [] };
  const request = { set: auth, body: bytes({ keys: [a] }) };
  expect(await codeOf(putSet(keystore, { ...request, policy }))).toBe('unsafe');
  const check = ({ kid }: { readonly kid: string }) => {
    throw new JwksError('conflict', `not ${kid}`);
  };
  await expect(putSet(keystore, { ...request, check })).rejects.toThrow('not a');
  await expect(putKey(keystore, { ...request, body: bytes(b), kid: 'b', check })).rejects.toThrow('not b');
  expect((await look()).revision).toBeUndefined();
});

test('the history says where a key came from', async () => {
  const { keystore, put, putOne } = await open();
  await put(a);
  await putOne('b', publicOf(b));
  const { manifest } = (await keystore.openSet(auth)) ?? {};
  expect(manifest?.events.map(({ event, kid, note }) => [event, kid, note])).toEqual([
    ['imported', 'a', 'from body, key 1'],
    ['imported', 'b', 'from body, key 1 (public half only)'],
  ]);
});

test('a key that was revoked does not come back under another kid', async () => {
  const { keystore, put, putOne } = await open();
  await put(a, b);
  await revokeKeys(keystore, { set: auth, keys: ['a'], reason: 'keyCompromise', noSuccessor: true });
  expect(await codeOf(put(b, { ...a, kid: 'again' }))).toBe('conflict');
  expect(await codeOf(putOne('again', { ...a, kid: '' }))).toBe('conflict');
});

test('one key comes in and signs; the same again changes nothing', async () => {
  const { look, putOne, later } = await open();
  await putOne('a', { ...a, kid: '', use: '' });
  later(60);
  expect(await putOne('path', b)).toEqual({ kids: ['b'], outcome: 'changed' });
  await putOne('a', publicOf(a));
  expect(await look()).toMatchObject({ revision: 2, signers: ['b'], held: ['a', 'b'] });
  expect(await codeOf(putOne('a', { ...c, kid: undefined }))).toBe('conflict');
  expect(await codeOf(putOne('a', { keys: [a] }))).toBe('bad-key');
});

test('a signer that is deleted has no successor where none is wanted', async () => {
  const { keystore, look, put } = await open();
  await put(a);
  await deleteKey(keystore, { set: auth, kid: 'a', noSuccessor: true });
  expect(await look()).toMatchObject({ states: { a: 'retired' }, signers: [], held: [] });
});
