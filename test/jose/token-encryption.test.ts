// Encrypted messages of every algorithm: what we encrypt others open, and the other way round.
import { CompactEncrypt, compactDecrypt } from 'jose';
import { describe, expect, test } from 'vitest';
import { toPrivateJwk } from '../../src/jose/jwk.ts';
import {
  canEncrypt,
  contentEncryptionFor,
  contentEncryptions,
  decrypt,
  encrypt,
  parseMessage,
} from '../../src/jose/token-encryption.ts';
import { hasCollections, readCollected, withCollections } from '../support/vectors.ts';
import { askJwcrypto, jwcrypto, type Task } from './jwcrypto.ts';
import { type Choice, choices, forJose, keyFor, otherHalf, rowsOf, titleOf } from './keys.ts';
import { joseCommand, runOn } from './programs.ts';
import { forged, part } from './tokens.ts';

const text = 'to whom it may concern';
const encrypting = choices.filter(({ use, crv }) => use === 'enc' && crv !== 'X448');

async function encryptFor(choice: Choice): Promise<string> {
  const half = otherHalf(await keyFor(choice));
  const enc = contentEncryptionFor(half, choice.alg, undefined);
  if (enc === undefined) throw new Error('nothing fits');
  return encrypt(Buffer.from(text), half, { alg: choice.alg, enc, kid: 'test' });
}

async function openWith(choice: Choice, message: string): Promise<string | undefined> {
  if (typeof parseMessage(message) === 'string') return undefined;
  return (await decrypt(message, await keyFor(choice), choice.alg))?.toString();
}

test.each(rowsOf(encrypting))('ours and npm: jose: %s', async (_, choice) => {
  const key = await keyFor(choice);
  const message = await encryptFor(choice);
  expect(await openWith(choice, message)).toBe(text);
  expect(await openWith(choice, message.replace(/.{6}$/, 'AAAAAA'))).toBeUndefined();
  const { plaintext, protectedHeader } = await compactDecrypt(message, await forJose(key));
  expect(Buffer.from(plaintext).toString()).toBe(text);
  expect(protectedHeader).toMatchObject({ alg: choice.alg, kid: 'test' });
  const { enc } = protectedHeader;
  const theirs = new CompactEncrypt(Buffer.from(text)).setProtectedHeader({ alg: choice.alg, enc });
  expect(await openWith(choice, await theirs.encrypt(await forJose(otherHalf(key))))).toBe(text);
});

test.each(contentEncryptions)('%s', async (enc) => {
  const choice: Choice = { alg: 'ECDH-ES', use: 'enc', crv: 'P-256' };
  const half = otherHalf(await keyFor(choice));
  expect(contentEncryptionFor(half, choice.alg, enc)).toBe(enc);
  const message = await encrypt(Buffer.from(text), half, { alg: choice.alg, enc, kid: 'test', cty: 'JWT' });
  expect(parseMessage(message)).toEqual({ alg: 'ECDH-ES', kid: 'test', enc });
  expect(await openWith(choice, message)).toBe(text);
});

test('a direct key takes what its size fits', async () => {
  const fitting = async (bits: number, asked?: 'A128CBC-HS256' | 'A256GCM') =>
    contentEncryptionFor(await keyFor({ alg: 'dir', use: 'enc', bits }), 'dir', asked);
  expect(await fitting(128)).toBe('A128GCM');
  expect(await fitting(256)).toBe('A256GCM');
  expect(await fitting(256, 'A128CBC-HS256')).toBe('A128CBC-HS256');
  expect(await fitting(512)).toBe('A256CBC-HS512');
  expect(await fitting(128, 'A256GCM')).toBeUndefined();
});

test('X448 is said not to work, before jose says so', async () => {
  expect(canEncrypt(await keyFor({ alg: 'ECDH-ES', use: 'enc', crv: 'X448' }))).toBe(false);
  expect(canEncrypt(await keyFor({ alg: 'ECDH-ES', use: 'enc', crv: 'X25519' }))).toBe(true);
});

const good = { alg: 'ECDH-ES', enc: 'A256GCM' };
const withHeader = (header: unknown) => `${part(header)}.AAAA.AAAA.AAAA.AAAA`;
test.each([
  ['a token', forged(good), 'is no compact JWE'],
  ['six parts', `${withHeader(good)}.`, 'is no compact JWE'],
  ['no JSON', 'AAAA.A.A.A.A', 'has a header that is no JSON object'],
  ['a member twice', withHeader('{"alg":"dir","alg":"dir"}'), 'has a header that has a member twice'],
  ['no enc', withHeader({ alg: 'dir' }), 'has a header without "alg" and "enc"'],
  ['another enc', withHeader({ ...good, enc: 'A512GCM' }), 'has an "enc" that is not supported'],
  ['enc of every object', withHeader({ ...good, enc: 'constructor' }), 'has an "enc" that is not supported'],
  ['kid that is no text', withHeader({ ...good, kid: 1 }), 'has a "kid" that is no text'],
  ['crit', withHeader({ ...good, crit: ['exp'] }), 'wants an extension'],
  ['compression', withHeader({ ...good, zip: 'DEF' }), 'is compressed'],
])('refused: %s', (_, message, fault) => {
  expect(parseMessage(message)).toContain(fault);
});

test("the algorithm is the key's: another one in the message opens nothing", async () => {
  const rsa: Choice = { alg: 'RSA-OAEP-256', use: 'enc', bits: 2048 };
  const key = await keyFor(rsa);
  const message = await encryptFor(rsa);
  expect((await decrypt(message, key, 'RSA-OAEP-256'))?.toString()).toBe(text);
  expect(await decrypt(message, key, 'RSA-OAEP')).toBeUndefined();
});

// It has no X25519, and takes a direct key under the name of its `enc` only.
describe.skipIf(!joseCommand.isThere)(joseCommand.title("Debian's jose"), () => {
  const isKnown = ({ alg, crv = '' }: Choice) =>
    alg !== 'dir' && !crv.startsWith('X') && joseCommand.answer.includes(alg);
  test.each(rowsOf(encrypting.filter(joseCommand.isThere ? isKnown : () => true)))(
    '%s',
    async (_, choice) => {
      const key = await keyFor(choice);
      const files = {
        text,
        message: await encryptFor(choice),
        key: JSON.stringify(key),
        other: JSON.stringify(otherHalf(key)),
      };
      const opened = runOn(files, 'jose', 'jwe', 'dec', '-i', 'message', '-k', 'key');
      expect(opened.stdout.toString()).toBe(text);
      const template = JSON.stringify({ protected: { alg: choice.alg, enc: 'A256GCM' } });
      const made = runOn(files, 'jose', 'jwe', 'enc', '-I', 'text', '-k', 'other', '-i', template, '-c');
      expect(await openWith(choice, made.stdout.toString().trim())).toBe(text);
    },
  );
});

describe.skipIf(!jwcrypto.isThere)(jwcrypto.title('jwcrypto'), () => {
  test('every algorithm that it has, both ways', async () => {
    const known = encrypting.filter(({ alg }) => !/^RSA-OAEP-(?:384|512)$/.test(alg));
    const tasks: Task[] = [];
    for (const choice of known) {
      const key = await keyFor(choice);
      const half = otherHalf(key);
      const header = { alg: choice.alg, enc: contentEncryptionFor(half, choice.alg, undefined) };
      tasks.push({ what: 'decrypt', key, text: await encryptFor(choice) });
      tasks.push({ what: 'encrypt', key: half, text, header });
    }
    const answers = askJwcrypto(tasks);
    for (const [index, choice] of known.entries()) {
      const [opened, made = ''] = answers.slice(2 * index);
      expect([titleOf(choice), opened]).toEqual([titleOf(choice), text]);
      expect([titleOf(choice), await openWith(choice, made)]).toEqual([titleOf(choice), text]);
    }
  });
});

describe.skipIf(!hasCollections)(withCollections('collected vectors'), () => {
  test.each([
    '5_2.key_encryption_using_rsa-oaep_with_aes-gcm',
    '5_4.key_agreement_with_key_wrapping_using_ecdh-es_and_aes-keywrap_with_aes-gcm',
    '5_5.key_agreement_using_ecdh-es_with_aes-cbc-hmac-sha2',
    '5_6.direct_encryption_using_aes-gcm',
    '5_7.key_wrap_using_aes-gcm_keywrap_with_aes-cbc-hmac-sha2',
    '5_8.key_wrap_using_aes-keywrap_with_aes-gcm',
  ])('RFC 7520 section %s', async (name) => {
    const { input, output } = JSON.parse(readCollected(`cookbook/jwe/${name}.json`));
    const message = parseMessage(output.compact);
    if (typeof message === 'string') throw new Error(message);
    expect(message.enc).toBe(input.enc);
    const opened = await decrypt(output.compact, toPrivateJwk(input.key), input.alg);
    expect(opened?.toString()).toBe(input.plaintext);
  });
});
