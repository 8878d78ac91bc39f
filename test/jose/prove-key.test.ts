// Proof of foreign keys: pairs that node:crypto or jose accept and that are none, weak keys, keys at odds with their names.
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { selectKeyShape } from '../../src/jose/algorithms.ts';
import { encodeBase64url } from '../../src/jose/base64url.ts';
import { generateKey } from '../../src/jose/generate.ts';
import { holdsPrivateMember } from '../../src/jose/jwk.ts';
import { fromNumber, inverse, toNumber } from '../../src/jose/numbers.ts';
import {
  hasCollections,
  listCollected,
  readCollected,
  readVector,
  withCollections,
} from '../support/vectors.ts';
import { canMakeMldsa, choices, keyFor, otherHalf, rowsOf } from './keys.ts';
import { changeLetter } from './letters.ts';
import { prove, refusalOf } from './read-support.ts';

type Members = Record<string, string>;
const bare = async (choice: Parameters<typeof keyFor>[0]): Promise<Members> => {
  const { kid: _kid, alg: _alg, use: _use, ...members } = await keyFor(choice);
  return members as unknown as Members;
};

let rsa: Members;
let ec: Members;
let other: Members;
let ed: Members;
let x: Members;
const ecOther: Members = JSON.parse(readVector('rfc7515-a.3.json')).key;
beforeAll(async () => {
  rsa = await bare({ alg: 'RS256', use: 'sig', bits: 2048 });
  const made = await generateKey(selectKeyShape({ alg: 'RS256', bits: 2048 }), { scheme: 'uuid' });
  other = made as unknown as Members;
  ec = await bare({ alg: 'ES256', use: 'sig', crv: 'P-256' });
  ed = await bare({ alg: 'EdDSA', use: 'sig', crv: 'Ed25519' });
  x = await bare({ alg: 'ECDH-ES', use: 'enc', crv: 'X25519' });
});

describe.each(rowsOf(choices))('%s', (_, choice) => {
  test('is proved as it is, private and public, with its names and without', async () => {
    const key = await keyFor(choice);
    const [proved] = await prove(key);
    expect(proved).toEqual({
      kid: 'test',
      alg: choice.alg,
      use: choice.use,
      where: 'keys',
      repairs: [],
      isPrivate: true,
      jwk: key,
    });
    const { alg, use, kid: _, ...members } = key;
    const asked = key.kty === 'AKP' ? { ...members, alg } : members;
    expect((await prove(asked, { alg: alg ?? '', use: use as 'sig' }))[0]?.jwk).toEqual({
      ...members,
      alg,
      use,
    });
    if (key.kty === 'oct') return;
    const [open] = await prove(otherHalf(key));
    expect([open?.isPrivate, open?.jwk]).toEqual([false, otherHalf(key)]);
    expect(holdsPrivateMember(open)).toBe(false);
  });
});

describe('pairs that are none', () => {
  test.each<[string, () => Members, RegExp]>([
    ["another's d", () => ({ ...ec, d: ecOther['d'] ?? '' }), /its "d" does not belong to its "x" and "y"$/],
    ['a d of zero', () => ({ ...ec, d: 'A'.repeat(43) }), /its "d" is no number/],
    [
      'a d beyond the order',
      () => ({ ...ec, d: encodeBase64url(Buffer.alloc(32, 255)) }),
      /its "d" is no number/,
    ],
    ['a point off its curve', () => ({ ...ec, y: ec['x'] ?? '' }), /its "x" and "y" are no point of P-256$/],
    ["another's x", () => ({ ...ed, x: x['x'] ?? '' }), /its "d" does not belong to its "x"$/],
    ["another's x of X25519", () => ({ ...x, x: ed['x'] ?? '' }), /its "d" does not belong to its "x"$/],
    ["another's n", () => ({ ...rsa, n: other['n'] ?? '' }), /its "n" is not its "p" times its "q"$/],
    ["another's d of RSA", () => ({ ...rsa, d: other['d'] ?? '' }), /its "d" does not belong/],
    ["another's dp", () => ({ ...rsa, dp: other['dp'] ?? '' }), /its "dp" does not belong/],
    ["another's dq", () => ({ ...rsa, dq: other['dq'] ?? '' }), /its "dq" does not belong/],
    ["another's qi", () => ({ ...rsa, qi: other['qi'] ?? '' }), /its "qi" does not belong/],
    [
      "another's p alone",
      () => without({ ...rsa, p: other['p'] ?? '' }, 'q', 'dp', 'dq', 'qi'),
      /its "n" is not its "p" times its "q"$/,
    ],
    [
      "another's d and no primes",
      () => without({ ...rsa, d: other['d'] ?? '' }, 'p', 'q', 'dp', 'dq', 'qi'),
      /its "d" does not belong/,
    ],
    ['another e', () => ({ ...rsa, e: 'AQAD' }), /its "d" does not belong/],
  ])('%s', async (_, key, words) => {
    expect(await refusalOf(prove(key()))).toMatch(words);
  });

  test('one letter changed in any member of a private key', () =>
    fc.assert(
      fc.asyncProperty(
        fc.constantFrom('n', 'e', 'd', 'p', 'q', 'dp', 'dq', 'qi'),
        fc.nat(),
        fc.nat(),
        async (member, place, by) => {
          expect(
            await refusalOf(prove({ ...rsa, [member]: changeLetter(rsa[member] ?? '', place, by) })),
          ).toMatch(/^bad-key: keys: /);
        },
      ),
      { numRuns: 100 },
    ));

  test('one letter changed in a public or private elliptic key', () =>
    fc.assert(
      fc.asyncProperty(
        fc.constantFrom('x', 'y', 'd'),
        fc.nat(),
        fc.nat(),
        fc.boolean(),
        async (member, place, by, isEd) => {
          const key = isEd ? ed : ec;
          const name = isEd && member === 'y' ? 'x' : member;
          expect(
            await refusalOf(prove({ ...key, [name]: changeLetter(key[name] ?? '', place, by) })),
          ).toMatch(/^bad-key: keys: /);
        },
      ),
      { numRuns: 100 },
    ));
});

describe('weak keys', () => {
  const number = (text: string | undefined) => toNumber(Buffer.from(text ?? '', 'base64url'));
  const text = (value: bigint) => encodeBase64url(fromNumber(value));
  const open = () => ({ kty: 'RSA', n: rsa['n'], e: rsa['e'] });

  test.each<[string, () => object, RegExp]>([
    ['an even modulus', () => ({ ...open(), n: text(number(rsa['n']) - 1n) }), /its "n" has a small factor$/],
    [
      'a modulus with a small factor',
      () => ({ ...open(), n: text(((number(rsa['n']) / 7n) | 1n) * 7n) }),
      /small factor|2047|2048/,
    ],
    ['an exponent of one', () => ({ ...open(), e: 'AQ' }), /its "e" is none that is safe/],
    ['an exponent of three', () => ({ ...open(), e: 'Aw' }), /its "e" is none that is safe/],
    ['an even exponent', () => ({ ...open(), e: 'AQAC' }), /its "e" is none that is safe/],
    [
      'an exponent of 257 bits',
      () => ({ ...open(), e: text(2n ** 256n + 1n) }),
      /its "e" is none that is safe/,
    ],
    ['2047 bits', () => ({ ...open(), n: text(number(rsa['n']) >> 1n) }), /an RSA key of 2047 bits/],
    ['a small d', () => small(), /its "(?:d" is too small|e" is none that is safe)/],
    [
      'Ed25519: the neutral point',
      () => ({ kty: 'OKP', crv: 'Ed25519', x: little(1n) }),
      /no point of Ed25519, or one of small order$/,
    ],
    [
      'Ed25519: a point of order eight',
      () => ({
        kty: 'OKP',
        crv: 'Ed25519',
        x: Buffer.from('c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a', 'hex').toString(
          'base64url',
        ),
      }),
      /no point of Ed25519, or one of small order$/,
    ],
    [
      'Ed25519: its negative',
      () => ({
        kty: 'OKP',
        crv: 'Ed25519',
        x: Buffer.from('26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05', 'hex').toString(
          'base64url',
        ),
      }),
      /no point of Ed25519, or one of small order$/,
    ],
    [
      'Ed25519: y beyond the prime',
      () => ({ kty: 'OKP', crv: 'Ed25519', x: little(2n ** 255n - 19n + 3n) }),
      /no point of Ed25519, or one of small order$/,
    ],
    [
      'X25519: zero',
      () => ({ kty: 'OKP', crv: 'X25519', x: little(0n) }),
      /does not work as a key for algorithm ECDH-ES$/,
    ],
  ])('%s', async (_, key, words) => {
    expect(await refusalOf(prove(key()))).toMatch(words);
  });

  const little = (value: bigint) =>
    Buffer.from(value.toString(16).padStart(64, '0'), 'hex').reverse().toString('base64url');

  /** A key whose private exponent is a small one: the public one is then as long as the modulus. */
  function small(): Members {
    const [p, q] = [number(rsa['p']), number(rsa['q'])];
    const d = 65_537n;
    const e = inverse(d, (p - 1n) * (q - 1n)) ?? 0n;
    return { ...rsa, d: text(d), e: text(e), dp: text(d % (p - 1n)), dq: text(d % (q - 1n)) };
  }
});

describe('algorithm and use', () => {
  const secret = (octets: number) => ({ kty: 'oct', k: encodeBase64url(Buffer.alloc(octets, 7)) });
  test.each<[string, () => object, Parameters<typeof prove>[1], string]>([
    ['RSA', () => rsa, {}, 'RS256 sig'],
    ['RSA for encryption', () => rsa, { use: 'enc' }, 'RSA-OAEP-256 enc'],
    ['an algorithm that is asked for', () => rsa, { alg: 'PS512' }, 'PS512 sig'],
    ["the key's own comes first", () => ({ ...rsa, alg: 'RS384' }), { alg: 'PS512' }, 'RS384 sig'],
    ['its own use', () => ({ ...rsa, use: 'enc' }), { use: 'sig' }, 'RSA-OAEP-256 enc'],
    ['its own operations', () => ({ ...ec, key_ops: ['deriveBits'] }), {}, 'ECDH-ES enc'],
    ['P-256', () => ec, {}, 'ES256 sig'],
    ['P-256 for encryption', () => ec, { use: 'enc' }, 'ECDH-ES enc'],
    ['Ed25519', () => ed, {}, 'EdDSA sig'],
    ['Ed25519 under its newer name', () => ed, { alg: 'Ed25519' }, 'Ed25519 sig'],
    ['X25519', () => x, {}, 'ECDH-ES enc'],
    ['a secret', () => secret(32), {}, 'HS256 sig'],
    ['a long secret', () => secret(100), {}, 'HS256 sig'],
    ['a secret for encryption', () => secret(16), { use: 'enc' }, 'A128KW enc'],
    ['a long one', () => secret(64), { use: 'enc' }, 'dir enc'],
    ['a signer of which only others verify', () => ({ ...ec, key_ops: ['verify'] }), {}, 'ES256 sig'],
  ])('%s', async (_, key, wanted, expected) => {
    const [proved] = await prove(key(), wanted);
    expect(`${proved?.alg} ${proved?.use}`).toBe(expected);
    expect([proved?.jwk['alg'], proved?.jwk['use']]).toEqual(expected.split(' '));
  });

  test.each<[string, () => object, Parameters<typeof prove>[1], string]>([
    [
      'of another curve',
      () => ({ ...ec, alg: 'ES384' }),
      {},
      'bad-key: keys: algorithm ES384 does not fit a key on P-256',
    ],
    [
      'of another type',
      () => rsa,
      { alg: 'ES256' },
      'bad-key: keys: algorithm ES256 does not fit an RSA key',
    ],
    [
      'for another use',
      () => ({ ...ec, alg: 'ES256', use: 'enc' }),
      {},
      'bad-key: keys: its "use" is enc, but algorithm ES256 is for sig',
    ],
    [
      'for another use than asked',
      () => ({ ...ec, alg: 'ES256' }),
      { use: 'enc' },
      'bad-key: keys: algorithm ES256 is for use sig, not enc',
    ],
    [
      'no such use',
      () => ed,
      { use: 'enc' },
      'bad-key: keys: no algorithm fits a key on Ed25519 and use enc',
    ],
    [
      'operations',
      () => ({ ...ec, use: 'sig', key_ops: ['deriveKey'] }),
      {},
      'bad-key: keys: its "key_ops" are at odds with use sig',
    ],
    ['a short secret', () => secret(31), {}, 'bad-key: keys: no algorithm fits a secret of 248 bits'],
    [
      'a short secret with a name',
      () => ({ ...secret(47), alg: 'HS384' }),
      {},
      'bad-key: keys: algorithm HS384 does not fit a secret of 376 bits',
    ],
    ['none', () => ({ ...ec, alg: 'none' }), {}, 'bad-key: keys: algorithm none is not supported'],
    ['ES256K', () => ({ ...ec, alg: 'ES256K' }), {}, 'bad-key: keys: algorithm ES256K is not supported'],
    [
      'a name that nobody knows',
      () => ({ ...ec, alg: 'c2VjcmV0' }),
      {},
      'bad-key: keys: its "alg" is none that is supported',
    ],
    ['an unknown one that is asked for', () => ec, { alg: 'ES257' }, 'usage: unknown algorithm "ES257"'],
  ])('%s is refused', async (_, key, wanted, expected) => {
    expect(await refusalOf(prove(key(), wanted))).toBe(expected);
  });

  test('the faults of several keys are told together, each with its place', async () => {
    const keys = [ec, { ...ec, alg: 'ES384' }, { ...ed, x: x['x'] }, ed];
    expect(await refusalOf(prove({ keys }))).toBe(
      'bad-key: keys, key 2: algorithm ES384 does not fit a key on P-256; keys, key 3: its "d" does not belong to its "x"',
    );
  });

  test.skipIf(canMakeMldsa)(
    `ML-DSA ${canMakeMldsa ? '(skipped: this Node has it)' : 'on a Node that has none'}`,
    async () => {
      const key = { kty: 'AKP', alg: 'ML-DSA-44', pub: encodeBase64url(Buffer.alloc(1312, 1)) };
      expect(await refusalOf(prove(key))).toMatch(
        /^unsupported: keys: Node .* cannot prove a key for ML-DSA-44$/,
      );
    },
  );
});

interface Group {
  readonly comment: string;
  readonly private: object;
  readonly public?: object;
  readonly tests: readonly { readonly comment: string; readonly result: string }[];
}

describe.skipIf(!hasCollections)(withCollections('collected vectors'), () => {
  const groupsOf = (file: string): Group[] =>
    hasCollections ? JSON.parse(readCollected(`wycheproof/${file}`)).testGroups : [];

  // A key that is for one algorithm and used with another is sound in itself, as is a set of both kinds of key.
  const sound = ['rejectsValid'];
  test.each(
    groupsOf('json_web_key_test.json').map(
      (group) => [`${group.comment}, ${group.tests[0]?.comment}`, group] as const,
    ),
  )('Wycheproof: %s', async (title, group) => {
    const isSound = group.tests[0]?.result === 'valid' || sound.some((word) => title.includes(word));
    for (const value of [group.private, group.public ?? group.private]) {
      expect(await refusalOf(prove(value))).toMatch(isSound ? /^accepted$/ : /^bad-key: keys/);
    }
  });

  test.each(['json_web_signature_test.json', 'json_web_encryption_test.json', 'json_web_crypto_test.json'])(
    'Wycheproof: every key of %s is taken or refused with a reason',
    async (file) => {
      const refusals = await Promise.all(groupsOf(file).map((group) => refusalOf(prove(group.private))));
      const refused = refusals
        .filter((refusal) => refusal !== 'accepted')
        .map((refusal) => refusal.replace(/^bad-key: keys(?:, key \d)?: /, ''));
      // ES521 is a name that RFC 7520 never used; A128GCM is an `enc`.
      const reasons =
        /^(?:algorithm (?:RSA1_5|A128GCM) is not supported|its "alg" is none that is supported|its "n" is of the kind .*)$/;
      expect(refused.filter((words) => !reasons.test(words))).toEqual([]);
      expect(refusals.length).toBeGreaterThan(refused.length);
    },
  );

  test('the examples of the RFCs', async () => {
    const files = [
      ...listCollected('rfc/', '.jwk'),
      ...listCollected('rfc/', '.jwkset'),
      ...listCollected('cookbook/jwk/', '.json'),
    ];
    const refusals = await Promise.all(
      files.map(async (file) => `${file}: ${await refusalOf(prove(readCollected(file)))}`),
    );
    expect(refusals.filter((refusal) => !refusal.endsWith(': accepted'))).toEqual([
      // The file names another one; A256GCM is an `enc`.
      'rfc/rfc7515_A.7.jwk: bad-key: keys: it is no key of a format that is read here',
      'cookbook/jwk/3_6.symmetric_key_encryption.json: bad-key: keys: algorithm A256GCM is not supported',
    ]);
    for (const file of ['ory-example.jwks.json', 'ory-example.public.jwk.json']) {
      expect(await refusalOf(prove(readCollected(file)))).toBe('accepted');
    }
  });

  test('ML-DSA', async () => {
    const files = listCollected('mldsa/', '.private.jwk.json');
    const expected = canMakeMldsa ? /^accepted$/ : /^unsupported: /;
    for (const file of files) expect(await refusalOf(prove(readCollected(file)))).toMatch(expected);
  });
});

function without(members: Members, ...names: string[]): Members {
  return Object.fromEntries(Object.entries(members).filter(([name]) => !names.includes(name)));
}
