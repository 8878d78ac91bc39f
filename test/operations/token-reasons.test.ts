// RFC 7519 section 4.1 and RFC 8725 section 3: what is wrong with the claims and the type of a token.
import { expect, test } from 'vitest';
import { checkClaims, type Expected } from '../../src/operations/token-reasons.ts';
import { noon } from '../support/keystore.ts';

const skew = 300;

function check(claims: object, expected: Expected = {}, typ?: string): string[] {
  const reasons = checkClaims(claims as Record<string, unknown>, typ, expected, { now: noon, skew });
  return reasons.map(({ code, message }) => `${code}: ${message}`);
}

const codesOf = (...given: Parameters<typeof check>) =>
  check(...given).map((reason) => reason.replace(/:.*/, ''));

test.each([
  [{}, []],
  [{ exp: noon - skew + 1, nbf: noon + skew }, []],
  [{ exp: noon - skew }, ['expired']],
  [{ nbf: noon + skew + 1 }, ['not-yet-valid']],
  [{ exp: 0 }, ['expired']],
  [{ exp: -1 }, ['bad-claim']],
  [{ exp: String(noon + 60), nbf: null, iat: true }, ['bad-claim', 'bad-claim', 'bad-claim']],
  [{ iat: noon + 3_600 }, []],
])('times: %j', (claims, codes) => {
  expect(codesOf(claims)).toEqual(codes);
});

test('times in words, with the date where a calendar has it', () => {
  expect(check({ exp: noon - 3_600, nbf: noon + 7_200 })).toEqual([
    'expired: it expired 1 h ago (2026-02-01T11:00:00Z)',
    'not-yet-valid: it is good only in 2 h (2026-02-01T14:00:00Z)',
  ]);
  expect(check({ nbf: 1e15 })[0]).not.toContain('(');
});

test.each([
  ['api', ['api'], []],
  [['web', 'api'], ['api', 'admin'], []],
  ['web', ['api'], ['wrong-audience']],
  [undefined, ['api'], ['wrong-audience']],
  [[], ['api'], ['wrong-audience']],
  ['web', undefined, []],
  [7, undefined, ['bad-claim']],
  [['api', 7], ['api'], ['bad-claim']],
])('the audience %j for %j', (aud, expected, codes) => {
  expect(codesOf({ aud }, { aud: expected })).toEqual(codes);
});

test.each([
  ['me', 'me', []],
  ['you', 'me', ['wrong-issuer']],
  [undefined, 'me', ['wrong-issuer']],
  ['you', undefined, []],
  [7, undefined, ['bad-claim']],
])('the issuer %j for %j', (iss, expected, codes) => {
  expect(codesOf({ iss }, { iss: expected })).toEqual(codes);
});

test.each([
  ['at+jwt', 'at+jwt', []],
  ['application/AT+JWT', 'at+jwt', []],
  ['at+jwt', 'application/at+jwt', []],
  ['text/at+jwt', 'at+jwt', ['wrong-type']],
  ['JWT', 'at+jwt', ['wrong-type']],
  [undefined, 'at+jwt', ['wrong-type']],
  ['JWT', undefined, []],
])('the type %j for %j', (typ, expected, codes) => {
  expect(codesOf({}, { typ: expected }, typ)).toEqual(codes);
});

test('what a token says is quoted no longer than a line has room for', () => {
  const [long, longer] = ['x'.repeat(10_000), 'y'.repeat(10_000)];
  const claims = { aud: Array.from({ length: 100 }, () => long), iss: long };
  const reasons = check(claims, { aud: [longer], iss: longer, typ: longer }, long);
  expect(reasons).toHaveLength(3);
  for (const reason of reasons) expect(reason.length).toBeLessThan(700);
});
