// Each rule of lint: a set that it finds fault with, and sound sets in which it finds none.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isRoca } from '../../src/jose/lint/rsa.ts';
import { type LintCode, lintRules } from '../../src/jose/lint/rules.ts';
import { choices, keyFor, otherHalf, rowsOf } from './keys.ts';
import { chain } from './lint-chain.ts';
import {
  certified,
  ec,
  found,
  lint,
  type Members,
  now,
  okp,
  privateEc,
  rocaModulus,
  rsa,
  setOf,
  toBytes,
  toText,
} from './lint-sets.ts';

const year = 366 * 86_400;
const x25519 = { kty: 'OKP', crv: 'X25519', x: okp['x'], kid: 'x', alg: 'ECDH-ES', use: 'enc' };
const secp256k1 = {
  kty: 'EC',
  crv: 'secp256k1',
  // The generator (SEC 2, section 2.4.1).
  x: toText(Buffer.from('79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798', 'hex')),
  y: toText(Buffer.from('483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8', 'hex')),
  kid: 'k',
  alg: 'ES256K',
  use: 'sig',
};
const mldsa = { kty: 'AKP', alg: 'ML-DSA-44', pub: toText(Buffer.alloc(1312, 1)), kid: 'm', use: 'sig' };
const without = (key: Members, name: string): Members =>
  Object.fromEntries(Object.entries(key).filter(([member]) => member !== name));
const even = toBytes(rsa['n']);
even[255] = 0;
const standard = (value: unknown): string => toBytes(value).toString('base64').replaceAll('=', '');

/** What is found first, and the text in which it is. */
const cases: readonly (readonly [LintCode, string, string])[] = [
  ['private-member', 'keys[0].d', setOf(privateEc)],
  ['private-member', 'd', JSON.stringify(privateEc)],
  ['private-member', 'keys[0].cnf.jwk.d', setOf({ ...rsa, cnf: { jwk: privateEc } })],
  ['private-member', 'keys[0].d', setOf(without(privateEc, 'kty'))],
  ['private-member', 'keys[0].d', `{"keys":[${JSON.stringify(privateEc)}],"keys":[${JSON.stringify(ec)}]}`],
  ['symmetric-key', 'keys[0].k', setOf({ kty: 'oct', k: 'c2VjcmV0', kid: 's', alg: 'HS256' })],
  ['symmetric-key', 'keys[0]', setOf({ kty: 'oct', kid: 's', alg: 'HS256' })],
  ['private-text', '', setOf({ ...ec, note: `-----BEGIN PRIVATE KEY-----\n${'A'.repeat(64)}` })],
  ['bom', '', `\ufeff${setOf(ec)}`],
  ['not-json', '', '{"keys":[}'],
  ['not-json', '', ''],
  ['trailing-data', '', `${setOf(ec)}${setOf(ec)}`],
  ['duplicate-member', 'keys[0].use', setOf(ec).replace('"use"', '"use":"enc","use"')],
  ['not-a-set', '', '{"kid":"x"}'],
  ['not-a-set', '', '"keys"'],
  ['not-a-set', '', '{"keys":{}}'],
  ['bare-keys', '', JSON.stringify(ec)],
  ['bare-keys', '', JSON.stringify([ec])],
  ['empty-set', 'keys', '{"keys":[]}'],
  ['not-a-key', 'keys[1]', setOf(ec, null)],
  ['kid-missing', 'keys[0]', setOf(without(ec, 'kid'))],
  ['kid-missing', 'keys[0]', setOf({ ...ec, kid: '' })],
  ['kids-missing', 'keys[0]', setOf(without(ec, 'kid'), without(rsa, 'kid'))],
  ['kid-duplicate', 'keys[1].kid', setOf(ec, { ...rsa, kid: 'e' })],
  ['kid-type', 'keys[0].kid', setOf({ ...ec, kid: 5 })],
  ['same-key', 'keys[1]', setOf(rsa, { ...rsa, kid: 'other', alg: 'PS256' })],
  ['kty-missing', 'keys[0]', setOf(without(ec, 'kty'))],
  ['kty-unknown', 'keys[0].kty', setOf({ ...ec, kty: 'ec', crv: undefined })],
  ['member-missing', 'keys[0]', setOf(without(ec, 'y'))],
  ['member-missing', 'keys[0]', setOf(without(rsa, 'n'))],
  ['member-missing', 'keys[0]', setOf(without(mldsa, 'alg'))],
  ['member-type', 'keys[0].kty', setOf({ ...ec, kty: ['EC'] })],
  ['member-type', 'keys[0].x', setOf({ ...ec, x: 5 })],
  ['member-type', 'keys[0].use', setOf({ ...ec, use: null })],
  ['member-type', 'keys[0].key_ops', setOf({ ...ec, key_ops: 'verify' })],
  ['alg-missing', 'keys[0]', setOf(without(ec, 'alg'))],
  ['alg-unknown', 'keys[0].alg', setOf({ ...ec, alg: 'es256' })],
  ['alg-unknown', 'keys[0].alg', setOf({ ...rsa, alg: 'none' })],
  ['alg-rare', 'keys[0].alg', setOf({ ...rsa, alg: 'RSA1_5', use: 'enc' })],
  ['alg-mismatch', 'keys[0].alg', setOf({ ...rsa, alg: 'ES256' })],
  ['alg-mismatch', 'keys[0].alg', setOf({ ...ec, alg: 'ES384' })],
  ['alg-mismatch', 'keys[0].alg', setOf({ ...okp, alg: 'Ed448' })],
  ['alg-mismatch', 'keys[0].alg', setOf({ ...mldsa, alg: 'ML-DSA-65' })],
  ['use-unknown', 'keys[0].use', setOf({ ...ec, use: 'tls' })],
  ['use-mismatch', 'keys[0].use', setOf({ ...ec, use: 'enc' })],
  ['use-mismatch', 'keys[0].use', setOf({ ...x25519, use: 'sig', alg: undefined })],
  ['use-key-ops', 'keys[0].key_ops', setOf({ ...ec, key_ops: ['wrapKey'] })],
  ['use-key-ops', 'keys[0].key_ops', setOf({ ...without(ec, 'use'), key_ops: ['encrypt'] })],
  ['key-ops-duplicate', 'keys[0].key_ops', setOf({ ...ec, key_ops: ['verify', 'verify'] })],
  ['key-ops-unknown', 'keys[0].key_ops', setOf({ ...ec, key_ops: ['verify', 'dance'] })],
  ['key-ops-public', 'keys[0].key_ops', setOf({ ...ec, key_ops: ['sign', 'verify'] })],
  ['encoding-padding', 'keys[0].x', setOf({ ...ec, x: `${ec['x']}=` })],
  ['encoding-alphabet', 'keys[0].n', setOf({ ...rsa, n: standard(rsa['n']) })],
  ['encoding-bits', 'keys[0].x', setOf({ ...okp, x: `${String(okp['x']).slice(0, -1)}p` })],
  ['encoding-characters', 'keys[0].x', setOf({ ...okp, x: `${okp['x']}\n` })],
  ['encoding-characters', 'keys[0].e', setOf({ ...rsa, e: '' })],
  ['leading-zero', 'keys[0].n', setOf({ ...rsa, n: toText(Buffer.alloc(1), toBytes(rsa['n'])) })],
  ['rsa-small', 'keys[0].n', setOf({ ...rsa, n: toText(toBytes(rsa['n']).subarray(128)) })],
  ['rsa-large', 'keys[0].n', setOf({ ...rsa, n: toText(Buffer.alloc(2049, 255)) })],
  ['rsa-exponent', 'keys[0].e', setOf({ ...rsa, e: 'AQAA' })],
  ['rsa-exponent', 'keys[0].e', setOf({ ...rsa, e: 'AQ' })],
  ['rsa-exponent', 'keys[0].e', setOf({ ...rsa, e: toText(Buffer.alloc(9, 1)) })],
  ['rsa-exponent-unusual', 'keys[0].e', setOf({ ...rsa, e: 'Aw' })],
  ['rsa-modulus', 'keys[0].n', setOf({ ...rsa, n: toText(even) })],
  ['rsa-roca', 'keys[0].n', setOf({ ...rsa, n: rocaModulus })],
  ['crv-unknown', 'keys[0].crv', setOf({ ...ec, crv: 'P-257', alg: undefined })],
  ['crv-unknown', 'keys[0].crv', setOf({ ...ec, crv: '__proto__', alg: undefined })],
  ['coordinate-length', 'keys[0].x', setOf({ ...ec, x: toText(Buffer.alloc(1), toBytes(ec['x'])) })],
  ['coordinate-length', 'keys[0].x', setOf({ ...okp, x: toText(toBytes(okp['x']).subarray(1)) })],
  ['point-off-curve', 'keys[0].x', setOf({ ...ec, y: ec['x'] })],
  ['point-off-curve', 'keys[0].x', setOf({ ...okp, x: toText(Buffer.from([2]), Buffer.alloc(31)) })],
  ['point-off-curve', 'keys[0].x', setOf({ ...okp, x: toText(Buffer.from([1]), Buffer.alloc(31)) })],
  ['x5c-invalid', 'keys[0].x5c', setOf({ ...ec, x5c: [] })],
  ['x5c-invalid', 'keys[0].x5c', setOf({ ...ec, x5c: ['AAAA'] })],
  [
    'x5c-invalid',
    'keys[0].x5c',
    setOf({ ...certified, x5c: [toText(Buffer.from(chain[0] ?? '', 'base64'))] }),
  ],
  ['x5c-mismatch', 'keys[0].x5c', setOf({ ...ec, x5c: chain })],
  ['x5c-mismatch', 'keys[0].x5c', setOf({ ...rsa, x5c: chain })],
  ['x5c-chain', 'keys[0].x5c', setOf({ ...certified, x5c: [chain[0], chain[0]] })],
  ['x5t-invalid', 'keys[0].x5t', setOf({ ...certified, x5t: 'AAAA' })],
  ['x5t-invalid', 'keys[0].x5t', setOf({ ...certified, x5t: toText(Buffer.from('a'.repeat(40))) })],
  ['x5t-mismatch', 'keys[0].x5t', setOf({ ...certified, x5t: toText(Buffer.alloc(20)) })],
  ['x5t-mismatch', 'keys[0]["x5t#S256"]', setOf({ ...certified, 'x5t#S256': toText(Buffer.alloc(32)) })],
  ['client-okp', 'keys[1].kty', setOf(ec, okp)],
  ['client-okp-curve', 'keys[0].crv', setOf(x25519)],
  ['client-ec-curve', 'keys[0].crv', setOf(secp256k1)],
  ['client-eddsa-name', 'keys[0].alg', setOf({ ...okp, alg: 'Ed25519' })],
  ['client-akp', 'keys[1].kty', setOf(rsa, mldsa)],
];

describe('finds', () => {
  test.each(cases)('%s at %s (%#)', (code, place, text) => {
    expect(found(text)).toContain(`${code} ${place}`.trim());
    expect(found(setOf(rsa, ec)).filter((one) => one.startsWith(`${code} `))).toEqual([]);
  });

  test('certificates that have expired or are not valid yet', () => {
    expect(found(setOf(certified), { now: now + 8 * year })).toEqual(
      Array(2).fill('x5c-expired keys[0].x5c'),
    );
    expect(found(setOf(certified), { now: now - 8 * year })).toEqual(
      Array(2).fill('x5c-not-yet keys[0].x5c'),
    );
  });

  test('every rule has a case here or elsewhere', () => {
    // Of a file or URL (lint.test.ts of the command), and of consumers (lint-consumers.test.ts).
    const elsewhere = [
      ...['x5c-expired', 'x5c-not-yet', 'not-utf8', 'too-large', 'content-type', 'json-content-type'],
      ...['no-cache-header', 'not-cached', 'cached-long'],
      ...Object.keys(lintRules).filter((code) => code.startsWith('consumer-')),
    ];
    const here = new Set<string>(cases.map(([code]) => code));
    expect(Object.keys(lintRules).filter((code) => !here.has(code) && !elsewhere.includes(code))).toEqual([]);
  });
});

describe('finds nothing', () => {
  test('in sound sets', () => {
    expect(found(setOf(rsa, ec))).toEqual([]);
    expect(found(setOf(rsa, ec), { isServed: true })).toEqual([]);
    expect(found(setOf(certified))).toEqual([]);
    expect(
      found(`\r\n${JSON.stringify({ keys: [ec], set: 'auth' }, null, 2).replaceAll('\n', '\r\n')}\r\n`),
    ).toEqual([]);
    expect(found(setOf({ ...ec, key_ops: ['verify'] }))).toEqual([]);
    expect(found(setOf({ ...without(ec, 'use'), alg: 'ECDH-ES', key_ops: ['deriveBits'] }))).toEqual([]);
    expect(found(setOf({ ...rsa, alg: 'RSA-OAEP-256', use: 'enc' }))).toEqual([]);
  });

  test.each(rowsOf(choices.filter(({ alg }) => !/^(?:HS|A\d|dir)/.test(alg))))(
    '%s: but what clients do not know',
    async (_, choice) => {
      const key = { ...otherHalf(await keyFor(choice)) };
      const codes = lint(setOf(key)).map(({ code }) => code);
      const isKnown = choice.crv === undefined || choice.crv.startsWith('P-');
      expect(codes.filter((code) => !code.startsWith('client-'))).toEqual([]);
      expect(codes.length > 0).toBe(!isKnown || choice.alg.startsWith('ML-DSA'));
    },
  );

  test('in a whole set of RSA and EC keys', async () => {
    const known = choices.filter(({ alg, crv = 'P-' }) => /^(?:RS|PS|ES)/.test(alg) && crv.startsWith('P-'));
    const keys = await Promise.all(
      known.map(async (choice) => ({ ...otherHalf(await keyFor(choice)), kid: choice.alg })),
    );
    // One RSA key stands for all in these tests.
    expect(found(setOf(...keys)).filter((one) => !one.startsWith('same-key'))).toEqual([]);
  });
});

test('what clients do is told once a set', () => {
  const other = { ...okp, kid: 'p', x: toText(Buffer.alloc(31), Buffer.from([64])) };
  const codes = lint(setOf(okp, other)).filter(({ code }) => code === 'client-okp');
  expect(codes.map(({ place, message }) => [place, message.includes('and 1 more')])).toEqual([
    ['keys[0].kty', true],
  ]);
});

test('a modulus of chance is no ROCA, nor a small one', () => {
  fc.assert(fc.property(fc.bigInt(2n ** 2047n, 2n ** 2048n), (n) => !isRoca(n)));
  expect(isRoca(65_537n)).toBe(false);
});

test('errors come first, then the order of the text', () => {
  const text = setOf({ ...rsa, e: 'Aw' }, without(ec, 'alg'), { ...okp, kid: 5 });
  expect(found(text)).toEqual([
    'kid-type keys[2].kid',
    'rsa-exponent-unusual keys[0].e',
    'alg-missing keys[1]',
    'client-okp keys[2].kty',
    'client-eddsa-name keys[2].alg',
  ]);
});

test('positions are of the member in the text', () => {
  const [finding] = lint(JSON.stringify({ keys: [{ ...ec, x: 'AA' }] }, null, 2));
  expect(finding).toMatchObject({
    code: 'coordinate-length',
    place: 'keys[0].x',
    position: { line: 6, column: 7 },
  });
});
