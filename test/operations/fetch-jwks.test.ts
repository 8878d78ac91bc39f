// What is read of a JWK Set that somebody else serves (RFC 7517 section 5).
import { generateKeyPairSync } from 'node:crypto';
import { expect, test } from 'vitest';
import { toPublicJwk } from '../../src/jose/jwk.ts';
import { thumbprintOf } from '../../src/jose/thumbprint.ts';
import { fetchJwks } from '../../src/operations/fetch-jwks.ts';
import { type FetchUrl, fetchUrl } from '../../src/operations/fetch-url.ts';
import { errorOf } from '../support/endings.ts';
import { startHttp } from '../support/https-server.ts';

function ecKey(kid: string): Record<string, unknown> {
  const { privateKey } = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { format: 'jwk' } as never,
  }) as unknown as { privateKey: object };
  return { ...privateKey, kid, alg: 'ES256', use: 'sig' };
}

const privateKey = ecKey('one');
const publicKey = { ...toPublicJwk(privateKey) };
const thumbprint = thumbprintOf(toPublicJwk(privateKey));

const serving =
  (text: string): FetchUrl =>
  async () => ({ url: 'https://issuer.example/jwks.json?s3cret', headers: { age: '1' }, text });
const read = (value: unknown) => fetchJwks(serving(JSON.stringify(value)), 'https://issuer.example/');

test('from a server: the keys in their order, with the headers', async () => {
  const origin = await startHttp((_, response) => {
    response.setHeader('content-type', 'application/jwk-set+json');
    response.end(JSON.stringify({ keys: [publicKey], more: 'members' }));
  });
  const served = await fetchJwks(fetchUrl, `${origin}/jwks.json`);
  expect(served).toMatchObject({ url: `${origin}/jwks.json`, unreadable: [], holdsPrivate: false });
  expect(served.keys).toEqual([{ kid: 'one', thumbprint, jwk: publicKey, verifies: true }]);
  expect(served.headers['content-type']).toBe('application/jwk-set+json');
});

test('members that are not known are dropped, and doubled kids kept', async () => {
  const { keys, url } = await read({ keys: [{ ...publicKey, key_ops: ['verify'], keys: [1] }, publicKey] });
  expect(keys.map(({ jwk }) => jwk)).toEqual([publicKey, publicKey]);
  expect(url).toBe('https://issuer.example/jwks.json');
});

test('a key without kid', async () => {
  const { kid: _, ...unnamed } = publicKey as Record<string, unknown>;
  expect((await read({ keys: [unnamed] })).keys).toMatchObject([{ kid: undefined, thumbprint }]);
});

test.each([
  ['no object', 7, undefined, 'is no JWK'],
  ['null', null, undefined, 'is no JWK'],
  ['a list', [publicKey], undefined, 'has no "kty" that is supported'],
  ['an unknown type', { kty: 'LMS', kid: 'a', pub: 'x' }, 'a', 'has no "kty" that is supported'],
  ['a type from the prototype', { kty: 'constructor', kid: 'a' }, 'a', 'has no "kty" that is supported'],
  ['no coordinate', { ...publicKey, y: undefined }, 'one', 'has no "y"'],
  ['a point off the curve', { ...publicKey, y: publicKey['x'] }, 'one', 'is not a sound EC key'],
  ['padding', { ...publicKey, x: `${publicKey['x']}=` }, 'one', 'has a "x" that is not canonical base64url'],
  ['a kid that is a number', { ...publicKey, kid: 5 }, undefined, 'has a "kid" that is no text'],
  ['a symmetric key', { kty: 'oct', kid: 'a', k: 'c2VjcmV0' }, 'a', 'is a symmetric key'],
])('%s is told, and the others are read', async (_, key, kid, reason) => {
  const served = await read({ keys: [key, publicKey] });
  expect(served.unreadable).toEqual([{ kid, reason }]);
  expect(served.keys).toHaveLength(1);
  expect(served.holdsPrivate).toBe(kid === 'a' && reason === 'is a symmetric key');
});

test('a private key is told, and goes no further', async () => {
  const served = await read({ keys: [privateKey] });
  expect(served).toMatchObject({ holdsPrivate: true, keys: [{ kid: 'one', jwk: publicKey }] });
  expect(JSON.stringify(served)).not.toContain(String(privateKey['d']));
  expect((await read({ keys: [{ kty: 'LMS', d: 'x' }] })).holdsPrivate).toBe(true);
  expect((await read({ keys: [], backup: { old: [privateKey] } })).holdsPrivate).toBe(true);
});

const deep = `${'['.repeat(500_000)}${']'.repeat(500_000)}`;

test.each([
  ['nothing', '', 'no JWK Set'],
  ['HTML', '<html>s3cret</html>', 'no JWK Set'],
  ['JSON that is cut off', '{"keys":[{"d":"s3cret"', 'no JWK Set'],
  ['a list', '[]', 'no JWK Set'],
  ['null', 'null', 'no JWK Set'],
  ['keys that are no list', '{"keys":{"a":1}}', 'no JWK Set'],
  ['a public key alone', JSON.stringify(publicKey), 'no JWK Set'],
  ['a private key alone', JSON.stringify(privateKey), 'a private key, and no JWK Set'],
  ['a deep list', deep, 'JSON that is nested too deeply'],
  ['a deep member', `{"keys":[],"x":${deep}}`, 'JSON that is nested too deeply'],
  ['very many keys', `{"keys":[${'{},'.repeat(300_000)}{}]}`, 'more than 10000 keys'],
])('%s is no JWK Set', async (_, text, what) => {
  const error = await errorOf(fetchJwks(serving(text), 'https://issuer.example/'));
  expect(error).toMatchObject({
    code: 'bad-key',
    message: `https://issuer.example/jwks.json serves ${what}`,
  });
  expect(error.cause).toBe(undefined);
});

test('as many keys as fit into a megabyte', async () => {
  const count = Math.floor(1_000_000 / (JSON.stringify(publicKey).length + 1));
  const served = await read({ keys: Array.from({ length: count }, () => publicKey) });
  expect(served.keys).toHaveLength(count);
});
