// Keys from outside: sound ones are read as public halves, all others refused without a word of what they hold.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { JwksError } from '../../src/errors.ts';
import { holdsPrivateMember, type PrivateJwk } from '../../src/jose/jwk.ts';
import { type ParsedKey, parsePublicKeys } from '../../src/jose/parse-public.ts';
import { readVector } from '../support/vectors.ts';
import { type Choice, choices, keyFor, otherHalf, rowsOf } from './keys.ts';
import { changeLetter } from './letters.ts';

const ec = JSON.parse(readVector('rfc7515-a.3.json')).key;
const rsa = JSON.parse(readVector('rfc7638-3.1.json')).key;
const okp = JSON.parse(readVector('rfc8037-a.json')).key;
const oct = { kty: 'oct', k: 'c2VjcmV0LXZhbHVlLW9mLWEta2V5' };
const zero = (text: string, ...bytes: number[]) =>
  Buffer.concat([Buffer.from(bytes), Buffer.from(text, 'base64url')]).toString('base64url');

// The words of a refusal: the name of the text, the place, a member from a list. None of them is input.
const name = 'keys.json';
const words =
  /^(keys\.json(, key \d+,)? (is (not )?(a JWK or JWK Set in JSON|no key of a type that is supported|a sound (RSA|EC|OKP) key)|has a "(n|e|crv|x|y|pub|k)" that is not canonical( base64url)?|has no "(alg|n|e|crv|x|y|pub|k)"|has a "(kid|use|alg|x5c|x5t#S256)" that is no text|has an "alg" and a "pub" that do not fit))$/;

/** The keys, or the code of the refusal, whose words are checked. */
function parse(text: string): ParsedKey[] | string {
  try {
    return parsePublicKeys(text, name);
  } catch (error) {
    if (!(error instanceof JwksError)) throw error;
    expect(error.message).toMatch(words);
    expect([error.cause, error.hint]).toEqual([undefined, undefined]);
    return error.code;
  }
}

const parseValue = (value: unknown) => parse(JSON.stringify(value));

describe('what is sound', () => {
  test.each(rowsOf(choices))('%s: a private key is read as its public half', async (_, choice) => {
    const key = await keyFor(choice);
    expect(parseValue(key)).toEqual([{ kid: 'test', jwk: otherHalf(key) }]);
    expect(parseValue(otherHalf(key))).toEqual([{ kid: 'test', jwk: otherHalf(key) }]);
  });

  test('a set is read in its order, and an empty one is empty', () => {
    const keys = [{ ...ec, kid: 'b' }, okp, { ...rsa, kid: 'a' }];
    const parsed = parseValue({ keys });
    expect(Array.isArray(parsed) && parsed.map(({ kid, jwk }) => [kid, jwk.kty])).toEqual([
      ['b', 'EC'],
      [undefined, 'OKP'],
      ['a', 'RSA'],
    ]);
    expect(holdsPrivateMember(parsed)).toBe(false);
    expect(parseValue({ keys: [] })).toEqual([]);
  });
});

describe('what is not', () => {
  const short = Buffer.from(ec.x, 'base64url').subarray(1).toString('base64url');
  test.each<[string, unknown]>([
    ['a kid that is no text', { ...okp, kid: 5 }],
    ['a certificate chain that is no list of texts', { ...okp, x5c: [{ d: 'x' }] }],
    ['a short coordinate', { ...ec, x: short }],
    ['a coordinate that is too long', { ...ec, x: zero(ec.x, 0) }],
    ['an empty coordinate', { ...ec, x: '' }],
    ['a point off its curve', { ...ec, y: ec.x }],
    ['a point of another curve', { ...ec, crv: 'P-384' }],
    ['a curve that there is not', { ...ec, crv: 'P-257' }],
    ['a curve of another type', { ...ec, crv: 'Ed25519' }],
    ['a curve that is no text', { ...ec, crv: ['P-256'] }],
    ['no curve', { ...ec, crv: undefined }],
    ['no y', { ...ec, y: undefined }],
    ['padding', { ...ec, x: `${ec.x}=` }],
    ['the other alphabet', { ...rsa, n: rsa.n.replaceAll('-', '+').replaceAll('_', '/') }],
    ['bits that count for nothing', { ...okp, x: `${okp.x.slice(0, -1)}p` }],
    ['a line end', { ...okp, x: `${okp.x}\n` }],
    ['a modulus that begins with zero', { ...rsa, n: zero(rsa.n, 0) }],
    ['an exponent that begins with zero', { ...rsa, e: 'AAEAAQ' }],
    ['an exponent of zero', { ...rsa, e: 'AA' }],
    ['a modulus that is a number', { ...rsa, n: 3233 }],
    ['no modulus', { ...rsa, n: undefined }],
    ['no exponent', { kty: 'RSA', n: rsa.n }],
    ['a short Ed25519 key', { ...okp, x: 'AAAA' }],
    ['an Ed25519 key called Ed448', { ...okp, crv: 'Ed448' }],
    ['no x', { kty: 'OKP', crv: 'Ed25519' }],
    ['a value that is a list', { ...okp, x: [okp.x] }],
    ['an empty secret', { kty: 'oct', k: '' }],
    ['no secret', { kty: 'oct' }],
    ['a secret that is no text', { kty: 'oct', k: 5 }],
    ['a secret with padding', { ...oct, k: `${oct.k}=` }],
    ['AKP with no base64url', { kty: 'AKP', alg: 'ML-DSA-44', pub: '*' }],
    ['kty in small letters', { ...rsa, kty: 'rsa' }],
    ['kty of nothing', { ...ec, kty: '' }],
    ['kty from a prototype', { ...ec, kty: 'constructor' }],
    ['no kty', { ...ec, kty: undefined }],
    ['a list of keys', [ec]],
    ['keys that are no list', { keys: ec }],
    ['a set with null', { keys: [null] }],
    ['a set with a set', { keys: [{ keys: [ec] }] }],
    ['a set with one bad key', { keys: [ec, { ...okp, x: 'AAAA' }] }],
    ['a text', 'c2VjcmV0LXZhbHVl'],
    ['a number', 5],
    ['null', null],
  ])('%s is refused', (_, value) => {
    expect(parseValue(value)).toBe('bad-key');
  });

  test.each([
    ['nothing', ''],
    ['half a document', '{"kty":"oct","k":"c2VjcmV0'],
    ['PEM', '-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA\n-----END PRIVATE KEY-----\n'],
    ['a byte order mark', `\ufeff${JSON.stringify(okp)}`],
    ['YAML', 'kty: oct\nk: c2VjcmV0'],
    ['huge nesting', `${'['.repeat(200_000)}${']'.repeat(200_000)}`],
    ['huge nesting that never ends', '{"keys":['.repeat(200_000)],
    ['huge nesting in the place of a key', `{"keys":${'['.repeat(200_000)}${']'.repeat(200_000)}}`],
    ['a prototype that is a key', '{"__proto__":{"kty":"oct","k":"AAAA"}}'],
  ])('%s is refused', (_, text) => {
    expect(parse(text)).toBe('bad-key');
  });

  test('a refusal says which key of a set', () => {
    const set = JSON.stringify({ keys: [ec, okp, { ...rsa, e: 'AA' }] });
    expect(() => parsePublicKeys(set, name)).toThrowError('keys.json, key 3, has a "e"');
  });
});

describe('whatever comes', () => {
  test('one letter changed in a point is a point off its curve', () => {
    fc.assert(
      fc.property(fc.constantFrom('x', 'y'), fc.nat(), fc.nat(), (member, place, by) => {
        expect(parseValue({ ...ec, [member]: changeLetter(ec[member], place, by) })).toBe('bad-key');
      }),
    );
  });

  test('a member of any value is read or refused, and what is read is what was written', () => {
    const samples: Choice[] = [
      { alg: 'ES256', use: 'sig', crv: 'P-256' },
      { alg: 'EdDSA', use: 'sig', crv: 'Ed25519' },
    ];
    const values = fc.oneof(
      fc.jsonValue(),
      fc.constantFrom(ec.x, okp.x, rsa.n, 'AQAB', 'P-256', 'X25519', 'RSA', 'oct'),
      fc.uint8Array({ maxLength: 70 }).map((bytes) => Buffer.from(bytes).toString('base64url')),
    );
    const members = fc.constantFrom('kty', 'crv', 'x', 'y', 'n', 'e', 'k', 'd', 'pub', 'keys');
    return fc.assert(
      fc.asyncProperty(fc.constantFrom(...samples), members, values, async (choice, member, value) => {
        const changed: Record<string, unknown> = { ...(await keyFor(choice)), [member]: value };
        const parsed = parseValue(changed);
        if (typeof parsed === 'string') expect(parsed).toBe('bad-key');
        else for (const { jwk } of parsed) expect(changed).toMatchObject(jwk as Partial<PrivateJwk>);
      }),
      { numRuns: 300 },
    );
  });

  test('any JSON, and any text, is read or refused', () => {
    const shapes = fc.record(
      {
        kty: fc.constantFrom('RSA', 'EC', 'OKP', 'AKP', 'oct', 'other'),
        crv: fc.constantFrom('P-256', 'Ed25519', 'X448'),
        n: fc.base64String(),
        e: fc.base64String(),
        x: fc.base64String(),
        y: fc.jsonValue(),
        k: fc.jsonValue(),
      },
      { requiredKeys: [] },
    );
    const texts = fc.oneof(
      fc.string(),
      fc.json(),
      fc.array(shapes).map((keys) => JSON.stringify({ keys })),
    );
    fc.assert(
      fc.property(texts, (text) => {
        const parsed = parse(text);
        if (typeof parsed === 'string') expect(parsed).toBe('bad-key');
      }),
      { numRuns: 300 },
    );
  });
});

test.each([
  ['ML-DSA-44', 1312],
  ['ML-DSA-65', 1952],
  ['ML-DSA-87', 2592],
])(
  '%s: a public key has %i octets, whether or not this Node makes one (FIPS 204, table 2)',
  (alg, octets) => {
    const parse = (size: number, named: string | undefined) =>
      parsePublicKeys(
        JSON.stringify({ kty: 'AKP', alg: named, pub: Buffer.alloc(size, 1).toString('base64url') }),
        'key',
      );
    expect(parse(octets, alg)).toMatchObject([{ jwk: { kty: 'AKP', alg } }]);
    for (const size of [octets - 1, octets + 1])
      expect(() => parse(size, alg)).toThrow('key has an "alg" and a "pub" that do not fit');
    expect(() => parse(octets, 'ES256')).toThrow('do not fit');
    expect(() => parse(octets, undefined)).toThrow('key has no "alg"');
  },
);
