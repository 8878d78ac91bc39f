// Our keys sign and verify in other implementations: npm's jose, node:crypto, OpenSSL, Debian's jose.
import { constants, createHmac, sign, verify } from 'node:crypto';
import { CompactSign, compactVerify } from 'jose';
import { describe, expect, test } from 'vitest';
import { decodeBase64url } from '../../src/jose/base64url.ts';
import { type PrivateJwk, toPublicJwk } from '../../src/jose/jwk.ts';
import { toKeyObject } from '../../src/jose/private-key.ts';
import { type Choice, choices, forJose, forNode, keyFor, otherHalf, rowsOf } from './keys.ts';
import { joseCommand, openssl, runOn } from './programs.ts';

const message = Buffer.from('{"iss":"https://issuer.example"}');
const altered = Buffer.from('{"iss":"https://issuer.invalid"}');

/** The signature algorithms whose names begin so, as rows of a table. */
function signing(beginning: RegExp): [string, Choice][] {
  return rowsOf(choices.filter(({ use, alg }) => use === 'sig' && beginning.test(alg)));
}

/** How node:crypto and OpenSSL are told the algorithm (RFC 7518 section 3, RFC 8037 section 3.1). */
function hashOf({ alg }: Choice): string | null {
  const size = /^(?:RS|PS|ES|HS)(\d+)$/.exec(alg)?.[1];
  return size === undefined ? null : `sha${size}`;
}

function paddingOf({ alg }: Choice): object {
  if (!alg.startsWith('PS')) return {};
  return { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
}

function signByNode(choice: Choice, key: PrivateJwk): Buffer {
  return sign(hashOf(choice), message, { key: toKeyObject(key), ...paddingOf(choice) });
}

function verifyByNode(choice: Choice, key: PrivateJwk, text: Buffer, signature: Buffer): boolean {
  return verify(hashOf(choice), text, { key: forNode(toPublicJwk(key)), ...paddingOf(choice) }, signature);
}

async function signByJose({ alg }: Choice, key: PrivateJwk): Promise<string> {
  return new CompactSign(message).setProtectedHeader({ alg }).sign(await forJose(key));
}

function alter(jws: string): string {
  const [header, , signature] = jws.split('.');
  return `${header}.${altered.toString('base64url')}.${signature}`;
}

// It has no Ed448.
describe('npm: jose', () => {
  const known = signing(/./).filter(([, { crv }]) => crv !== 'Ed448');
  test.each(known)('%s', async (_, choice) => {
    const key = await keyFor(choice);
    const jws = await signByJose(choice, key);
    const { payload, protectedHeader } = await compactVerify(jws, await forJose(otherHalf(key)));
    expect(Buffer.from(payload)).toEqual(message);
    expect(protectedHeader).toEqual({ alg: choice.alg });
    await expect(compactVerify(alter(jws), await forJose(otherHalf(key)))).rejects.toMatchObject({
      code: 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED',
    });
  });
});

describe('node:crypto', () => {
  test.each(signing(/^(?!HS)/))('%s', async (_, choice) => {
    const key = await keyFor(choice);
    const signature = signByNode(choice, key);
    expect(verifyByNode(choice, key, message, signature)).toBe(true);
    expect(verifyByNode(choice, key, altered, signature)).toBe(false);
  });
});

// It has ML-DSA from 3.5 on, which is newer than what servers have.
describe.skipIf(!openssl.isThere)(openssl.title('OpenSSL'), () => {
  test.each(signing(/^(RS|PS|ES|Ed)/))('%s', async (_, choice) => {
    const key = await keyFor(choice);
    const privatePem = toKeyObject(key).export({ type: 'pkcs8', format: 'pem' });
    const signed = runOn({ message, 'key.pem': privatePem }, 'openssl', ...toSign(choice));
    expect(verifyByNode(choice, key, message, signed.stdout)).toBe(true);

    const publicPem = forNode(toPublicJwk(key)).export({ type: 'spki', format: 'pem' });
    const signature = signByNode(choice, key);
    const isGood = (text: Buffer) =>
      runOn({ message: text, signature, 'key.pem': publicPem }, 'openssl', ...toVerify(choice)).ok;
    expect([isGood(message), isGood(altered)]).toEqual([true, false]);
  });

  test.each(signing(/^HS/))('%s', async (_, choice) => {
    const key = await keyFor(choice);
    const value = decodeBase64url(String(key['k']))?.toString('hex');
    const how = ['dgst', `-${hashOf(choice)}`, '-binary', '-mac', 'HMAC', '-macopt', `hexkey:${value}`];
    const ours = createHmac(String(hashOf(choice)), toKeyObject(key)).update(message);
    expect(runOn({ message }, 'openssl', ...how, 'message').stdout).toEqual(ours.digest());
  });
});

describe.skipIf(!joseCommand.isThere)(joseCommand.title("Debian's jose"), () => {
  test.each(signing(/^(RS|PS|ES|HS)/))('%s', async (_, choice) => {
    const key = await keyFor(choice);
    const files = { message, key: JSON.stringify(key), other: JSON.stringify(otherHalf(key)) };
    const template = JSON.stringify({ protected: { alg: choice.alg } });
    const signed = runOn(files, 'jose', 'jws', 'sig', '-I', 'message', '-k', 'key', '-s', template, '-c');
    const { payload } = await compactVerify(signed.stdout.toString().trim(), await forJose(otherHalf(key)));
    expect(Buffer.from(payload)).toEqual(message);

    const jws = await signByJose(choice, key);
    const isGood = (text: string) =>
      runOn({ ...files, jws: text }, 'jose', 'jws', 'ver', '-i', 'jws', '-k', 'other').ok;
    expect([isGood(jws), isGood(alter(jws))]).toEqual([true, false]);
  });
});

const pss = ['-sigopt', 'rsa_padding_mode:pss', '-sigopt', 'rsa_pss_saltlen:digest'];

/** `dgst` for what is hashed first, `pkeyutl` for Edwards curves. */
function toSign(choice: Choice): string[] {
  const hash = hashOf(choice);
  if (hash === null) return ['pkeyutl', '-sign', '-inkey', 'key.pem', '-rawin', '-in', 'message'];
  return ['dgst', `-${hash}`, '-sign', 'key.pem', ...(choice.alg.startsWith('PS') ? pss : []), 'message'];
}

function toVerify(choice: Choice): string[] {
  const hash = hashOf(choice);
  if (hash === null) {
    const key = ['-pubin', '-inkey', 'key.pem', '-sigfile', 'signature'];
    return ['pkeyutl', '-verify', ...key, '-rawin', '-in', 'message'];
  }
  const proof = ['-verify', 'key.pem', '-signature', 'signature'];
  return ['dgst', `-${hash}`, ...proof, ...(choice.alg.startsWith('PS') ? pss : []), 'message'];
}
