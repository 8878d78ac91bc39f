// Which key a token is judged by, where several could have signed it.
import { expect, test } from 'vitest';
import { selectKeyShape } from '../../src/jose/algorithms.ts';
import { generateKey } from '../../src/jose/generate.ts';
import { toPublicJwk } from '../../src/jose/jwk.ts';
import { toInstant } from '../../src/lifecycle/time.ts';
import type { TokenKey } from '../../src/operations/token-keys.ts';
import type { Reason } from '../../src/operations/token-reasons.ts';
import { verifyToken } from '../../src/operations/verify-token.ts';
import { signedBy } from '../jose/tokens.ts';
import { noon } from '../support/keystore.ts';

const make = (kid: string) => generateKey(selectKeyShape({ alg: 'ES256' }), { kid });
const [signer, other] = await Promise.all([make('k'), make('k')]);
const claims = JSON.stringify({ sub: 'alice', exp: noon + 60 });
const token = await signedBy(signer, claims);
const unnamed = await signedBy(signer, claims, { kid: undefined });

const revoked: Reason = { code: 'revoked', message: 'key "k" was revoked' };
const retired: Reason = { code: 'retired', message: 'key "k" was retired' };

function keyOf(jwk: typeof signer, more: Partial<TokenKey> = {}): TokenKey {
  const half = async () => toPublicJwk(jwk);
  return { name: 'key "k"', kid: jwk.kid, algs: ['ES256'], obstacle: undefined, half, ...more };
}

const destroyed = { half: async () => undefined };
const mismatched = { algs: ['RS256'] };

async function verify(keys: readonly TokenKey[], more: { token?: string; alg?: readonly string[] } = {}) {
  const place = { name: 'here', wantsKid: false, keys: async () => keys };
  const { ok, reasons, key } = await verifyToken(noon, place, { token, ...more });
  return { ok, reasons: reasons.map(({ code, message }) => `${code}: ${message}`), kid: key?.kid };
}

const codesOf = async (...given: Parameters<typeof verify>) =>
  (await verify(...given)).reasons.map((reason) => reason.replace(/:.*/, ''));

test('of several keys with its kid any that signed it and may makes it good', async () => {
  const good = { ok: true, reasons: [], kid: 'k' };
  expect(await verify([keyOf(signer)])).toEqual(good);
  expect(await verify([keyOf(other), keyOf(signer, { obstacle: revoked }), keyOf(signer)])).toEqual(good);
});

test('else the one that signed it tells why not, and not one that only has its name', async () => {
  const revokedSigner = keyOf(signer, { obstacle: revoked });
  const others = [
    keyOf(other),
    keyOf(other, mismatched),
    keyOf(other, { ...destroyed, obstacle: retired }),
    keyOf(other, { obstacle: retired }),
  ];
  for (const key of others) expect(await codesOf([key, revokedSigner])).toEqual(['revoked']);
  expect(await codesOf(others.slice(0, 1))).toEqual(['bad-signature']);
  expect(await codesOf(others.slice(3))).toEqual(['retired', 'bad-signature']);
});

test('a key whose half is destroyed proves nothing, whether or not it is known why', async () => {
  expect(await verify([keyOf(signer, destroyed)])).toMatchObject({
    ok: false,
    reasons: ['unknown-kid: key "k" is not kept here'],
  });
  expect(await codesOf([keyOf(signer, { ...destroyed, obstacle: retired })])).toEqual(['retired']);
});

test('a key for another algorithm, and one for none', async () => {
  const says = 'and it says that it is signed by "ES256"';
  expect((await verify([keyOf(signer, mismatched)])).reasons).toEqual([
    `wrong-alg: key "k" is for RS256, ${says}`,
  ]);
  expect((await verify([keyOf(signer, { algs: [] })])).reasons).toEqual([
    `wrong-alg: key "k" does not verify tokens, ${says}`,
  ]);
  const obstacle: Reason = { code: 'wrong-use', message: 'key "k" is for encryption' };
  expect(await codesOf([keyOf(signer, { algs: [], obstacle })])).toEqual(['wrong-use']);
});

test('an algorithm that was not asked for is no matter of the key, which is named where the token does', async () => {
  const asked = { alg: ['RS256', 'PS256'] };
  const reasons = ['wrong-alg: it says that it is signed by "ES256", and RS256 or PS256 was asked for'];
  expect(await verify([keyOf(signer)], asked)).toEqual({ ok: false, reasons, kid: 'k' });
  expect(await verify([keyOf(signer)], { ...asked, token: unnamed })).toEqual({
    ...{ ok: false, reasons, kid: undefined },
  });
});

test('a token without kid is tried with every key that fits, and told of none where none signed it', async () => {
  const spare = { ...other, kid: 'spare' };
  expect(await verify([keyOf(spare), keyOf(signer)], { token: unnamed })).toMatchObject({
    ok: true,
    kid: 'k',
  });
  expect(await verify([keyOf(spare)], { token: unnamed })).toEqual({
    ok: false,
    reasons: ['bad-signature: its signature is by no key here that fits'],
    kid: undefined,
  });
  expect(await codesOf([keyOf(signer, mismatched)], { token: unnamed })).toEqual(['wrong-alg']);
  expect(await verify([])).toMatchObject({ reasons: ['unknown-kid: there is no key "k" here'], kid: 'k' });
});

test('a place with keys of anybody is not tried without a kid', async () => {
  const place = { name: 'in any set', wantsKid: true, keys: () => expect.unreachable() };
  const { reasons } = await verifyToken(toInstant(noon), place, { token: unnamed });
  expect(reasons.map(({ code }) => code)).toEqual(['no-kid']);
});
