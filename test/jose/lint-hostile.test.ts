// What lint makes of texts that are meant to break it, or that hide a private key.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { JsonList, JsonRecord, type JsonValue, readJson } from '../../src/jose/lint/json-text.ts';
import { lintPrivate, lintText } from '../../src/jose/lint/lint-text.ts';
import { hasCollections, listCollected, readCollected, withCollections } from '../support/vectors.ts';
import { ec, found, lint, now, okp, privateEc, rsa, setOf, toBytes, toText } from './lint-sets.ts';

const privateCodes = (text: string): string[] => lintPrivate(text).findings.map(({ code }) => code);

describe('JSON', () => {
  const toPlain = (value: JsonValue): unknown => {
    if (value instanceof JsonList) return value.items.map(toPlain);
    if (!(value instanceof JsonRecord)) return value;
    // As JSON.parse makes it: a member of that name is one like any other.
    const plain = {};
    for (const { name, value: inner } of value.members)
      Object.defineProperty(plain, name, {
        value: toPlain(inner),
        enumerable: true,
        configurable: true,
        writable: true,
      });
    return plain;
  };
  const readPlain = (text: string): unknown => {
    const read = readJson(text);
    return 'fault' in read || read.rest !== undefined ? 'refused' : { value: toPlain(read.value) };
  };
  const parsePlain = (text: string): unknown => {
    try {
      return { value: JSON.parse(text) };
    } catch {
      return 'refused';
    }
  };

  test('is read as JSON.parse reads it', () => {
    fc.assert(
      fc.property(fc.json(), fc.nat(4), (text, indent) => {
        const spaced = JSON.stringify(JSON.parse(text), null, indent);
        expect(readPlain(spaced)).toEqual(parsePlain(spaced));
      }),
    );
  });

  test('is refused where JSON.parse refuses it', () => {
    const pieces = fc.constantFrom(
      ...'{}[]:,"\\truefalsn0123.-eE+ \n\t\u00a0a/u'.split(''),
      '"a"',
      '\\u0041',
      '1e5',
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 12 }), (parts) => {
        const text = parts.join('');
        expect(readPlain(text)).toEqual(parsePlain(text));
      }),
      { numRuns: 5000 },
    );
  });

  test.each([
    '"\\ud800"',
    '"a\u0001"',
    '"\u007f"',
    '01',
    '-',
    '1.',
    '.5',
    '+1',
    'nul',
    '[1,]',
    '{"a":1,}',
    '"',
    '{"a"}',
    "{'a':1}",
    '[',
    '{"a":',
    '-0',
    '1E400',
  ])('%j', (text) => {
    expect(readPlain(text)).toEqual(parsePlain(text));
  });

  test('names where it ends, and not what is there', () => {
    const [finding] = lint('{"keys":\n[{"d":"s3cret-value",]}');
    expect(finding).toMatchObject({ code: 'not-json', position: { line: 2, column: 22 } });
    expect(JSON.stringify(finding)).not.toContain('s3cret');
  });
});

describe('texts', () => {
  const mebibyte = 1_048_576;
  test.each<[string, string]>([
    ['brackets', '['.repeat(mebibyte)],
    ['nested objects', '{"keys":'.repeat(mebibyte / 8)],
    ['closed brackets', `${'['.repeat(mebibyte / 2)}${']'.repeat(mebibyte / 2)}`],
    ['numbers', `{"keys":[${'1,'.repeat(mebibyte / 2 - 10)}1]}`],
    ['empty keys', `{"keys":[${'{},'.repeat(mebibyte / 3 - 10)}{}]}`],
    ['one member many times', `{"keys":[{${'"d":1,'.repeat(mebibyte / 6 - 10)}"d":1}]}`],
    ['one long text', `{"keys":[{"kty":"RSA","n":"${'A'.repeat(mebibyte - 100)}","e":"AQAB"}]}`],
    ['backslashes', `"${'\\\\'.repeat(mebibyte / 2)}"`],
    ['digits', '1'.repeat(mebibyte)],
    ['spaces', ' '.repeat(mebibyte)],
    ['zero bytes', '\0'.repeat(mebibyte)],
    ['labels of PEM', '-----BEGIN PRIVATE KEY-----\n'.repeat(mebibyte / 28)],
    ['labels and headers', `-----BEGIN PRIVATE KEY-----\n${'A: b\n'.repeat(mebibyte / 5)}`],
    ['secrets', 'jwks_secret_'.repeat(mebibyte / 12)],
    ['open objects', '{"kty":'.repeat(mebibyte / 7)],
    ['open objects and a list', `${'{"kty":'.repeat(255)}[${'1,'.repeat(mebibyte / 2 - 1000)}`],
    [
      'open objects, again and again',
      `${'{"kty":'.repeat(250)}[${'1,'.repeat(7000)}`.repeat(mebibyte / 16_000),
    ],
    [
      'text in text in text',
      JSON.stringify(
        Array(12)
          .fill(0)
          .reduce((inner) => JSON.stringify({ kty: inner }), 'x'),
      ),
    ],
    ['__proto__', '{"__proto__":{"keys":[{"kty":"EC","d":"x"}]},"keys":[{"__proto__":{"kty":"oct"}}]}'],
    [
      'constructor',
      '{"constructor":{"prototype":{}},"keys":[{"kty":"constructor","crv":"toString","alg":"__proto__"}]}',
    ],
  ])('%s', (_, text) => {
    const { findings, hidden } = lintText({ text, isServed: false, now, consumer: 'oci' });
    expect(findings.some(({ severity }) => severity === 'error')).toBe(true);
    expect(findings.length).toBeLessThanOrEqual(1000);
    expect(hidden).toBeGreaterThanOrEqual(0);
    lintPrivate(text);
    expect(Object.hasOwn(Object.prototype, 'keys')).toBe(false);
  });

  test('a thousand sound keys take less than a second or two', () => {
    const keys = Array.from({ length: 1000 }, (_, kid) => ({ ...(kid % 2 ? ec : okp), kid: `${kid}` }));
    const start = performance.now();
    lint(setOf(...keys));
    expect(performance.now() - start).toBeLessThan(5000);
  });

  test('whatever stands where: no exception, and no value in a message', () => {
    const value = fc.oneof(
      fc.constantFrom(...Object.values(ec), ...Object.values(rsa), ...Object.values(okp)),
      fc.jsonValue({ maxDepth: 2 }),
      fc.base64String(),
      fc.uint8Array({ maxLength: 70 }).map((bytes) => toText(bytes)),
    );
    const names = [
      'kty',
      'crv',
      'x',
      'y',
      'n',
      'e',
      'd',
      'k',
      'pub',
      'alg',
      'use',
      'kid',
      'key_ops',
      'x5c',
      'x5t',
      'x5t#S256',
    ];
    const key = fc.oneof(
      fc.dictionary(fc.constantFrom(...names), value),
      fc
        .record({ base: fc.constantFrom(ec, rsa, okp, privateEc), name: fc.constantFrom(...names), value })
        .map((one) => ({ ...one.base, [one.name]: one.value })),
      fc.jsonValue({ maxDepth: 2 }),
    );
    const consumer = fc.constantFrom('aws-iam', 'gcp-wif', 'azure', 'oci', 'kubernetes', 'istio', 'supabase');
    fc.assert(
      fc.property(fc.array(key, { maxLength: 4 }), consumer, (keys, name) => {
        const findings = lint(setOf(...keys), { consumer: name });
        expect(findings.map(({ message }) => message).join('\n')).not.toContain(String(privateEc['d']));
        for (const { position } of findings) expect(position?.line ?? 1).toBe(1);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('private keys', () => {
  const body = 'MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg';
  test.each<[string, string, string[]]>([
    ['PKCS#8', `-----BEGIN PRIVATE KEY-----\n${body}`, ['private-text']],
    ['PKCS#1 with CRLF', `x\r\n-----BEGIN RSA PRIVATE KEY-----\r\n${body}`, ['private-text']],
    [
      'encrypted, with headers',
      `-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\n${body}`,
      ['private-text'],
    ],
    ['encrypted PKCS#8', `-----BEGIN ENCRYPTED PRIVATE KEY-----\n${body}`, ['private-text']],
    ['OpenSSH', `-----BEGIN OPENSSH PRIVATE KEY-----\n${body}`, ['private-text']],
    ['PGP', `-----BEGIN PGP PRIVATE KEY BLOCK-----\n\n${body}`, ['private-text']],
    ['in JSON', JSON.stringify({ pem: `-----BEGIN PRIVATE KEY-----\n${body}` }), ['private-text']],
    ['indented in YAML', `key: |\n    -----BEGIN PRIVATE KEY-----\n    ${body}`, ['private-text']],
    ['a secret of a keystore', `JWKS_SECRET=jwks_secret_${'A'.repeat(43)}`, ['private-text']],
    ['the label alone', 'looks for -----BEGIN PRIVATE KEY----- in files', []],
    ['a public key', `-----BEGIN PUBLIC KEY-----\n${body}`, []],
    ['a certificate', `-----BEGIN CERTIFICATE-----\n${body}`, []],
    ['words', 'PRIVATE KEY PRIVATE KEY jwks_secret_short', []],
    ['no JSON', '{"kty":"EC","d":', []],
    ['other JSON', '{"k":1,"d":"x","keys":[{"p":1,"q":2}]}', []],
    ['a public set', setOf(rsa, ec), []],
    ['a private set', setOf(rsa, privateEc), ['private-member']],
    ['behind an escape', setOf(privateEc).replace('"kty"', '"\\u006bty"'), ['private-member']],
    ['with a byte order mark', `\ufeff${setOf(privateEc)}`, ['private-member']],
    ['after other JSON', `${setOf(ec)}\n${JSON.stringify(privateEc)}`, ['private-member']],
    [
      'a line each',
      [ec, privateEc, rsa, privateEc].map((key) => JSON.stringify(key)).join('\n'),
      ['private-member', 'private-member'],
    ],
    ['in a script', `const key = ${JSON.stringify(privateEc, null, 2)};\nuse({ key });`, ['private-member']],
    ['in a .env', `A={x}\nJWK=${JSON.stringify(JSON.stringify(privateEc))}\n`, ['private-member']],
    ['as text in JSON', JSON.stringify({ data: { 'jwks.json': setOf(privateEc) } }), ['private-member']],
    [
      'nested too deeply',
      `${'['.repeat(300)}${JSON.stringify(privateEc)}${']'.repeat(300)}`,
      ['private-member'],
    ],
    ['a symmetric key without its value', setOf({ kty: 'oct', kid: 'a' }), []],
    ['public in a script', `const key = ${JSON.stringify(ec)};`, []],
    ['words about keys', 'a key has "kty" and {"crv" and } or {"n"', []],
    ['before other text', `${JSON.stringify(privateEc)} and more`, ['private-member']],
  ])('%s', (_, text, codes) => {
    expect(privateCodes(text)).toEqual(codes);
  });

  test('behind escaped quotes its place is still its own', () => {
    const text = `A="{\\"a\\":1}"\nB="{\\"kty\\":\\"oct\\",\\"k\\":\\"s3cret\\"}"`;
    const [finding] = lintPrivate(text).findings;
    expect(finding).toMatchObject({ code: 'symmetric-key', position: { line: 2, column: 21 } });
    expect(text.split('\n')[1]?.slice(20)).toMatch(/^\\"k/);
  });

  test('its place is told, and never its value', () => {
    const text = `{\n  "keys": [\n    ${JSON.stringify({ ...privateEc, d: 's3cret-value' })}\n  ]\n}`;
    const [finding] = lintPrivate(text).findings;
    expect(finding).toMatchObject({ place: 'keys[0].d', kid: 'e', position: { line: 3 } });
    expect(JSON.stringify(finding)).not.toContain('s3cret');
  });
});

describe('untidy sets as they are published', () => {
  const standard = (text: unknown) => toBytes(text).toString('base64');
  test('a modulus in standard base64 with a zero octet and padding', () => {
    const n = Buffer.concat([Buffer.alloc(1), toBytes(rsa['n'])]).toString('base64');
    expect(found(setOf({ ...rsa, n }))).toEqual([
      'encoding-padding keys[0].n',
      'encoding-alphabet keys[0].n',
      'leading-zero keys[0].n',
    ]);
  });

  test('coordinates in standard base64', () => {
    const codes = found(setOf({ ...ec, x: standard(ec['x']), y: standard(ec['y']) }));
    expect(codes).toContain('encoding-padding keys[0].x');
    expect(codes.every((code) => code.startsWith('encoding-'))).toBe(true);
  });

  test('RSA 1024 with a thumbprint in hex', () => {
    const codes = found(setOf({ ...rsa, n: toText(toBytes(rsa['n']).subarray(128)), x5t: 'ab'.repeat(20) }));
    expect(codes).toEqual(expect.arrayContaining(['rsa-small keys[0].n', 'x5t-invalid keys[0].x5t']));
  });
});

describe(withCollections('published vectors'), () => {
  const skip = test.skipIf(!hasCollections);

  skip('RFC keys that are private are found, public ones are not', () => {
    for (const path of listCollected('rfc/', '.jwkset'))
      expect(privateCodes(readCollected(path)).length > 0).toBe(!path.includes('A.1.jwkset'));
  });

  skip('keys of Wycheproof: nothing breaks, and no private member is quoted', () => {
    for (const path of listCollected('wycheproof/', '.json')) {
      for (const { jwk, private: privateJwk, public: publicJwk } of JSON.parse(readCollected(path))
        .testGroups) {
        for (const key of [jwk, privateJwk, publicJwk].filter((one) => one !== undefined)) {
          const findings = lint(setOf(...(key.keys ?? [key])));
          const secrets = ['d', 'k', 'p', 'q']
            .flatMap((name) => key[name] ?? [])
            .filter((one) => String(one).length > 8);
          for (const secret of secrets) expect(JSON.stringify(findings)).not.toContain(secret);
          if (secrets.length > 0)
            expect(findings.some(({ code }) => /^(?:private|symmetric)/.test(code))).toBe(true);
        }
      }
    }
  });
});
