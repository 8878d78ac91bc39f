// Sealing: only the key it was sealed for opens it, jose reads it, and nothing in it can be changed.
import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { CompactEncrypt, compactDecrypt, FlattenedEncrypt, flattenedDecrypt } from 'jose';
import { describe, expect, test } from 'vitest';
import { decodeBase64url } from '../../src/jose/base64url.ts';
import { compactOf, headerOf, open, type Sealed, type SealingKey, seal } from '../../src/jose/sealing.ts';
import { alphabet } from './letters.ts';

const plaintext = Buffer.from('{"keys":[]}');
const aad = Buffer.from('{"set":"auth"}');
const masterKey: SealingKey = { alg: 'A256GCMKW', kid: 'master', key: randomBytes(32) };
const passphrase: SealingKey = {
  alg: 'PBES2-HS512+A256KW',
  kid: 'slot',
  key: Buffer.from('sixteen letters, or more'),
};

function readHeader(sealed: { protected?: string | undefined }): Record<string, unknown> {
  return JSON.parse(Buffer.from(sealed.protected ?? '', 'base64url').toString());
}

function withHeader(sealed: Sealed, change: object): Sealed {
  const header = { ...readHeader(sealed), ...change };
  return { ...sealed, protected: Buffer.from(JSON.stringify(header)).toString('base64url') };
}

describe.each([
  ['A256GCMKW', masterKey, ['alg', 'cty', 'enc', 'iv', 'kid', 'tag']],
  ['PBES2-HS512+A256KW', passphrase, ['alg', 'cty', 'enc', 'kid', 'p2c', 'p2s']],
] as const)('%s', (alg, key, parameters) => {
  test('what is sealed is opened, and jose opens it too', async () => {
    const sealed = await seal(plaintext, key, aad);
    expect(await open(sealed, key)).toEqual(new Uint8Array(plaintext));
    const { plaintext: read, additionalAuthenticatedData } = await flattenedDecrypt({ ...sealed }, key.key, {
      keyManagementAlgorithms: [alg],
      maxPBES2Count: 600_000,
    });
    expect([Buffer.from(read), Buffer.from(additionalAuthenticatedData ?? [])]).toEqual([plaintext, aad]);
  });

  test('it is a flattened JWE with every header protected (RFC 7516 section 7.2.2)', async () => {
    const sealed = await seal(plaintext, key, aad);
    expect(Object.keys(sealed).sort()).toEqual([
      'aad',
      'ciphertext',
      'encrypted_key',
      'iv',
      'protected',
      'tag',
    ]);
    for (const text of Object.values(sealed)) expect(decodeBase64url(text)).toBeDefined();
    const header = readHeader(sealed);
    expect(Object.keys(header).sort()).toEqual(parameters);
    expect(header).toMatchObject({ alg, enc: 'A256GCM', cty: 'jwk-set+json', kid: key.kid });
    if (alg !== 'A256GCMKW') expect(header['p2c']).toBe(600_000);
    expect(headerOf(sealed)).toEqual({ alg, kid: key.kid });
  });

  test('another key, kid or algorithm opens nothing', async () => {
    const sealed = await seal(plaintext, key);
    const other = Buffer.from(key.key);
    other[0] = Number(other[0]) ^ 1;
    expect(await open(sealed, { ...key, key: other })).toBeUndefined();
    expect(await open(sealed, { ...key, kid: 'other' })).toBeUndefined();
    expect(
      await open(
        sealed,
        alg === 'A256GCMKW' ? { ...passphrase, kid: key.kid } : { ...masterKey, kid: key.kid },
      ),
    ).toBeUndefined();
    expect(await open(sealed, { ...key, key: new Uint8Array() })).toBeUndefined();
  });
});

describe('under a master key', () => {
  test('any text of any size comes back', async () => {
    const texts = fc.uint8Array({ maxLength: 2_000 });
    await fc.assert(
      fc.asyncProperty(texts, fc.option(texts, { nil: undefined }), async (text, more) => {
        const sealed = await seal(text, masterKey, more);
        expect(await open(sealed, masterKey)).toEqual(new Uint8Array(text));
        // RFC 7516 section 7.2.1: the member is absent where there is nothing to authenticate.
        expect(sealed.aad).toBe(Buffer.from(more ?? []).toString('base64url') || undefined);
      }),
      { numRuns: 40 },
    );
  });

  test('the same text is never sealed alike', async () => {
    const seals = await Promise.all(Array.from({ length: 20 }, () => seal(plaintext, masterKey)));
    for (const member of ['protected', 'encrypted_key', 'iv', 'ciphertext', 'tag'] as const)
      expect(new Set(seals.map((sealed) => sealed[member])).size).toBe(20);
  });

  // That every text is the canonical one for its value is the documents' own check.
  test('one changed character in any member, and nothing opens', async () => {
    const sealed: Sealed = { ...(await seal(plaintext, masterKey, aad)) };
    const members = fc.constantFrom(...(Object.keys(sealed) as (keyof Sealed)[]));
    await fc.assert(
      fc.asyncProperty(members, fc.nat(), fc.constantFrom(...alphabet), async (member, place, letter) => {
        const text = sealed[member] ?? '';
        const index = place % text.length;
        const changed = text.slice(0, index) + letter + text.slice(index + 1);
        fc.pre(changed !== text && decodeBase64url(changed) !== undefined);
        expect(await open({ ...sealed, [member]: changed }, masterKey)).toBeUndefined();
      }),
      { numRuns: 300 },
    );
  });

  test('members of two seals do not mix, and what is authenticated cannot be left out or added', async () => {
    const [one, two] = [await seal(plaintext, masterKey, aad), await seal(plaintext, masterKey, aad)];
    for (const member of ['protected', 'encrypted_key', 'iv', 'ciphertext', 'tag'] as const)
      expect(await open({ ...one, [member]: two[member] }, masterKey)).toBeUndefined();
    const { aad: _, ...without } = one;
    expect(await open(without, masterKey)).toBeUndefined();
    expect(await open({ ...(await seal(plaintext, masterKey)), aad: 'e30' }, masterKey)).toBeUndefined();
    for (const member of ['encrypted_key', 'iv', 'ciphertext', 'tag'] as const)
      expect(await open({ ...one, [member]: '' }, masterKey)).toBeUndefined();
  });

  test('the compact form of a seal without aad is a compact JWE', async () => {
    const sealed = await seal(plaintext, masterKey);
    const read = await compactDecrypt(compactOf(sealed), masterKey.key);
    expect(Buffer.from(read.plaintext)).toEqual(plaintext);
  });
});

describe('what jose sealed', () => {
  const header = { alg: 'A256GCMKW', enc: 'A256GCM', cty: 'jwk-set+json', kid: 'master' };
  const sealByJose = async (parameters: Record<string, string | undefined>) => {
    const encrypt = new FlattenedEncrypt(plaintext).setProtectedHeader(parameters as typeof header);
    return (await encrypt.encrypt(masterKey.key)) as Sealed;
  };

  test('is opened', async () => {
    expect(await open(await sealByJose(header), masterKey)).toEqual(new Uint8Array(plaintext));
  });

  test.each<[string, Record<string, string | undefined>]>([
    ['other content encryption', { ...header, enc: 'A128GCM' }],
    ['another content type', { ...header, cty: 'JWT' }],
    ['no content type', { ...header, cty: undefined }],
    ['no kid', { ...header, kid: undefined }],
  ])('with %s is not ours', async (_, parameters) => {
    const sealed = await sealByJose(parameters);
    expect(headerOf(sealed)).toBeUndefined();
    expect(await open(sealed, masterKey)).toBeUndefined();
  });
});

describe('the derivation from a passphrase', () => {
  const sealCounting = async (p2c: number) => {
    const encrypt = new CompactEncrypt(plaintext)
      .setProtectedHeader({ alg: passphrase.alg, enc: 'A256GCM', cty: 'jwk-set+json', kid: 'slot' })
      .setKeyManagementParameters({ p2c });
    const [header, encrypted_key, iv, ciphertext, tag] = (await encrypt.encrypt(passphrase.key)).split('.');
    return { protected: header, encrypted_key, iv, ciphertext, tag } as Sealed;
  };

  test('takes 2 000 000 rounds at most', async () => {
    const [most, tooMany] = await Promise.all([sealCounting(2_000_000), sealCounting(2_000_001)]);
    expect(await open(most, passphrase)).toEqual(new Uint8Array(plaintext));
    expect(await open(tooMany, passphrase)).toBeUndefined();
  });

  // Hours of work, if it were begun.
  test.each([1e12, Number.MAX_SAFE_INTEGER, -1, 0, 1.5, '600000', null])(
    'p2c %j is not begun',
    async (p2c) => {
      const sealed = await sealCounting(1_000);
      expect(await open(withHeader(sealed, { p2c }), passphrase)).toBeUndefined();
    },
  );
});

test.each([
  ['no base64url', '{}'],
  ['no JSON', 'AAAA'],
  ['null', Buffer.from('null').toString('base64url')],
  ['a list', Buffer.from('[]').toString('base64url')],
  ['empty', ''],
  ['padded', `${Buffer.from('{"alg":"A256GCMKW","kid":"k"}').toString('base64')}`],
])('a header that is %s is not ours', (_, header) => {
  expect(headerOf({ protected: header } as Sealed)).toBeUndefined();
});
