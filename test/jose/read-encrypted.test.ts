// Encrypted JWKs (RFC 7517 section 7): opened with a passphrase or a key, never at any price.
import { CompactEncrypt, FlattenedEncrypt, GeneralEncrypt } from 'jose';
import { describe, expect, test } from 'vitest';
import { selectKeyShape } from '../../src/jose/algorithms.ts';
import { generateKey } from '../../src/jose/generate.ts';
import type { PrivateJwk } from '../../src/jose/jwk.ts';
import { hasCollections, readCollected, readVector, withCollections } from '../support/vectors.ts';
import { forJose, keyFor, otherHalf, rowsOf } from './keys.ts';
import { joseCommand, runOn } from './programs.ts';
import { passphrase, read, refusalOf, withPassphrase } from './read-support.ts';

const okp = JSON.parse(readVector('rfc8037-a.json')).key;
const plain = Buffer.from(JSON.stringify(okp));
const secret = Buffer.from(passphrase);

const encryptCompact = (p2c: number, text: Uint8Array = plain) =>
  new CompactEncrypt(text)
    .setProtectedHeader({ alg: 'PBES2-HS256+A128KW', enc: 'A256GCM', cty: 'jwk+json' })
    .setKeyManagementParameters({ p2c })
    .encrypt(secret);

describe('with a passphrase', () => {
  test('compact, as RFC 7517 appendix C has it, also beyond what jose allows unasked', async () => {
    for (const p2c of [4096, 100_000]) {
      const jwe = await encryptCompact(p2c);
      const [key] = await read(`${jwe}\n`, withPassphrase);
      expect(key?.jwk).toEqual({ kty: 'OKP', crv: 'Ed25519', x: okp.x, d: okp.d });
    }
  });

  test('flattened and general JSON, with a set within, as step writes them', async () => {
    const set = Buffer.from(JSON.stringify({ keys: [okp, { ...okp, kid: 'b' }] }));
    const header = { alg: 'PBES2-HS512+A256KW', enc: 'A256GCM' };
    const flattened = await new FlattenedEncrypt(set).setProtectedHeader(header).encrypt(secret);
    const general = await new GeneralEncrypt(set)
      .setProtectedHeader({ enc: 'A256GCM' })
      .addRecipient(secret)
      .setUnprotectedHeader({ alg: 'PBES2-HS512+A256KW' })
      .encrypt();
    for (const jwe of [flattened, general]) expect(await read(jwe, withPassphrase)).toHaveLength(2);
  });

  test('the passphrase is asked for once, and only where it is needed', async () => {
    const asked: string[] = [];
    const options = { passphrase: async (where: string) => `${asked.push(where) && passphrase}` };
    await read(okp, options);
    expect(asked).toEqual([]);
    await read(await encryptCompact(1000), options);
    expect(asked).toEqual(['keys']);
  });

  test('none, a wrong one, and a body that was changed', async () => {
    const jwe = await encryptCompact(1000);
    expect(await refusalOf(read(jwe))).toBe('secret: keys: it is encrypted, and no passphrase was given');
    const wrong = { passphrase: async () => 'wrong' };
    expect(await refusalOf(read(jwe, wrong))).toBe(
      'secret: keys: the passphrase does not open it, or it is damaged',
    );
    const changed = jwe.slice(0, -2) + (jwe.endsWith('AA') ? 'BB' : 'AA');
    expect(await refusalOf(read(changed, withPassphrase))).toMatch(/^secret: /);
  });

  test('iterations beyond every bound are refused before they are run', async () => {
    const [, ...rest] = (await encryptCompact(1000)).split('.');
    for (const p2c of [2_000_001, 4e9, 1e300, -1, 0, 1.5, '1000', null, undefined]) {
      const header = { alg: 'PBES2-HS256+A128KW', enc: 'A256GCM', p2s: 'c2FsdHNhbHQ', p2c };
      const jwe = [Buffer.from(JSON.stringify(header)).toString('base64url'), ...rest].join('.');
      const started = performance.now();
      expect(await refusalOf(read(jwe, withPassphrase))).toMatch(
        /^bad-key: keys: it asks for more than 2000000 iterations/,
      );
      expect(performance.now() - started).toBeLessThan(500);
    }
  });

  test('recipients that each ask for much', async () => {
    const jwe = await new FlattenedEncrypt(plain)
      .setProtectedHeader({ enc: 'A256GCM' })
      .setUnprotectedHeader({ alg: 'PBES2-HS256+A128KW' })
      .encrypt(secret);
    const { header, encrypted_key, ...shared } = jwe;
    const recipients = Array(17).fill({ header, encrypted_key });
    expect(await refusalOf(read({ ...shared, recipients }, withPassphrase))).toMatch(
      /at most 16 recipients$/,
    );
  });

  test('what is within is no JWE once more', async () => {
    const inner = await encryptCompact(1000);
    const jwe = await encryptCompact(1000, Buffer.from(inner));
    expect(await refusalOf(read(jwe, withPassphrase))).toMatch(
      /^bad-key: keys: it is not one value in JSON$/,
    );
  });
});

describe('with a key', () => {
  const choices = [
    { alg: 'RSA-OAEP-256', use: 'enc', bits: 2048 },
    { alg: 'ECDH-ES', use: 'enc', crv: 'P-256' },
    { alg: 'ECDH-ES+A256KW', use: 'enc', crv: 'X25519' },
    { alg: 'A256KW', use: 'enc', bits: 256 },
    { alg: 'dir', use: 'enc', bits: 256 },
  ] as const;

  test.each(rowsOf(choices))('%s', async (_, choice) => {
    const key = await keyFor(choice);
    const other = await generateKey(selectKeyShape({ alg: 'A256KW' }), { scheme: 'uuid' });
    const jwe = await new CompactEncrypt(plain)
      .setProtectedHeader({ alg: choice.alg, enc: 'A256GCM' })
      .encrypt(await forJose(otherHalf(key)));
    expect((await read(jwe, { decryptWith: [other, key] }))[0]?.jwk['d']).toBe(okp.d);
    expect(await refusalOf(read(jwe, { decryptWith: [other] }))).toMatch(
      /^secret: keys: the key does not open it/,
    );
    expect(await refusalOf(read(jwe, withPassphrase))).toBe(
      `secret: keys: it is encrypted to a key (${choice.alg}), and none was given`,
    );
  });

  test('an algorithm that is not supported', async () => {
    const header = Buffer.from('{"alg":"RSA1_5","enc":"A128GCM"}').toString('base64url');
    expect(await refusalOf(read(`${header}.AAAA.AAAA.AAAA.AAAA`))).toMatch(
      /algorithm that is not supported$/,
    );
  });

  test.skipIf(!joseCommand.isThere)(joseCommand.title("encrypted by Debian's jose"), async () => {
    const key = await keyFor({ alg: 'ECDH-ES+A256KW', use: 'enc', crv: 'P-256' });
    const files = { 'key.jwk': JSON.stringify(key), 'plain.jwk': plain };
    const { ok, stdout } = runOn(files, 'jose', 'jwe', 'enc', '-I', 'plain.jwk', '-k', 'key.jwk', '-o', '-');
    expect(ok).toBe(true);
    expect((await read(stdout, { decryptWith: [key as PrivateJwk] }))[0]?.jwk['d']).toBe(okp.d);
  });
});

describe.skipIf(!hasCollections)(withCollections('RFC 7520 section 5.3'), () => {
  test('a JWK Set under a passphrase, in each serialization', async () => {
    const file = 'cookbook/jwe/5_3.key_wrap_using_pbes2-aes-keywrap_with-aes-cbc-hmac-sha2.json';
    const { input, output } = JSON.parse(readCollected(file));
    for (const jwe of [output.compact, output.json, output.json_flat]) {
      const found = await read(jwe, { passphrase: async () => input.pwd });
      expect(found.map(({ kid, jwk }) => [kid, jwk.kty])).toEqual(
        JSON.parse(input.plaintext).keys.map(({ kid, kty }: { kid: string; kty: string }) => [kid, kty]),
      );
    }
  });
});
