// What makes a key public: no private member comes through, whatever the key carries.
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { JwksError } from '../../src/errors.ts';
import {
  holdsPrivateMember,
  isKty,
  isSymmetric,
  nameJwk,
  type PrivateJwk,
  requiredMembers,
  toPrivateJwk,
  toPublicJwk,
} from '../../src/jose/jwk.ts';
import { type Choice, choices, keyFor, rowsOf } from './keys.ts';

const privateNames = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'];
const open: Readonly<Record<string, readonly string[]>> = {
  RSA: ['n', 'e'],
  EC: ['crv', 'x', 'y'],
  OKP: ['crv', 'x'],
  AKP: ['pub'],
  oct: [],
};
const shared = ['kty', 'use', 'alg', 'kid', 'x5c', 'x5t#S256'];
const secret = 'c2VjcmV0LXZhbHVl';
const sampled: Choice[] = [
  { alg: 'RS256', use: 'sig', bits: 2048 },
  { alg: 'ES512', use: 'sig', crv: 'P-521' },
  { alg: 'EdDSA', use: 'sig', crv: 'Ed448' },
  { alg: 'HS256', use: 'sig', bits: 256 },
  { alg: 'ECDH-ES', use: 'enc', crv: 'X25519' },
];

describe.each(rowsOf(choices))('%s', (_, choice) => {
  test('its public half has the public members and no others', async () => {
    const key = await keyFor(choice);
    const half = toPublicJwk(key);
    expect(Object.keys(half).sort()).toEqual(['alg', 'kid', 'kty', 'use', ...(open[key.kty] ?? [])].sort());
    expect(half).toEqual(Object.fromEntries(Object.keys(half).map((name) => [name, key[name]])));
    expect([holdsPrivateMember(half), holdsPrivateMember(key)]).toEqual([false, true]);
    expect(toPublicJwk(half)).toEqual(half);
  });
});

describe('no private member comes through', () => {
  let keys: PrivateJwk[];
  beforeAll(async () => {
    keys = await Promise.all(sampled.map(keyFor));
  });
  const names = fc.oneof(
    fc.constantFrom(...privateNames, '__proto__', 'constructor', 'key_ops', 'ext', 'iat', 'D', 'd '),
    fc.string().filter((name) => !shared.includes(name) && !Object.values(open).flat().includes(name)),
  );
  const extras = fc.array(fc.tuple(names, fc.oneof(fc.constant(secret), fc.json())), { maxLength: 12 });

  test('whatever is added to a key', () => {
    fc.assert(
      fc.property(fc.nat({ max: sampled.length - 1 }), extras, (index, more) => {
        const key = keys[index] as PrivateJwk;
        const carrying = { ...key };
        for (const [name, value] of more)
          Object.defineProperty(carrying, name, { value, enumerable: true, configurable: true });
        const half = toPublicJwk(carrying);
        expect(half).toEqual(toPublicJwk(key));
        expect(Object.getPrototypeOf(half)).toBe(Object.prototype);
        expect(Reflect.ownKeys(half).filter((name) => privateNames.includes(String(name)))).toEqual([]);
        expect(JSON.stringify(half)).not.toContain(secret);
        expect(holdsPrivateMember(half)).toBe(false);
      }),
    );
  });

  test('private members of every other type of key either', () => {
    for (const key of keys) {
      const mixed = { ...Object.fromEntries(privateNames.map((name) => [name, secret])), ...key };
      expect(toPublicJwk(mixed)).toEqual(toPublicJwk(key));
    }
  });

  test('not by way of JSON with a "__proto__", nor from a prototype', () => {
    const json = '{"kty":"OKP","crv":"Ed25519","x":"AA","__proto__":{"d":"AA"},"oth":[{"d":"AA"}],"k":"AA"}';
    expect(toPublicJwk(JSON.parse(json))).toEqual({ kty: 'OKP', crv: 'Ed25519', x: 'AA' });
    const inheriting = Object.create({ x: 'AA', kid: 'inherited' }, { kty: { value: 'OKP' } });
    expect(Object.keys(toPublicJwk(inheriting))).toEqual(['kty']);
  });
});

test('certificates are public, and stay', () => {
  const key = {
    kty: 'OKP',
    crv: 'Ed25519',
    x: 'AA',
    d: 'AA',
    x5c: ['MIIB'],
    'x5t#S256': 'AA',
    x5u: 'https://a',
  };
  expect(toPublicJwk(key)).toEqual({ kty: 'OKP', crv: 'Ed25519', x: 'AA', x5c: ['MIIB'], 'x5t#S256': 'AA' });
});

test.each([{}, { kty: 'rsa' }, { kty: 5 }, { kty: '__proto__' }, { kty: 'toString' }, { kty: ['RSA'] }, []])(
  '%j is no key of a type that is supported',
  (value) => {
    const isBadKey = (error: unknown) => error instanceof JwksError && error.code === 'bad-key';
    expect(isKty(Reflect.get(value, 'kty'))).toBe(false);
    for (const convert of [toPublicJwk, toPrivateJwk])
      expect(() => convert(value)).toThrowError(expect.toSatisfy(isBadKey));
  },
);

describe('a private key', () => {
  test('is refused where any of its members is missing or no text', async () => {
    for (const choice of sampled) {
      const key = await keyFor(choice);
      for (const name of [...(open[key.kty] ?? []), ...privateNames].filter((member) => member in key)) {
        const { [name]: _, ...rest } = key;
        expect(() => toPrivateJwk(rest)).toThrowError(`"${name}"`);
        expect(() => toPrivateJwk({ ...rest, [name]: 5 })).toThrowError(`"${name}"`);
      }
    }
  });

  test('is the same key under other names, and loses what no key of its type has', async () => {
    for (const choice of sampled) {
      const key = await keyFor(choice);
      const names = { kid: 'renamed', alg: 'other', use: 'sig' };
      expect(nameJwk({ ...key, ext: true } as PrivateJwk, names)).toEqual({ ...key, ...names });
      expect(toPrivateJwk(key)).toEqual(key);
      expect(isSymmetric(key)).toBe(choice.alg === 'HS256');
    }
  });
});

describe('the last look before something is printed', () => {
  test.each([
    [{ kty: 'oct', k: 'AA' }],
    [{ kty: 'EC', d: '' }],
    [{ kty: 'unknown', priv: null }],
    [
      {
        keys: [
          { kty: 'RSA', n: 'AA', e: 'AQAB' },
          { kty: 'RSA', qi: 'AA' },
        ],
      },
    ],
    [{ sets: [{ keys: [{ jwk: { kty: 'AKP', priv: 'AA' } }] }] }],
    [[[{ kty: 'OKP', d: 'AA' }]]],
  ])('finds a private member in %j', (value) => {
    expect(holdsPrivateMember(value)).toBe(true);
  });

  test.each([
    [null],
    ['d'],
    [{ kty: 'RSA', n: 'AA', e: 'AQAB', kid: 'd' }],
    [{ keys: [] }],
    [{ d: 'a member of something that is no key' }],
    [{ kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA', x5c: ['d', 'k'] }],
  ])('finds none in %j', (value) => {
    expect(holdsPrivateMember(value)).toBe(false);
  });
});

test.each([
  ['RSA', ['e', 'kty', 'n']],
  ['EC', ['crv', 'kty', 'x', 'y']],
  ['OKP', ['crv', 'kty', 'x']],
  ['AKP', ['alg', 'kty', 'pub']],
  ['oct', ['k', 'kty']],
] as const)('a thumbprint of %s is over %j', (kty, members) => {
  expect(requiredMembers(kty)).toEqual(members);
});
