// Keys of recipients: which a keystore is sealed to, and that no other is a fault of ours.
import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { expect, test } from 'vitest';
import { JwksError } from '../../src/errors.ts';
import { parseRecipient } from '../../src/keystore/recipient.ts';
import { parseSecret } from '../../src/keystore/secret.ts';
import { codeOf } from '../support/keystore.ts';

const open = (key: KeyObject) => key.export({ type: 'spki', format: 'pem' }).toString();
const closed = (key: KeyObject) => key.export({ type: 'pkcs8', format: 'pem' }).toString();
const codeOfPublic = (text: string) => codeOf((async () => parseRecipient(text, 'a test'))());
const codeOfPrivate = (text: string) => codeOf((async () => parseSecret(text, 'a test'))());

const unusable = {
  'RSA-PSS': () => generateKeyPairSync('rsa-pss', { modulusLength: 2048 }),
  brainpoolP256r1: () => generateKeyPairSync('ec', { namedCurve: 'brainpoolP256r1' }),
  secp256k1: () => generateKeyPairSync('ec', { namedCurve: 'secp256k1' }),
  Ed25519: () => generateKeyPairSync('ed25519'),
  X448: () => generateKeyPairSync('x448'),
  'RSA of 1024 bits': () => generateKeyPairSync('rsa', { modulusLength: 1024 }),
};

test.each(Object.entries(unusable))(
  '%s: a bad key, and as a secret one that opens nothing',
  async (_, make) => {
    const { publicKey, privateKey } = make();
    expect(await codeOfPublic(open(publicKey))).toBe('bad-key');
    expect(await codeOfPrivate(closed(privateKey))).toBe('secret');
  },
);

const { n = '' } = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ format: 'jwk' });
const even = Buffer.from(n, 'base64url');
even[255] = (even[255] ?? 0) & 0xfe;

test.each([
  ['an exponent of 1: what is sealed is plain text', { kty: 'RSA', n, e: 'AQ' }, '"e"'],
  ['an exponent of 3', { kty: 'RSA', n, e: 'Aw' }, '"e"'],
  ['an even exponent', { kty: 'RSA', n, e: 'AQAC' }, '"e"'],
  ['an even modulus', { kty: 'RSA', n: even.toString('base64url'), e: 'AQAB' }, '"n"'],
  [
    'a point of small order',
    { kty: 'OKP', crv: 'X25519', x: Buffer.alloc(32).toString('base64url') },
    'small order',
  ],
  [
    'a point beyond the field',
    { kty: 'OKP', crv: 'X25519', x: Buffer.alloc(32, 0xff).toString('base64url') },
    '"x"',
  ],
])('%s is refused', (_, jwk, word) => {
  const texts = [JSON.stringify(jwk), open(createPublicKey({ key: jwk, format: 'jwk' }))];
  for (const text of texts) {
    const refuse = () => parseRecipient(text, 'a test');
    expect(refuse).toThrow(JwksError);
    expect(refuse).toThrow(
      expect.objectContaining({ code: 'bad-key', message: expect.stringContaining(word) }),
    );
  }
});

test.each([
  ['RSA', () => generateKeyPairSync('rsa', { modulusLength: 2048 })],
  ['P-521', () => generateKeyPairSync('ec', { namedCurve: 'P-521' })],
  ['X25519', () => generateKeyPairSync('x25519')],
] as const)('%s is taken', (_, make) => {
  const { publicKey, privateKey } = make();
  const { kid } = parseRecipient(open(publicKey), 'a test');
  expect(parseSecret(closed(privateKey), 'a test')).toMatchObject({ kind: 'recipient', kid });
});
