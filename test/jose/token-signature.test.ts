// Tokens of every algorithm: what we sign others verify, and the other way round.
import { CompactSign, compactVerify } from 'jose';
import { describe, expect, test } from 'vitest';
import { toPublicJwk } from '../../src/jose/jwk.ts';
import { toKeyObject } from '../../src/jose/private-key.ts';
import { isBad, parseToken } from '../../src/jose/token.ts';
import { isSignature, makeSign, verifyingAlgorithms } from '../../src/jose/token-signature.ts';
import { askJwcrypto, jwcrypto, type Task } from './jwcrypto.ts';
import { type Choice, choices, forJose, forNode, keyFor, otherHalf, rowsOf, titleOf } from './keys.ts';
import { joseCommand, openssl, runOn } from './programs.ts';
import { signedBy } from './tokens.ts';

const claims = '{"iss":"https://issuer.example","n":1}';
const signing = choices.filter(({ use }) => use === 'sig');
const rows = rowsOf(signing);

/** By our own verifier, with the half that others are given. */
async function isGood(choice: Choice, compact: string): Promise<boolean> {
  const token = parseToken(compact);
  if (isBad(token)) return false;
  const half = otherHalf(await keyFor(choice));
  if (!verifyingAlgorithms(half).includes(token.alg)) return false;
  return isSignature(half, token.alg, token.input, token.signature);
}

function alter(compact: string): string {
  const [header, , signature] = compact.split('.');
  return `${header}.${Buffer.from('{"iss":"https://issuer.invalid"}').toString('base64url')}.${signature}`;
}

test.each(rows)('ours: %s', async (_, choice) => {
  const token = await signedBy(await keyFor(choice), claims);
  expect(await isGood(choice, token)).toBe(true);
  expect(await isGood(choice, alter(token))).toBe(false);
  // Signatures that are shorter, longer or empty are no reason to stumble.
  for (const end of [token.slice(0, -4), `${token}AAAA`, token.replace(/[^.]+$/, 'AAAA')])
    expect(await isGood(choice, end)).toBe(false);
});

test('many at once come in the order of their texts', async () => {
  const key = await keyFor({ alg: 'ES256', use: 'sig', crv: 'P-256' });
  const sign = makeSign(key, 'ES256');
  const texts = Array.from({ length: 300 }, (_, n) => `text ${n}`);
  const signing = sign();
  for (const text of texts) signing.add(text);
  const signatures = await signing.end();
  const half = toPublicJwk(key);
  const wrong = texts.filter(
    (text, n) =>
      !isSignature(half, 'ES256', Buffer.from(text), Buffer.from(signatures[n] ?? '', 'base64url')),
  );
  expect(wrong).toEqual([]);
  expect(await sign().end()).toEqual([]);
});

// It has no Ed448.
describe('npm: jose', () => {
  test.each(rowsOf(signing.filter(({ crv }) => crv !== 'Ed448')))('%s', async (_, choice) => {
    const key = await keyFor(choice);
    const read = await compactVerify(await signedBy(key, claims), await forJose(otherHalf(key)));
    expect(Buffer.from(read.payload).toString()).toBe(claims);
    expect(read.protectedHeader).toEqual({ alg: choice.alg, typ: 'JWT', kid: 'test' });
    const theirs = new CompactSign(Buffer.from(claims)).setProtectedHeader({ alg: choice.alg });
    expect(await isGood(choice, await theirs.sign(await forJose(key)))).toBe(true);
  });
});

describe.skipIf(!joseCommand.isThere)(joseCommand.title("Debian's jose"), () => {
  test.each(rowsOf(signing.filter(({ alg }) => /^(RS|PS|ES|HS)/.test(alg))))('%s', async (_, choice) => {
    const key = await keyFor(choice);
    const token = await signedBy(key, claims);
    const files = { claims, token, key: JSON.stringify(key), other: JSON.stringify(otherHalf(key)) };
    expect(runOn(files, 'jose', 'jws', 'ver', '-i', 'token', '-k', 'other').ok).toBe(true);
    const template = JSON.stringify({ protected: { alg: choice.alg } });
    const made = runOn(files, 'jose', 'jws', 'sig', '-I', 'claims', '-k', 'key', '-s', template, '-c');
    expect(await isGood(choice, made.stdout.toString().trim())).toBe(true);
  });
});

// It has neither ML-DSA nor the names of RFC 9864.
describe.skipIf(!jwcrypto.isThere)(jwcrypto.title('jwcrypto'), () => {
  test('every algorithm that it has, both ways', async () => {
    const known = signing.filter(({ alg }) => /^(?:RS|PS|ES|HS|EdDSA)/.test(alg));
    const tasks: Task[] = [];
    for (const choice of known) {
      const key = await keyFor(choice);
      tasks.push({ what: 'verify', key: otherHalf(key), text: await signedBy(key, claims) });
      tasks.push({ what: 'sign', key, text: claims, header: { alg: choice.alg, kid: 'test' } });
    }
    const answers = askJwcrypto(tasks);
    for (const [index, choice] of known.entries()) {
      const [read, made = ''] = answers.slice(2 * index);
      expect([titleOf(choice), read]).toEqual([titleOf(choice), claims]);
      expect([titleOf(choice), await isGood(choice, made)]).toEqual([titleOf(choice), true]);
    }
  });
});

describe.skipIf(!openssl.isThere)(openssl.title('OpenSSL'), () => {
  const rsa = signing.filter(({ alg }) => /^[RP]S/.test(alg));
  test.each(rowsOf(rsa))('%s', async (_, choice) => {
    const key = await keyFor(choice);
    const [header, payload, proof = ''] = (await signedBy(key, claims)).split('.');
    const files = {
      message: `${header}.${payload}`,
      signature: Buffer.from(proof, 'base64url'),
      'public.pem': forNode(toPublicJwk(key)).export({ type: 'spki', format: 'pem' }),
      'private.pem': toKeyObject(key).export({ type: 'pkcs8', format: 'pem' }),
    };
    const pss = ['-sigopt', 'rsa_padding_mode:pss', '-sigopt', 'rsa_pss_saltlen:digest'];
    const how = ['dgst', `-sha${choice.alg.slice(2)}`, ...(choice.alg.startsWith('PS') ? pss : [])];
    const verify = ['-verify', 'public.pem', '-signature', 'signature', 'message'];
    expect(runOn(files, 'openssl', ...how, ...verify).ok).toBe(true);
    const { stdout } = runOn(files, 'openssl', ...how, '-sign', 'private.pem', 'message');
    expect(await isGood(choice, `${header}.${payload}.${stdout.toString('base64url')}`)).toBe(true);
  });
});

describe('what a key may verify', () => {
  test.each(rows)('%s: its own algorithm', async (_, choice) => {
    expect(verifyingAlgorithms(otherHalf(await keyFor(choice)))).toEqual([choice.alg]);
  });

  test('a key without one: those that fit its type, never another type', async () => {
    const without = async (choice: Choice) => {
      const { alg: _, ...rest } = otherHalf(await keyFor(choice));
      return verifyingAlgorithms(rest as ReturnType<typeof otherHalf>);
    };
    const rsa = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'];
    expect(await without({ alg: 'RS256', use: 'sig', bits: 2048 })).toEqual(rsa);
    expect(await without({ alg: 'ES384', use: 'sig', crv: 'P-384' })).toEqual(['ES384']);
    expect(await without({ alg: 'EdDSA', use: 'sig', crv: 'Ed25519' })).toEqual(['EdDSA', 'Ed25519']);
    expect(await without({ alg: 'HS256', use: 'sig', bits: 384 })).toEqual(['HS256', 'HS384']);
  });

  test('none, where it is for something else, too short, or says what it is not', async () => {
    const rsa = toPublicJwk(await keyFor({ alg: 'RS256', use: 'sig', bits: 2048 }));
    const short = { kty: 'RSA', e: 'AQAB', n: Buffer.alloc(128, 255).toString('base64url'), alg: 'RS256' };
    for (const jwk of [{ ...rsa, use: 'enc' }, { ...rsa, alg: 'HS256' }, { ...rsa, alg: 'none' }, short])
      expect(verifyingAlgorithms(toPublicJwk(jwk))).toEqual([]);
  });
});
