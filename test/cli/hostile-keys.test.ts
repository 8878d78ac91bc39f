// Keys of others that are built to deceive: nothing verifies with them, and none is taken in.
import { createHash, generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { Machine } from '../support/cli.ts';
import { machineAfter, ok } from './machines.ts';

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

function machineWith(files: Readonly<Record<string, string>>): Machine {
  const machine = new Machine();
  for (const [name, text] of Object.entries(files)) writeFileSync(`${machine.home}/work/${name}`, text);
  return machine;
}

test('an Ed25519 key of small order verifies nothing, though its signature is good', async () => {
  const identity = Buffer.concat([Buffer.from([1]), Buffer.alloc(31)]);
  const jwk = { kty: 'OKP', crv: 'Ed25519', alg: 'EdDSA', kid: 'a', x: identity.toString('base64url') };
  const token = `${part({ alg: 'EdDSA', kid: 'a' })}.${part({ sub: 'admin' })}`;
  const signature = Buffer.concat([identity, Buffer.alloc(32)]).toString('base64url');
  const machine = machineWith({ 'keys.json': JSON.stringify({ keys: [jwk] }) });
  const ran = await machine.jwks(['verify', '--jwks', 'keys.json', `${token}.${signature}`]);
  expect([ran.status, ran.stdout]).toEqual([1, '']);
});

test('an RSA key with the exponent 1 verifies nothing', async () => {
  const { n } = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ format: 'jwk' });
  const jwk = { kty: 'RSA', alg: 'RS256', kid: 'a', n, e: 'AQ' };
  const machine = machineWith({ 'keys.json': JSON.stringify({ keys: [jwk] }) });
  const input = `${part({ alg: 'RS256', kid: 'a' })}.${part({ sub: 'admin' })}`;
  // What is signed to the power of 1 is the signature: EMSA-PKCS1-v1_5 (RFC 8017 section 9.2), without any key.
  const digest = createHash('sha256').update(input).digest();
  const info = Buffer.concat([Buffer.from('3031300d060960864801650304020105000420', 'hex'), digest]);
  const padding = Buffer.alloc(256 - 3 - info.length, 0xff);
  const signature = Buffer.concat([Buffer.of(0, 1), padding, Buffer.of(0), info]);
  const token = `${input}.${signature.toString('base64url')}`;
  const ran = await machine.jwks(['explain', '--jwks', 'keys.json', token, '--format', 'json']);
  expect(ran.status).toBe(1);
  expect(JSON.parse(ran.stdout)).toMatchObject({ ok: false, claims: null });
});

test('two encodings of one X25519 key are not two keys', async () => {
  const { x = '' } = generateKeyPairSync('x25519').publicKey.export({ format: 'jwk' });
  const bytes = Buffer.from(x, 'base64url');
  bytes[31] = (bytes[31] ?? 0) | 0x80;
  const jwk = {
    kty: 'OKP',
    crv: 'X25519',
    alg: 'ECDH-ES',
    use: 'enc',
    kid: 'a',
    x: bytes.toString('base64url'),
  };
  const machine = machineWith({ 'key.json': JSON.stringify(jwk) });
  expect(await machine.jwks('import box key.json')).toMatchObject({ status: 6, stdout: '' });
});

test('a private key that its file lets only verify does not become the signer', async () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const jwk = { ...privateKey.export({ format: 'jwk' }), kid: 'old', alg: 'ES256', key_ops: ['verify'] };
  const machine = machineWith({ 'key.json': JSON.stringify(jwk) });
  expect(await machine.jwks('import auth key.json')).toMatchObject({ status: 6, stdout: '' });
  expect((await machine.jwks('import auth key.json --retiring')).status).toBe(0);
});

test('lint finds private keys that are indented deeply, in base64, and in YAML', async () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const pem = String(privateKey.export({ type: 'pkcs8', format: 'pem' }));
  const { d = '' } = privateKey.export({ format: 'jwk' });
  const machine = machineWith({
    'deep.yaml': `a:\n  b: |\n${pem.replace(/^/gm, ' '.repeat(20))}`,
    'secret.yaml': `data:\n  key: ${Buffer.from(pem).toString('base64')}\n`,
    'jwk.yaml': `keys:\n  - kty: EC\n    d: ${d}\n`,
  });
  for (const file of ['deep.yaml', 'secret.yaml', 'jwk.yaml'])
    expect([file, (await machine.jwks(`lint --private-only ${file}`)).status]).toEqual([file, 1]);
});

test('a key that is revoked signs nothing any more', async () => {
  const machine = await machineAfter('create --alg ES256 auth k1');
  await ok(machine, 'sign auth', 'revoke auth --signer --no-successor');
  expect(await machine.jwks('sign auth')).toMatchObject({ status: 3, stdout: '' });
  expect(await machine.jwks('sign auth --kid k1')).toMatchObject({ status: 5, stdout: '' });
});
