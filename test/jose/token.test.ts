// Tokens as text: what is read, and what is refused before any key is asked.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { toPrivateJwk, toPublicJwk } from '../../src/jose/jwk.ts';
import { isBad, mostTokenBytes, parseToken, type Token } from '../../src/jose/token.ts';
import { compactJson, readClaims, readObject } from '../../src/jose/token-json.ts';
import { isSignature, verifyingAlgorithms } from '../../src/jose/token-signature.ts';
import { hasCollections, readCollected, readVector, withCollections } from '../support/vectors.ts';
import { forged, part } from './tokens.ts';

function parsed(compact: string): Token {
  const token = parseToken(compact);
  if (isBad(token)) throw new Error(token.message);
  return token;
}

function faultIn(compact: string): string {
  const token = parseToken(compact);
  return isBad(token) ? `${token.fault}: it ${token.message}` : 'none';
}

const good = { alg: 'ES256', kid: 'k' };

test('the parts of a token', () => {
  const token = parsed(
    forged({ ...good, typ: 'at+jwt' }, '{ "sub" : "a b",\r\n "n": 12345678901234567890 }'),
  );
  expect(token).toMatchObject({ alg: 'ES256', kid: 'k', typ: 'at+jwt' });
  expect(token.claimsText).toBe('{"sub":"a b","n":12345678901234567890}');
  expect(token.signature).toEqual(Buffer.alloc(3));
});

test('keys and addresses of keys in a header are not looked at', () => {
  const header = { ...good, jwk: { kty: 'oct', k: 'AA' }, jku: 'https://evil.example', x5u: 'x', x5c: ['x'] };
  const { alg, kid, typ } = parsed(forged(header));
  expect({ alg, kid, typ }).toEqual({ alg: 'ES256', kid: 'k', typ: undefined });
});

const deep = `${'['.repeat(40)}${']'.repeat(40)}`;
test.each([
  ['empty', '', 'malformed: it is no JWT'],
  ['two parts', 'a.b', 'malformed: it is no JWT'],
  ['four parts', 'a.b.c.d', 'malformed: it is no JWT'],
  ['a dot behind it', `${forged(good)}.`, 'malformed: it is no JWT'],
  ['an encrypted one', 'a.b.c.d.e', 'encrypted'],
  ['JSON', '{"payload":"","signatures":[]}', 'malformed: it is no JWT'],
  ['too long', forged(good, { a: 'x'.repeat(mostTokenBytes) }), 'too-large: it is longer than 64 KiB'],
  ['padding', `${part(good)}=.e30.AAAA`, 'malformed: it has a header that is not base64url'],
  ['standard base64', `${part(good)}.e3+/.AAAA`, 'malformed: it has a payload that is not base64url'],
  [
    'bits that count for nothing',
    `${part(good)}.e30.AAB`,
    'malformed: it has a signature that is not base64url',
  ],
  ['spaces within', `${part(good)}. e30.AAAA`, 'malformed: it holds white space'],
  [
    'no UTF-8',
    `${part(good)}.${Buffer.from([123, 255, 125]).toString('base64url')}.AAAA`,
    'malformed: it has a payload that is not UTF-8',
  ],
  ['a byte order mark', forged(good, '\ufeff{}'), 'malformed: it has a payload that is no JSON object'],
  ['a header that is a list', forged([good]), 'malformed: it has a header that is no JSON object'],
  ['claims that are text', forged(good, '"x"'), 'malformed: it has a payload that is no JSON object'],
  [
    'a token in a token',
    forged({ ...good, cty: 'JWT' }, forged(good)),
    'malformed: it has a payload that is no JSON object',
  ],
  ['garbage behind', forged(good, '{}{}'), 'malformed: it has a payload that is no JSON object'],
  ['an unencoded payload', `${part(good)}.{"a":1}.AAAA`, 'malformed: it has a payload that is not base64url'],
  ['no alg', forged({ kid: 'k' }), 'malformed: it has a header without "alg"'],
  ['alg that is a list', forged({ alg: ['ES256'] }), 'malformed: it has a header without "alg"'],
  [
    'kid that is an object',
    forged({ ...good, kid: {} }),
    'malformed: it has a "kid" or "typ" that is no text',
  ],
  [
    'a header member twice',
    forged('{"alg":"ES256","alg":"none"}'),
    'malformed: it has a header that has a member twice',
  ],
  [
    'the same, escaped',
    forged('{"alg":"ES256","\\u0061lg":"none"}'),
    'malformed: it has a header that has a member twice',
  ],
  [
    'a claim twice',
    forged(good, '{"a":{"sub":"x"},"sub":"a","sub":"b"}'),
    'malformed: it has a payload that has a member twice',
  ],
  [
    'depth',
    forged(good, `{"a":${deep}}`),
    'malformed: it has a payload that is nested more than 32 levels deep',
  ],
  ['alg none', forged({ alg: 'none' }, {}, ''), 'unsecured: it has no signature (its "alg" is none)'],
  ['alg nOnE with a signature', forged({ alg: 'nOnE' }), 'unsecured'],
  ['no signature', forged(good, {}, ''), 'unsecured: it has no signature'],
  [
    'crit',
    forged({ ...good, crit: ['exp'], exp: 1 }),
    'critical-header: it wants an extension that is not supported ("crit"',
  ],
  ['crit that is empty', forged({ ...good, crit: [] }), 'critical-header'],
  ['b64 in crit', forged({ ...good, crit: ['b64'], b64: true }), 'critical-header'],
  [
    'b64 alone',
    forged({ ...good, b64: false }),
    'critical-header: it wants an extension that is not supported ("b64"',
  ],
])('refused: %s', (_, compact, expected) => {
  expect(faultIn(compact)).toContain(expected);
});

test('whatever comes in, it is read or refused', () => {
  const value = fc.oneof(fc.string(), fc.json(), fc.constant(part(good)), fc.constant('{}'));
  const text = fc.array(fc.oneof(value, value.map(part)), { maxLength: 6 }).map((parts) => parts.join('.'));
  fc.assert(
    fc.property(text, (compact) => {
      const token = parseToken(compact);
      return isBad(token) ? /^\w/.test(token.message) : typeof token.claims === 'object';
    }),
    { numRuns: 2_000 },
  );
});

describe('JSON', () => {
  test('what JSON.stringify writes is read in either way', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 4 })), (value) => {
        const text = JSON.stringify(value);
        expect(readObject(text)).toEqual(JSON.parse(text));
        expect(readClaims(text)).toEqual({ value: JSON.parse(text), text });
        expect(compactJson(JSON.stringify(value, undefined, 2))).toBe(text);
      }),
    );
  });

  test('__proto__ is a member like others', () => {
    const read = readObject('{"__proto__":{"admin":true}}');
    expect(Object.keys(read)).toEqual(['__proto__']);
    expect(Reflect.get(read as object, 'admin')).toBeUndefined();
    expect(readObject('{"__proto__":1,"__proto__":2}')).toBe('has a member twice');
  });

  test('the same name on two levels is no repetition', () => {
    expect(readClaims('{"a":{"a":[{"a":1},{"a":2}]},"b":["a","a"] }')).toMatchObject({
      text: '{"a":{"a":[{"a":1},{"a":2}]},"b":["a","a"]}',
    });
    expect(readClaims('{"a":1, "a":2}')).toBe('has a member twice');
  });

  test.each(['"text"', '7', 'null', 'true', '[]', '[{}]', '', '{'])(
    'claims are an object, and not %j',
    (text) => {
      expect(readClaims(text)).toBe('is no JSON object');
      expect(readObject(text)).toBe('is no JSON object');
    },
  );

  test.each<[string, (level: number) => string]>([
    ['lists', () => '['],
    ['objects', () => '{"a":'],
    ['both in turn', (level) => (level % 2 === 0 ? '[' : '{"a":')],
  ])('thirty-two levels of %s are read, and no more', (_, opening) => {
    const nested = (levels: number) => {
      const opened = ['{"a":', ...Array.from({ length: levels - 1 }, (_, level) => opening(level))];
      const closed = opened.toReversed().map((text) => (text === '[' ? ']' : '}'));
      return `${opened.join('')}1${closed.join('')}`;
    };
    for (const read of [readClaims, readObject]) {
      expect(read(nested(32))).not.toBeTypeOf('string');
      expect(read(nested(33))).toBe('is nested more than 32 levels deep');
    }
  });
});

test('a token of 64 KiB is read, and none that is longer by a letter', () => {
  // The letters of whole octets only are base64url.
  const paddings = ['', 'x', 'xx', 'xxx'].map((a) => forged(good, { a }, ''));
  const unsigned = paddings.find((text) => (mostTokenBytes - text.length) % 4 === 0) ?? '';
  const longest = unsigned + 'A'.repeat(mostTokenBytes - unsigned.length);
  expect(longest).toHaveLength(mostTokenBytes);
  expect(parseToken(longest)).toMatchObject({ alg: good.alg });
  expect(parseToken(`${longest}A`)).toMatchObject({ fault: 'too-large' });
});

test('RFC 7515 appendix A.3: ES256', () => {
  const { key, jws } = JSON.parse(readVector('rfc7515-a.3.json'));
  const { alg, input, signature, claims } = parsed(jws);
  const jwk = toPublicJwk(key);
  expect(verifyingAlgorithms(jwk)).toEqual([alg]);
  expect(isSignature(jwk, alg, input, signature)).toBe(true);
  expect(claims).toEqual({ iss: 'joe', exp: 1_300_819_380, 'http://example.com/is_root': true });
});

describe.skipIf(!hasCollections)(withCollections('collected vectors'), () => {
  test.each(['A.1', 'A.2'])('RFC 7515 appendix %s', (name) => {
    const key = JSON.parse(readCollected(`rfc/rfc7515_${name}.jwk`));
    const jwk = 'k' in key ? toPrivateJwk(key) : toPublicJwk(key);
    const { alg, input, signature } = parsed(readCollected(`rfc/rfc7515_${name}.jwsc`));
    expect(verifyingAlgorithms(jwk)).toContain(alg);
    expect(isSignature(jwk, alg, input, signature)).toBe(true);
    input[0] = 0;
    expect(isSignature(jwk, alg, input, signature)).toBe(false);
  });

  test('RFC 7515 appendices A.4 and A.5: no claims, and no signature', () => {
    expect(faultIn(readCollected('rfc/rfc7515_A.4.jwsc'))).toContain('a payload that is no JSON object');
    expect(faultIn(readCollected('rfc/rfc7515_A.5.jwsc'))).toContain('unsecured');
  });

  test.each([
    '4_1.rsa_v15_signature',
    '4_2.rsa-pss_signature',
    '4_3.ecdsa_signature',
    '4_4.hmac-sha2_integrity_protection',
  ])('RFC 7520 section %s', (name) => {
    const { input, output } = JSON.parse(readCollected(`cookbook/jws/${name}.json`));
    const jwk = input.alg.startsWith('HS') ? toPrivateJwk(input.key) : toPublicJwk(input.key);
    const [header, payload, proof] = output.compact.split('.');
    const signature = Buffer.from(proof, 'base64url');
    expect(isSignature(jwk, input.alg, Buffer.from(`${header}.${payload}`), signature)).toBe(true);
  });
});
