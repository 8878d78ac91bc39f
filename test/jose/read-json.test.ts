// Keys in JSON: every shape is read in its order, what only the writing got wrong is mended, and all else is refused.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { selectKeyShape } from '../../src/jose/algorithms.ts';
import { generateKey } from '../../src/jose/generate.ts';
import { readVector } from '../support/vectors.ts';
import { prove, read, refusalOf } from './read-support.ts';

const ec = JSON.parse(readVector('rfc7515-a.3.json')).key;
const okp = JSON.parse(readVector('rfc8037-a.json')).key;
const rsa = await make('RS256');
const oct = { kty: 'oct', k: Buffer.alloc(32, 7).toString('base64url') };
const bytesOf = (text: string) => Buffer.from(text, 'base64url');
const zeros = (text: string, count = 1) =>
  Buffer.concat([Buffer.alloc(count), bytesOf(text)]).toString('base64url');

/** A key that begins with a zero octet, which some programs leave out. */
const short = await findShort();

async function findShort(): Promise<Record<string, string>> {
  for (;;) {
    const made = await make('ES256');
    if (bytesOf(made['x'] ?? '')[0] === 0) return made;
  }
}

async function make(alg: string): Promise<Record<string, string>> {
  const bits = alg === 'RS256' ? 2048 : undefined;
  const {
    kid: _kid,
    alg: _alg,
    use: _use,
    ...members
  } = await generateKey(selectKeyShape({ alg, bits }), { scheme: 'uuid' });
  return members as unknown as Record<string, string>;
}

describe('shapes', () => {
  test.each<[string, unknown, number]>([
    ['a key', ec, 1],
    ['a set', { keys: [ec, okp] }, 2],
    ["Ory's set", { set: 'a', keys: [{ ...ec, set: 'a' }, okp] }, 2],
    ["Ory's bare key", { ...ec, set: 'a' }, 1],
    ['an array', [okp, ec, rsa], 3],
  ])('%s', async (_, value, count) => {
    const text = JSON.stringify(value, null, 2);
    for (const written of [text, text.replaceAll('\n', '\r\n'), `\ufeff${text}\n`]) {
      expect(await read(written)).toHaveLength(count);
    }
  });

  test('the order, the names and the place of each', async () => {
    const keys = [
      { ...ec, kid: 'b', alg: 'ES256', use: 'sig', key_ops: ['sign'] },
      { kty: 'OKP', crv: 'Ed25519', x: okp.x, kid: 'a' },
    ];
    const found = await read({ keys });
    expect(
      found.map(({ where, kid, alg, use, keyOps, isPrivate, repairs }) => [
        where,
        kid,
        alg,
        use,
        keyOps,
        isPrivate,
        repairs,
      ]),
    ).toEqual([
      ['keys, key 1', 'b', 'ES256', 'sig', ['sign'], true, []],
      ['keys, key 2', 'a', undefined, undefined, undefined, false, []],
    ]);
    expect(found[0]?.jwk).toEqual({ kty: 'EC', crv: 'P-256', x: ec.x, y: ec.y, d: ec.d });
  });
});

describe('what is mended', () => {
  const standard = (text: string) => text.replaceAll('-', '+').replaceAll('_', '/');
  test.each<[string, Record<string, unknown>, Record<string, unknown>, string[]]>([
    [
      'a short coordinate',
      {
        ...short,
        x: bytesOf(short['x'] ?? '')
          .subarray(1)
          .toString('base64url'),
      },
      short,
      ['"x" was shorter than its curve'],
    ],
    ['a long coordinate', { ...ec, y: zeros(ec.y) }, ec, ['"y" was longer than its curve']],
    ['a long private value', { ...ec, d: zeros(ec.d) }, ec, ['"d" was longer than its curve']],
    ['padding', { ...okp, x: `${okp.x}=` }, okp, ['"x" had padding']],
    ['standard base64', { ...rsa, n: standard(rsa['n'] ?? '') }, rsa, ['"n" was in standard base64']],
    [
      'zero octets in front',
      { ...rsa, n: zeros(rsa['n'] ?? ''), e: zeros(rsa['e'] ?? '', 3) },
      rsa,
      ['"n" began with a zero octet', '"e" began with a zero octet'],
    ],
    [
      'no CRT members',
      { ...rsa, dp: undefined, dq: undefined, qi: undefined },
      rsa,
      ['"dp", "dq", "qi" was computed'],
    ],
  ])('%s', async (_, written, sound, repairs) => {
    const [key] = await prove(written);
    const [expected] = await prove(sound);
    expect(key?.jwk).toEqual(expected?.jwk);
    expect(key?.repairs).toEqual(repairs);
  });

  test('an RSA key without its primes', async () => {
    const [key] = await prove({ kty: 'RSA', n: rsa['n'], e: rsa['e'], d: rsa['d'] });
    const primes = [key?.jwk['p'], key?.jwk['q']];
    expect(primes.sort()).toEqual([rsa['p'], rsa['q']].sort());
  });
});

describe('what is refused, with the name of the member', () => {
  const two = JSON.stringify(ec);
  test.each<[string, string | object, RegExp]>([
    ['nothing', '', /it is empty$/],
    ['half a document', two.slice(0, 60), /not one value in JSON$/],
    ['two documents', `${two}${two}`, /not one value in JSON$/],
    ['garbage behind it', `${two} x`, /not one value in JSON$/],
    ['a member twice', two.replace('{', '{"kty":"EC",'), /a member twice, at character \d+$/],
    ['a member twice, written differently', two.replace('{', '{"\\u006bty":"EC",'), /a member twice/],
    ['deep nesting', `${'['.repeat(100_000)}${']'.repeat(100_000)}`, /nested too deeply$/],
    ['deep nesting in a member', `{"keys":${'['.repeat(30)}${']'.repeat(30)}}`, /nested too deeply$/],
    ['UTF-16', Buffer.from(`\ufeff${two}`, 'utf16le'), /UTF-16/],
    ['no UTF-8', Buffer.concat([Buffer.from(two), Buffer.from([0xff])]), /no key of a format/],
    ['a prototype', '{"__proto__":{"kty":"oct","k":"AAAA"}}', /"kty" is none that is supported$/],
    ['no keys', { keys: [] }, /it holds no key$/],
    ['null in a set', { keys: [ec, null] }, /^bad-key: keys, key 2: it is no JSON object$/],
    ['a set in a set', { keys: [{ keys: [ec] }] }, /key 1: its "kty"/],
    [
      'one kid twice',
      {
        keys: [
          { ...ec, kid: 'a' },
          { ...okp, kid: 'a' },
        ],
      },
      /key 2: its "kid" is that of key 1$/,
    ],
    ['a kid that is a number', { ...ec, kid: 5 }, /its "kid" is no text$/],
    ['another use', { ...ec, use: 'signing' }, /its "use" is neither sig nor enc$/],
    ['an operation twice', { ...ec, key_ops: ['sign', 'sign'] }, /its "key_ops" names something twice$/],
    ['a curve of Bitcoin', { ...ec, crv: 'secp256k1' }, /its curve secp256k1 is not supported$/],
    ['a curve of another type', { ...ec, crv: 'Ed25519' }, /its "crv" is none of its key type$/],
    ['both alphabets', { ...oct, k: `${'-'.repeat(20)}${'/'.repeat(20)}` }, /its "k" is not base64url$/],
    ['bits that count for nothing', { ...okp, x: `${okp.x.slice(0, -1)}p` }, /its "x" is not base64url$/],
    ['a coordinate of another curve', { ...ec, x: `${ec.x}AAAA` }, /its "x" has not the length/],
    ['a short Ed25519 key', { ...okp, x: okp.x.slice(4) }, /its "x" has not the length/],
    ['no exponent', { kty: 'RSA', n: rsa['n'] }, /it has no "e"$/],
    ['a prime and no d', { kty: 'RSA', n: rsa['n'], e: rsa['e'], p: rsa['p'] }, /it has no "d"$/],
    ['three primes', { ...rsa, oth: [] }, /it has "oth"/],
    [
      'a huge number',
      { ...rsa, e: 'A'.repeat(40_000).concat('Q'.repeat(40_000)) },
      /its "e" is longer than 8192 bits$/,
    ],
    ['an empty secret', { kty: 'oct', k: '' }, /its "k" is empty$/],
    ['a list as a value', { ...okp, x: [okp.x] }, /its "x" is no text$/],
    ['an x5c of nothing', { ...okp, x5c: ['AAAA'] }, /certificate 1 of its "x5c" is none$/],
    ['a strange x5t#S256', { ...okp, 'x5t#S256': 'AAAA' }, /its "x5t#S256" is no SHA-256/],
  ])('%s', async (_, value, words) => {
    const refusal = await refusalOf(read(value));
    expect(refusal).toMatch(/^bad-key: keys/);
    expect(refusal).toMatch(words);
  });

  test('a file beyond 1 MiB, in no time', async () => {
    const started = performance.now();
    expect(await refusalOf(read(Buffer.alloc(10_000_000, 0x20)))).toBe(
      'bad-key: keys: it is larger than 1 MiB',
    );
    expect(performance.now() - started).toBeLessThan(1000);
  });

  test('all faults together, and no more than twenty', async () => {
    const keys = [{ ...ec, x: 5, kid: 7 }, okp, { kty: 'RSA' }, ...Array(100).fill({})];
    const refusal = await refusalOf(read({ keys }));
    for (const words of [
      'key 1: its "kid"',
      'key 1: its "x"',
      'key 3: it has no "n"',
      'key 3: it has no "e"',
    ]) {
      expect(refusal).toContain(words);
    }
    expect(refusal.split('; ')).toHaveLength(21);
    expect(refusal).toMatch(/; and perhaps more$/);
  });

  test('many RSA keys whose primes would have to be searched', async () => {
    const { n, e, d } = rsa;
    expect(await refusalOf(read({ keys: Array(5).fill({ kty: 'RSA', n, e, d }) }))).toMatch(
      /without "p" and "q"$/,
    );
  });
});

describe('whatever comes', () => {
  test('any JSON in the place of a member, and any text, is read or refused without a word of it', () => {
    const members = fc.constantFrom(
      'kty',
      'crv',
      'x',
      'y',
      'd',
      'kid',
      'alg',
      'use',
      'key_ops',
      'x5c',
      'x5t#S256',
      'oth',
      'keys',
    );
    const texts = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc
        .tuple(fc.constantFrom(ec, okp, oct, rsa), members, fc.jsonValue())
        .map(([key, member, value]) => JSON.stringify({ ...key, [member]: value })),
    );
    return fc.assert(
      fc.asyncProperty(texts, async (text) => {
        const refusal = await refusalOf(prove(text));
        expect(refusal).toMatch(/^(?:accepted|(?:bad-key|secret|unsupported): [\x20-\x7e]*)$/);
        expect(refusal).not.toMatch(/[\w+/-]{40}/);
      }),
      { numRuns: 400 },
    );
  });
});
