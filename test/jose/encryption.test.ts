// Our encryption keys in other implementations: what is encrypted to the public half, the private half opens.
import { diffieHellman } from 'node:crypto';
import { CompactEncrypt, compactDecrypt } from 'jose';
import { describe, expect, test } from 'vitest';
import { type PrivateJwk, toPublicJwk } from '../../src/jose/jwk.ts';
import { toKeyObject } from '../../src/jose/private-key.ts';
import { type Choice, choices, forJose, forNode, keyFor, otherHalf, rowsOf } from './keys.ts';
import { joseCommand, runOn } from './programs.ts';

const message = Buffer.from('to whom it may concern');
const encrypting = choices.filter(({ use }) => use === 'enc');
/** RFC 7518 section 5: a direct key has the size that its `enc` wants. */
const direct: Readonly<Record<number, string>> = {
  128: 'A128GCM',
  192: 'A192GCM',
  256: 'A256GCM',
  384: 'A192CBC-HS384',
  512: 'A256CBC-HS512',
};

function contentOf({ alg, bits = 0 }: Choice): string {
  return alg === 'dir' ? (direct[bits] ?? '') : 'A256GCM';
}

async function encrypt(choice: Choice, key: PrivateJwk): Promise<string> {
  const header = { alg: choice.alg, enc: contentOf(choice) };
  return new CompactEncrypt(message).setProtectedHeader(header).encrypt(await forJose(otherHalf(key)));
}

// It has no X448.
describe('npm: jose', () => {
  test.each(rowsOf(encrypting.filter(({ crv }) => crv !== 'X448')))('%s', async (_, choice) => {
    const key = await keyFor(choice);
    const jwe = await encrypt(choice, key);
    const { plaintext, protectedHeader } = await compactDecrypt(jwe, await forJose(key));
    expect(Buffer.from(plaintext)).toEqual(message);
    expect(protectedHeader.alg).toBe(choice.alg);
    const flipped = jwe.replace(/[^.](?=[^.]*$)/, (first) => (first === 'A' ? 'B' : 'A'));
    await expect(compactDecrypt(flipped, await forJose(key))).rejects.toMatchObject({
      code: 'ERR_JWE_DECRYPTION_FAILED',
    });
  });
});

describe('node:crypto', () => {
  const agreeing = encrypting.filter(({ alg, crv }) => alg === 'ECDH-ES' && crv !== undefined);
  test.each(rowsOf(agreeing))('%s: two keys agree on a secret', async (_, choice) => {
    const ours = await keyFor(choice);
    const theirs = await keyFor({ ...choice, alg: 'ECDH-ES+A128KW' });
    const secrets = [
      [ours, theirs],
      [theirs, ours],
    ].map(([mine, other]) =>
      diffieHellman({
        privateKey: toKeyObject(mine as PrivateJwk),
        publicKey: forNode(toPublicJwk(other as PrivateJwk)),
      }),
    );
    expect(toPublicJwk(ours)).not.toMatchObject({ x: theirs['x'] });
    expect(secrets[0]).toEqual(secrets[1]);
  });
});

// It has neither X25519 nor X448, and takes a direct key under the name of its `enc` only.
describe.skipIf(!joseCommand.isThere)(joseCommand.title("Debian's jose"), () => {
  const isKnown = ({ alg, crv = '' }: Choice) =>
    alg !== 'dir' && !crv.startsWith('X') && joseCommand.answer.includes(alg);
  const known = encrypting.filter(joseCommand.isThere ? isKnown : () => true);
  test.each(rowsOf(known))('%s', async (_, choice) => {
    const key = await keyFor(choice);
    const files = { message, key: JSON.stringify(key), other: JSON.stringify(otherHalf(key)) };
    const template = JSON.stringify({ protected: { alg: choice.alg, enc: 'A256GCM' } });
    const encrypted = runOn(
      files,
      'jose',
      'jwe',
      'enc',
      '-I',
      'message',
      '-k',
      'other',
      '-i',
      template,
      '-c',
    );
    const jwe = encrypted.stdout.toString().trim();
    const { plaintext } = await compactDecrypt(jwe, await forJose(key));
    expect(Buffer.from(plaintext)).toEqual(message);

    const jweOfOurs = { ...files, jwe: await encrypt(choice, key) };
    const decrypted = runOn(jweOfOurs, 'jose', 'jwe', 'dec', '-i', 'jwe', '-k', 'key');
    expect(decrypted).toEqual({ ok: true, stdout: message });
  });
});
