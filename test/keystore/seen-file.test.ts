// The file in which a host remembers a keystore, against a plain map: whatever names it holds, in whichever order.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type SeenDocument, SeenFile } from '../../src/keystore/seen-file.ts';

const empty = SeenFile.parse('');
const document = (revision: number): SeenDocument => ({ revision, sha256: `hash of ${revision}` });
/** Also what has to be escaped, and what looks like the end of a line. */
const name = fc.oneof(
  fc.constantFrom(
    'master',
    'sets/a',
    'sets/a,',
    'sets/"}',
    'a":{"revision":1',
    '__proto__',
    '\n',
    '\\',
    '',
    '9',
  ),
  fc.string({ unit: 'binary', maxLength: 6 }),
);
const change = fc.tuple(name, fc.option(fc.nat({ max: 99 }).map(document), { nil: undefined }));
const changes = fc.array(fc.array(change, { maxLength: 40 }), { maxLength: 5 });

const contentOf = (file: SeenFile) => JSON.parse(file.toString());

test('is what a map would be, after every change and when it is read again', () => {
  fc.assert(
    fc.property(changes, name, (rounds, other) => {
      const model = new Map<string, SeenDocument>();
      let file = empty;
      for (const round of rounds) {
        const seen = new Map(round);
        file = file.with(['/keys'], seen);
        for (const [key, value] of seen) {
          if (value === undefined) model.delete(key);
          else model.set(key, value);
        }
        for (const one of [file, SeenFile.parse(file.toString())]) {
          expect(new Map(Object.entries(contentOf(one).documents))).toEqual(model);
          expect(one.names().sort()).toEqual([...model.keys()].sort());
          for (const key of [...model.keys(), ...seen.keys(), other])
            expect(one.get(key)).toEqual(model.get(key));
        }
        expect(SeenFile.isWhole(file.toString())).toBe(true);
      }
    }),
  );
});

test('one that is not in order is read all the same, and written in order', () => {
  const text =
    '{"places":["/keys"],"documents":{\n"sets/b":{"revision":2,"sha256":"x"},\n"master":{"revision":1,"sha256":"y"}\n}}\n';
  const file = SeenFile.parse(text);
  expect(file.get('sets/b')).toEqual({ revision: 2, sha256: 'x' });
  expect(file.get('master')).toEqual({ revision: 1, sha256: 'y' });
  expect(file.toString().indexOf('master')).toBeLessThan(file.toString().indexOf('sets/b'));
  expect(contentOf(file)).toEqual(JSON.parse(text));
});

describe('one that was changed by hand', () => {
  const three = empty.with(['/keys'], new Map([1, 2, 3].map((n) => [`sets/${n}`, document(n)])));
  const text = three.toString();

  test.each([
    ['a line that is no JSON', text.replace('"hash of 2"', '"hash of 2')],
    ['a revision that is no number', text.replace('"revision":2', '"revision":"2"')],
    ['lines out of order', text.replace('sets/1', 'sets/9')],
    ['a place that is no text', text.replace('"/keys"', '7')],
    ['a list of documents', '{"documents":[],"places":[]}'],
    ['nothing', ''],
  ])('%s is told', (_, changed) => {
    expect(changed).not.toBe(text);
    expect(SeenFile.isWhole(changed)).toBe(false);
    expect(() => SeenFile.parse(changed).names()).not.toThrow();
  });

  test('a line that cannot be read is written anew with what is seen next', () => {
    const broken = SeenFile.parse(text.replace('sets/2"', 'sets/2'));
    const written = broken.with(['/keys'], new Map([['sets/2', document(4)]]));
    expect(SeenFile.isWhole(written.toString())).toBe(true);
    expect(written.get('sets/2')).toEqual(document(4));
  });
});
