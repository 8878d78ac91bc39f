// Which names a set can have, and where its document then lies.
import { createHash } from 'node:crypto';
import { posix, win32 } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { documentOf, parseKeyId, parseSetId } from '../../src/keystore/set-id.ts';
import { codeOf } from '../support/keystore.ts';

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const emoji = '🔑'.repeat(60);
const issuer = 'https://issuer.example.com/realms/Main?x=1#y';

describe('the document of a set', () => {
  test.each([
    ['hydra.openid.id-token', 'hydra.openid.id-token'],
    ['auth_1', 'auth_1'],
    ['../../etc/passwd', '%2E.%2F..%2Fetc%2Fpasswd'],
    ['..', '%2E%2E'],
    ['.', '%2E'],
    ['...', '%2E.%2E'],
    ['.hidden', '%2Ehidden'],
    ['dot.', 'dot%2E'],
    ['__proto__', '__proto__'],
    ['constructor', 'constructor'],
    ['CON', '%43%4F%4E'],
    ['con', '%63on'],
    ['con.txt', '%63on.txt'],
    ['nul', '%6Eul'],
    ['nul.', '%6Eul%2E'],
    ['com1.a.b', '%63om1.a.b'],
    ['lpt9', '%6Cpt9'],
    ['com0', 'com0'],
    ['console', 'console'],
    ['Auth', '%41uth'],
    ['a b', 'a%20b'],
    ['a%41', 'a%2541'],
    ['~', '%7E'],
    ['a\\b:c', 'a%5Cb%3Ac'],
    ['é', '%C3%A9'],
    ['-rf', '-rf'],
    [issuer, 'https%3A%2F%2Fissuer.example.com%2Frealms%2F%4Dain%3Fx%3D1%23y'],
    [emoji, `~${sha256(emoji)}`],
    ['A'.repeat(66), '%41'.repeat(66)],
    ['A'.repeat(67), `~${sha256('A'.repeat(67))}`],
  ])('%s', (id, name) => {
    expect(documentOf(parseSetId(id))).toBe(`sets/${name}`);
  });

  const ids = fc
    .oneof(
      fc.string({ unit: 'binary', minLength: 1, maxLength: 128 }),
      fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 }),
      fc.string({
        unit: fc.constantFrom('.', '/', '\\', '%', '2', 'E', 'a', 'A', '~', 'c', 'o', 'n'),
        minLength: 1,
        maxLength: 12,
      }),
      fc.constantFrom('con', 'CON', 'nul.x', 'aux', '..', '.', '~', 'COM1', '%63on'),
    )
    .map((text) => text.normalize('NFC'))
    .filter((text) => isSetId(text));

  test('always lies in sets/, with safe characters, short, and as one file name everywhere', () => {
    property(
      fc.property(ids, (id) => {
        const document = documentOf(parseSetId(id));
        const name = document.slice('sets/'.length);
        expect(document).toMatch(/^sets\/[a-zA-Z0-9._%~-]+$/);
        expect(name).toMatch(/^(?:~[0-9a-f]{64}|(?:[a-z0-9._-]|%[0-9A-F]{2})+)$/);
        expect(name).not.toMatch(/^\.|\.$/);
        expect(name).not.toMatch(/^(?:con|prn|aux|nul|com[1-9]|lpt[1-9])(?:\.|$)/i);
        expect(Buffer.byteLength(name)).toBeLessThanOrEqual(200);
        for (const path of [posix, win32]) {
          expect(path.basename(name)).toBe(name);
          expect(path.relative('/keystore/sets', path.join('/keystore', document))).toBe(name);
        }
      }),
    );
  });

  test('is another for another id, also where a file system folds case', () => {
    property(
      fc.property(ids, ids, (a, b) => {
        const [one, other] = [a, b].map((id) => documentOf(parseSetId(id)).toLowerCase());
        expect(one === other).toBe(a === b);
      }),
    );
  });

  test('gives the id back, where it is not a hash', () => {
    property(
      fc.property(ids, (id) => {
        const name = documentOf(parseSetId(id)).slice('sets/'.length);
        if (!name.startsWith('~')) expect(decodeURIComponent(name)).toBe(id);
      }),
    );
  });

  function property<T>(run: fc.IProperty<T>): void {
    const seed = Math.floor(Math.random() * 2 ** 31);
    console.log(`set ids: seed ${seed}`);
    fc.assert(run, { seed, numRuns: 3_000 });
  }
});

describe('no set id', () => {
  test.each([
    ['empty', ''],
    ['a newline', 'a\nb'],
    ['NUL', 'a\0'],
    ['DEL', 'a\x7f'],
    ['C1', 'a\u0085'],
    ['half a surrogate pair', 'a\ud800'],
    ['not NFC', 'e\u0301'],
    ['129 characters', 'a'.repeat(129)],
    ['the word jwk', 'jwk'],
    ['the word jwks', 'jwks'],
    ['the file name of a long one', `~${sha256(emoji)}`],
  ])('%s', async (_, text) => {
    expect(await codeOf((async () => parseSetId(text))())).toBe('usage');
  });

  test('128 characters outside the first plane are one', () => {
    expect(parseSetId('🔑'.repeat(128))).toHaveLength(256);
  });
});

test('a key id has up to 256 characters, and jwk is one', async () => {
  expect(parseKeyId('k'.repeat(256))).toHaveLength(256);
  expect(parseKeyId('jwk')).toBe('jwk');
  for (const text of ['', 'k'.repeat(257), 'a\tb', 'e\u0301'])
    expect(await codeOf((async () => parseKeyId(text))())).toBe('usage');
});

function isSetId(text: string): boolean {
  try {
    parseSetId(text);
    return true;
  } catch {
    return false;
  }
}
