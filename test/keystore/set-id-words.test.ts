// What is said of names that cannot be, and what of a name is kept.
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import {
  type DocumentName,
  documentOf,
  isDigest,
  isSetDocument,
  isStandIn,
  parseKeyId,
  parseNote,
  parseSetId,
  type SetId,
  setNameOf,
  toActor,
} from '../../src/keystore/set-id.ts';
import { toldBy } from '../support/told.ts';

const digest = `~${createHash('sha256').update('x').digest('hex')}`;

describe('what is refused, in words', () => {
  const control = 'it has a control character or half a surrogate pair';
  test.each([
    ['', 'it is empty'],
    ['a'.repeat(129), 'it has 129 characters, 128 are the most'],
    ['a\nb', control],
    ['a\ud800', control],
    ['e\u0301', 'it is not in Unicode normal form C'],
    [digest, 'it stands for one that is too long for a file name'],
  ])('a set id: %j', async (id, fault) => {
    expect(await toldBy(() => parseSetId(id))).toEqual({
      code: 'usage',
      message: `this cannot be a set id: ${fault}`,
      hint: undefined,
    });
  });

  test.each(['jwk', 'jwks'])('the word "%s" in the place of a set id', async (word) => {
    expect(await toldBy(() => parseSetId(word))).toEqual({
      code: 'usage',
      message: `"${word}" cannot be a set id`,
      hint: 'the word is skipped in front of one, as in: jwks create jwks SET',
    });
  });

  test.each([
    ['', 'it is empty'],
    ['a'.repeat(257), 'it has 257 characters, 256 are the most'],
    ['a\u007f', control],
  ])('a key id: %j', async (kid, fault) => {
    const message = `this cannot be a key id: ${fault}`;
    expect(await toldBy(() => parseKeyId(kid))).toEqual({ code: 'usage', message, hint: undefined });
  });

  test.each([
    ['', 'it is empty'],
    ['a'.repeat(1_001), 'it has 1001 characters, 1000 are the most'],
    ['a\u0000', control],
  ])('a note: %j', async (note, fault) => {
    const message = `this cannot be a note: ${fault}`;
    expect(await toldBy(() => parseNote(note))).toEqual({ code: 'usage', message, hint: undefined });
  });
});

test('a note is kept in normal form C, which is what its length is of', () => {
  expect(parseNote('cafe\u0301')).toBe('caf\u00e9');
  expect(parseNote('e\u0301'.repeat(1_000))).toBe('\u00e9'.repeat(1_000));
});

test('who made a change is kept without control characters, and cut at 256 characters', () => {
  expect(toActor('al\u0007ice\n@lap\ud800top')).toBe('alice@laptop');
  expect(toActor('🔑'.repeat(300))).toBe('🔑'.repeat(256));
});

describe('a name that stands for one that is too long', () => {
  test('is its own document', () => {
    expect(documentOf(digest as SetId)).toBe(`sets/${digest}`);
    expect([isStandIn(digest as SetId), isStandIn('auth' as SetId)]).toEqual([true, false]);
  });

  test('is nothing longer, and nothing that ends like one', () => {
    expect(isDigest(`sets/${digest}0`)).toBe(false);
    expect(isDigest(`sets/a/sets/${digest}`)).toBe(false);
    expect(parseSetId(`${digest}0`)).toBe(`${digest}0`);
    expect(parseSetId(`a/sets/${digest}`)).toBe(`a/sets/${digest}`);
  });

  test('is made from 201 bytes on', () => {
    const longest = parseSetId(`${'A'.repeat(66)}aa`);
    expect(documentOf(longest)).toBe(`sets/${'%41'.repeat(66)}aa`);
    expect(isDigest(documentOf(parseSetId(`${longest}a`)))).toBe(true);
  });
});

test.each<[DocumentName, boolean]>([
  [`sets/${digest}`, true],
  ['sets/auth', true],
  ['sets/%41uth', true],
  // Not as we write it: a copy by hand, or an encoding of something else.
  ['sets/Auth', false],
  ['sets/auth copy', false],
  ['sets/%61uth', false],
  ['sets/%ZZ', false],
  ['sets/%0A', false],
  ['sets/', false],
  [`sets/${'a'.repeat(129)}`, false],
])('%s can be the document of a set: %s', (name, isOne) => {
  expect(isSetDocument(name)).toBe(isOne);
});

test('a byte is written with two digits', () => {
  expect(documentOf('\u0001' as SetId)).toBe('sets/%01');
});

test('a document tells the set id, or its own name where that is not to be had', () => {
  expect(setNameOf('sets/%41uth')).toBe('Auth');
  expect(setNameOf('sets/%ZZ')).toBe('%ZZ');
  expect(setNameOf(`sets/${digest}`)).toBe(digest);
});
