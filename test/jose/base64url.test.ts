// Base64url is read strictly: one text for one value.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeBase64url, encodeBase64url } from '../../src/jose/base64url.ts';

test('every value has one text, and it is read back', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 70 }), (bytes) => {
      const text = encodeBase64url(bytes);
      expect(text).toMatch(/^[A-Za-z0-9_-]*$/);
      expect(decodeBase64url(text)).toEqual(Buffer.from(bytes));
    }),
  );
});

test('a text that is read is the one that is written', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[A-Za-z0-9_\-+/=]*$/)), (text) => {
      const bytes = decodeBase64url(text);
      if (bytes !== undefined) expect(encodeBase64url(bytes)).toBe(text);
    }),
  );
});

test('a view of a larger buffer is only itself', () => {
  expect(encodeBase64url(new Uint8Array(new Uint8Array([9, 1, 2, 9]).buffer, 1, 2))).toBe('AQI');
});

test.each([
  ['padding', 'AQ=='],
  ['the other alphabet', '+/8'],
  ['bits that count for nothing', 'AR'],
  ['a single character', 'A'],
  ['a blank', 'A Q'],
  ['a line end', 'AQ\n'],
  ['letters beyond ASCII', 'АQ'],
])('%s is refused', (_, text) => {
  expect(decodeBase64url(text)).toBeUndefined();
});
