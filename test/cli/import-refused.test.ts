// jwks import: what is not taken in, and that nothing of it is: a refused import leaves the keystore as it was.
import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { openssl, runOn } from '../jose/programs.ts';
import { Machine, type Settings } from '../support/cli.ts';
import { snapshotOf } from '../support/snapshot.ts';
import { ok } from './machines.ts';

type Jwk = Record<string, unknown>;

function ecJwk(members: object = {}): Jwk {
  const { privateKey } = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  return { ...createPrivateKey(privateKey).export({ format: 'jwk' }), ...members };
}

const [good, other] = [ecJwk({ kid: 'good' }), ecJwk({ kid: 'other' })];
const pem = (type: 'pkcs8' | 'sec1', more = {}) =>
  createPrivateKey({ key: other as never, format: 'jwk' }).export({ type, format: 'pem', ...more });
const encrypted = pem('pkcs8', { cipher: 'aes-256-cbc', passphrase: 'right' });
const json = (value: unknown) => JSON.stringify(value);
const secret = (octets: number) => ({ kty: 'oct', k: Buffer.alloc(octets, 'k').toString('base64url') });

function put(machine: Machine, files: Readonly<Record<string, unknown>>): void {
  for (const [name, content] of Object.entries(files))
    writeFileSync(`${machine.home}/work/${name}`, typeof content === 'string' ? content : json(content));
}

/** A machine with a set of the key `k1`, and files. */
async function withAuth(files: Readonly<Record<string, unknown>> = {}): Promise<Machine> {
  const machine = new Machine('2026-02-01T12:00:00Z');
  await ok(machine, 'create --alg ES256 auth k1');
  put(machine, { 'good.json': good, ...files });
  return machine;
}

/** Exit status and message of an import that must change nothing, shows no value and no stack. */
async function refused(machine: Machine, words: string, settings: Settings = {}): Promise<string> {
  const before = snapshotOf(machine.home);
  const { status, stdout, stderr } = await machine.jwks(`import ${words}`, settings);
  expect(snapshotOf(machine.home)).toEqual(before);
  expect(stdout).toBe('');
  expect(stderr).not.toMatch(/\n\s+at |[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
  for (const { d } of [good, other]) expect(stderr).not.toContain(d);
  return `${status} ${stderr}`;
}

const bad: readonly (readonly [string, string, RegExp])[] = [
  [
    'a short RSA key',
    json({ kty: 'RSA', e: 'AQAB', n: Buffer.alloc(128, 0xc1).toString('base64url') }),
    /1024/,
  ],
  ['two halves of different keys', json({ ...good, d: other['d'] }), /"d" does not belong/],
  ['a point off its curve', json({ ...good, x: other['x'] }), /"x" and "y" are no point/],
  ['an alg that does not fit', json({ ...good, alg: 'ES384' }), /ES384 does not fit/],
  ['alg and use at odds', json({ ...good, alg: 'ES256', use: 'enc' }), /"use" is enc/],
  ['key_ops at odds', json({ ...good, use: 'sig', key_ops: ['encrypt'] }), /"key_ops"/],
  ['alg none', json({ ...good, alg: 'none' }), /none/],
  ['a curve that is not supported', json({ ...good, crv: 'secp256k1' }), /secp256k1/],
  ['a secret that is too short', json({ ...secret(16), alg: 'HS256' }), /128 bits/],
  ['a missing member', json({ ...good, y: undefined }), /"y"/],
  ['a kid twice', json({ keys: [good, { ...other, kid: 'good' }] }), /key 2.*"kid"/],
  ['a kid that is empty', json({ ...good, kid: '' }), /empty/],
  ['control characters in a kid', json({ ...good, kid: 'a\u001b[31m' }), /control/],
  ['a kid of 257 characters', json({ ...good, kid: 'k'.repeat(257) }), /257/],
  ['a kid that is no text', json({ ...good, kid: 7 }), /"kid" is no text/],
  ['10 MB', `${' '.repeat(10_000_000)}${json(good)}`, /1 MiB/],
  ['a depth of a hundred thousand', '['.repeat(100_000) + ']'.repeat(100_000), /deep/],
  ['a member twice', json(good).replace('{', '{"kid":"x",'), /twice/],
  ['JSON with something behind it', `${json(good)} garbage`, /JSON/],
  ['JSON behind JSON', `${json(good)}\n${json(other)}`, /JSON/],
  ['JSON cut short', json(good).slice(0, -20), /JSON/],
  ['PEM cut short', `${pem('sec1')}${pem('pkcs8').slice(0, 120)}`, /block 2.*no end/],
  ['PEM of something else', '-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----', /./],
  ['a private member under __proto__ alone', '{"__proto__":{"kty":"oct","k":"AAAA"}}', /"kty"/],
  ['an empty file', '', /empty/],
  ['no key', json({ keys: [] }), /no key/],
  ['UTF-16', Buffer.from(`\ufeff${json(good)}`, 'utf16le').toString('latin1'), /./],
];

describe('exit 6, and nothing of the other keys either', () => {
  test.each(bad)('%s', async (_, text, message) => {
    const machine = await withAuth({ bad: text });
    const said = await refused(machine, 'auth good.json bad');
    expect(said).toMatch(/^6 jwks: bad/);
    expect(said).toMatch(message);
  });

  test('from nothing no keystore is made, not even a dry one', async () => {
    const machine = new Machine();
    for (const [, text] of bad)
      for (const option of ['', ' --dry-run', ' --force'])
        expect(await refused(machine, `auth${option}`, { stdin: text })).toMatch(/^6 /);
  });

  test('all faults are told together, those of several files too', async () => {
    const machine = await withAuth({ garbage: 'garbage', weak: { ...good, alg: 'ES384' } });
    put(machine, {
      set: {
        keys: [
          { ...good, alg: 'ES384' },
          { ...other, use: 'both' },
        ],
      },
    });
    const told = await refused(machine, 'auth set');
    expect(told).toMatch(/key 1.*ES384/);
    expect(told).toMatch(/key 2.*"use"/);
    expect(await refused(machine, 'auth garbage weak')).toMatch(/garbage.*weak/);
  });

  test('what is asked for does not overrule a key', async () => {
    const machine = await withAuth();
    expect(await refused(machine, 'auth good.json --alg RS256')).toMatch(/^6 .*RS256 does not fit/);
    expect(await refused(machine, 'auth good.json --alg ES256 --use enc')).toMatch(/^6 .*use sig, not enc/);
    expect(await refused(machine, 'auth good.json --alg nonsense')).toMatch(/^2 .*nonsense/);
  });

  test.skipIf(!openssl.isThere)(openssl.title('RSA of 1024 bits'), async () => {
    const { stdout } = runOn(
      {},
      'openssl',
      'genpkey',
      '-algorithm',
      'RSA',
      '-pkeyopt',
      'rsa_keygen_bits:1024',
    );
    const machine = await withAuth({ weak: stdout.toString() });
    expect(await refused(machine, 'auth good.json weak --force')).toMatch(/^6 .*weak: .*1024 bits/);
  });
});

test('exit 5: a kid that the set has had, and a key that it has revoked, whatever it is called', async () => {
  const machine = await withAuth({ mine: { ...other, kid: 'k1' }, again: { ...good, kid: 'again' } });
  expect(await refused(machine, 'auth good.json mine')).toMatch(/^5 .*"k1".*kid/);
  await ok(machine, 'import auth good.json');
  expect(await refused(machine, 'auth good.json --force')).toMatch(/^5 .*"good"/);
  await ok(machine, 'revoke auth good k1');
  put(machine, { 'other.json': other });
  expect(await refused(machine, 'auth other.json again --force')).toMatch(/^5 .*"again".*revoked/);
  expect(await refused(machine, 'auth mine')).toMatch(/^5 .*"k1"/);
  await ok(machine, 'delete auth --yes');
  expect(await refused(machine, 'auth again')).toMatch(/^5 .*revoked/);
  expect((await machine.jwks('import another again')).status).toBe(0);
});

test('exit 6: one kid in two files', async () => {
  const machine = await withAuth({ two: { ...other, kid: 'good' } });
  expect(await refused(machine, 'auth good.json two')).toMatch(/^6 .*two.*"good"/);
  expect(await refused(machine, 'auth good.json good.json')).toMatch(/^6 .*"good"/);
});

describe('exit 5: an algorithm that the policy does not list', () => {
  test('unless it is forced', async () => {
    const machine = await withAuth({ hs: { ...secret(32), kid: 'hs', alg: 'HS256' } });
    await ok(machine, 'policy auth --alg ES256');
    expect(await refused(machine, 'auth good.json hs')).toMatch(/^5 .*HS256.*ES256/);
    expect(await refused(machine, 'auth hs --dry-run')).toMatch(/^5 /);
    expect((await machine.jwks('import auth hs --force')).status).toBe(0);
  });

  test('no keystore is made for it', async () => {
    const machine = new Machine();
    put(machine, { 'good.json': good, 'jwks.config.json': { policy: { alg: ['EdDSA'] } } });
    expect(await refused(machine, 'auth good.json')).toMatch(/^5 /);
  });
});

test('exit 3: no such file or keystore; exit 1: one that cannot be read', async () => {
  const machine = await withAuth();
  expect(await refused(machine, 'auth good.json nowhere.pem')).toMatch(/^3 .*nowhere\.pem/);
  expect(await refused(machine, 'auth good.json --keystore elsewhere')).toMatch(/^3 .*elsewhere.*\n.*init/);
  expect(await refused(new Machine(), 'auth nowhere.pem')).toMatch(/^3 /);
  mkdirSync(`${machine.home}/work/directory`);
  expect(await refused(machine, 'auth good.json directory')).toMatch(/^1 .*directory/);
  chmodSync(`${machine.home}/work/good.json`, 0);
  const isRoot = process.geteuid?.() === 0;
  if (!isRoot) expect(await refused(machine, 'auth good.json')).toMatch(/^1 .*permission denied/);
});

test('exit 4: no passphrase, a wrong one, and a secret that opens nothing', async () => {
  const machine = await withAuth({ encrypted, wrong: 'wrong\n', right: 'right\r\n', empty: '' });
  expect(await refused(machine, 'auth good.json encrypted')).toMatch(
    /^4 .*encrypted.*\nhint: .*--passphrase-file/,
  );
  expect(await refused(machine, 'auth encrypted --no-input', { terminal: 80 })).toMatch(/^4 /);
  for (const file of ['wrong', 'empty'])
    expect(await refused(machine, `auth good.json encrypted --passphrase-file ${file}`)).toMatch(
      /^4 .*encrypted/,
    );
  expect(await refused(machine, 'auth encrypted --passphrase-file nowhere')).toMatch(/^3 .*nowhere/);
  const env = { JWKS_SECRET: 'not the secret of this keystore' };
  expect(await refused(machine, 'auth good.json', { env })).toMatch(/^4 .*JWKS_SECRET/);
  expect(await refused(new Machine(), 'auth', { stdin: encrypted.toString() })).toMatch(/^4 /);
  expect((await machine.jwks('import auth encrypted --passphrase-file right')).status).toBe(0);
});

describe('exit 2', () => {
  test.each([
    ['auth - --secret-file -', /standard input/],
    ['auth - good.json -', /standard input/],
    ['auth --secret-file -', /standard input/],
    ['auth good.json --next --retiring', /--next.*--retiring/],
    ['auth good.json --retire-at 2030-01-01', /--retiring/],
    ['auth good.json --next --retire-at 2030-01-01', /--retiring/],
    ['auth good.json --retiring --retire-at 2026-02-01T12:00:00Z', /past/],
    ['auth good.json --retiring --retire-at soon', /soon/],
    ['auth good.json --use both', /both/],
    ['auth good.json --kid-from sha1', /sha1/],
    ['', /set-id/],
  ])('%s', async (words, message) => {
    const machine = await withAuth();
    const said = await refused(machine, words, { stdin: json(other) });
    expect(said).toMatch(/^2 /);
    expect(said).toMatch(message);
  });

  test.each(['- --passphrase-file -', '--passphrase-file -'])(
    'keys and passphrase from stdin: auth %s',
    async (words) => {
      const machine = await withAuth();
      expect(await refused(machine, `auth ${words}`, { stdin: encrypted.toString() })).toMatch(
        /^2 .*standard input/,
      );
    },
  );

  test('secret and passphrase from stdin', async () => {
    const machine = await withAuth({ encrypted });
    const words = 'auth encrypted --passphrase-file - --secret-file -';
    expect(await refused(machine, words, { stdin: 'right\n' })).toMatch(/^2 .*standard input/);
  });

  test('a date that is past makes no keystore', async () => {
    const machine = new Machine();
    put(machine, { 'good.json': good });
    expect(await refused(machine, 'auth good.json --retiring --retire-at 2020-01-01')).toMatch(/^2 .*past/);
  });

  test('a file name or passphrase file that came out empty is no directory', async () => {
    const machine = await withAuth({ encrypted });
    for (const argv of [[''], ['encrypted', '--passphrase-file', '']])
      expect((await machine.jwks(['import', 'auth', ...argv])).status).toBe(2);
  });
});
