// Limits of those who read a set: what they document, and no more.
import { describe, expect, test } from 'vitest';
import type { Consumer } from '../../src/jose/lint/consumers.ts';
import { certified, ec, found, okp, privateEc, rsa, setOf } from './lint-sets.ts';

const consumers: readonly Consumer[] = [
  'aws-iam',
  'gcp-wif',
  'azure',
  'oci',
  'kubernetes',
  'istio',
  'supabase',
];
const of = (consumer: Consumer, text: string, isServed = false): string[] =>
  found(text, { consumer, isServed }).filter((one) => one.startsWith('consumer-'));
const enc = { ...rsa, kid: 'enc', alg: 'RSA-OAEP', use: 'enc' };
const p384 = { ...ec, crv: 'P-384', alg: 'ES384' };
const many = (key: object, count: number) =>
  Array.from({ length: count }, (_, kid) => ({ ...key, kid: `${kid}` }));

test.each(consumers)('%s: one RS256 key is fine, with an encryption key too', (consumer) => {
  expect(of(consumer, setOf(rsa))).toEqual([]);
  expect(of(consumer, setOf(rsa, enc), true)).toEqual([]);
  expect(of(consumer, setOf(enc))).toEqual(['consumer-no-key']);
  expect(of(consumer, '{"keys":[]}')).toEqual([]);
});

describe('a key that it cannot use', () => {
  test.each<[Consumer, string, object]>([
    ['aws-iam', 'keys[1]', okp],
    ['aws-iam', 'keys[1]', { ...rsa, kid: 'p', alg: 'PS256' }],
    ['gcp-wif', 'keys[1]', okp],
    ['azure', 'keys[1]', ec],
    ['oci', 'keys[1]', ec],
    ['oci', 'keys[1]', { ...rsa, kid: 'p', alg: 'PS256' }],
    ['oci', 'keys[1]', { ...rsa, kid: undefined }],
    ['oci', 'keys[1]', { ...rsa, kid: 'u', use: undefined }],
    ['oci', 'keys[1]', { ...rsa, kid: 'k', use: undefined, key_ops: ['encrypt'] }],
    ['oci', 'keys[1]', { ...rsa, kid: 'n', n: Buffer.alloc(513, 255).toString('base64url') }],
    ['kubernetes', 'keys[1]', okp],
    ['istio', 'keys[1]', { ...okp, alg: 'Ed25519' }],
    ['istio', 'keys[1]', { ...rsa, kid: 'e', e: 'EQ' }],
    ['istio', 'keys[1]', { ...okp, crv: 'Ed448', alg: undefined }],
    ['supabase', 'keys[1]', { ...ec, kid: undefined }],
    ['supabase', 'keys[1]', { ...privateEc, alg: 'ES384', key_ops: ['sign'] }],
  ])('%s: %s of %j', (consumer, place, key) => {
    expect(of(consumer, setOf(rsa, key))).toContain(`consumer-key ${place}`);
    expect(of(consumer, setOf(key))).toContain('consumer-no-key');
  });

  test.each<[Consumer, object]>([
    ['aws-iam', p384],
    ['gcp-wif', ec],
    ['oci', { ...rsa, kid: 'k', use: undefined, key_ops: ['verify'], alg: undefined }],
    ['kubernetes', { ...rsa, kid: 'p', alg: 'PS256' }],
    ['kubernetes', { ...ec, alg: undefined }],
    ['istio', okp],
    ['istio', { ...rsa, kid: 'e', e: 'Aw' }],
    ['supabase', okp],
  ])('%s takes %j', (consumer, key) => {
    expect(of(consumer, setOf(rsa, key))).toEqual([]);
  });
});

describe('limits', () => {
  test('AWS IAM: 100 keys of a type', () => {
    expect(of('aws-iam', setOf(...many(rsa, 100), ...many(ec, 100)))).toEqual([]);
    expect(of('aws-iam', setOf(...many(rsa, 101)))).toEqual(['consumer-limit']);
  });

  test('Supabase Auth: a secret signs HS256 only', () => {
    const secret = {
      kty: 'oct',
      kid: 'secret',
      alg: 'HS256',
      k: 'A'.repeat(43),
      key_ops: ['sign', 'verify'],
    };
    expect(of('supabase', JSON.stringify([secret]))).toEqual([]);
    const longer = { ...secret, alg: 'HS512', k: 'A'.repeat(86) };
    expect(of('supabase', JSON.stringify([longer]))).toContain('consumer-no-key');
  });

  test('Google Cloud: members of a set that is uploaded', () => {
    expect(of('gcp-wif', setOf(rsa, certified))).toEqual(['consumer-limit keys[1].x5t']);
    expect(of('gcp-wif', setOf(rsa, certified), true)).toEqual([]);
  });

  test('Microsoft Entra: RS256 is what it documents', () => {
    expect(of('azure', setOf(rsa, { ...rsa, kid: 'p', alg: 'PS256' }))).toEqual([
      'consumer-untested keys[1].alg',
    ]);
  });

  test('OCI API Gateway: ten keys', () => {
    expect(of('oci', setOf(...many(rsa, 10)))).toEqual([]);
    expect(of('oci', setOf(...many(rsa, 11)))).toEqual(['consumer-limit']);
  });

  test('kube-apiserver: one key that go-jose does not know, and none is read', () => {
    const x25519 = { ...okp, crv: 'X25519', alg: 'ECDH-ES', use: 'enc' };
    expect(of('kubernetes', setOf(rsa, x25519))).toEqual(['consumer-set keys[1].kty']);
    expect(of('kubernetes', setOf(rsa, { kty: 'XYZ', kid: 'z' }))).toContain('consumer-set keys[1].kty');
    expect(of('kubernetes', setOf(rsa, { ...ec, crv: 'secp256k1' }))).toContain('consumer-set keys[1].kty');
  });

  test('Supabase Auth: one key that signs', () => {
    const signer = { ...privateEc, key_ops: ['sign', 'verify'] };
    const verifier = { ...privateEc, kid: 'v', key_ops: ['verify'] };
    expect(of('supabase', JSON.stringify([signer, verifier]))).toEqual([]);
    expect(of('supabase', JSON.stringify([verifier]))).toEqual(['consumer-limit']);
    expect(of('supabase', JSON.stringify([signer, { ...signer, kid: 's' }]))).toEqual(['consumer-limit']);
  });
});
