// What is written into a host's memory and what is left alone, and what of a file that others wrote counts.
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { realFileSystem } from '../../src/keystore/file-system.ts';
import { SeenFiles } from '../../src/keystore/seen.ts';
import { SeenFile } from '../../src/keystore/seen-file.ts';
import { StateDirectory } from '../../src/keystore/state-directory.ts';
import { recordingFileSystem } from '../support/faulty-file-system.ts';
import { modeOf } from '../support/keystore-files.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const fingerprint = 'A'.repeat(43);
const other = 'B'.repeat(43);
const set = 'sets/auth';
const document = (revision: number, sha256 = `hash ${revision}`) => ({ revision, sha256 });
const opened = (place: string) => ({ place, openedWithSecret: true, acceptRollback: false });
const accepting = { place: '/one', openedWithSecret: true, acceptRollback: true };

/** A host that has opened a keystore at /one, and seen revision 5 there. */
function host() {
  const directory = join(temporaryDirectory(), 'state');
  const files = () => new SeenFiles(realFileSystem, directory);
  const seen = files().of(fingerprint, '/one');
  seen.accept(set, document(5));
  seen.save(opened('/one'));
  const { fs, calls } = recordingFileSystem();
  const count = (operation: string) => calls.filter((call) => call.operation === operation).length;
  return { directory, files, recorded: new SeenFiles(fs, directory), count, calls };
}

describe('what is not new', () => {
  test('is not written, and no file is read for it again', () => {
    const { recorded, calls, count } = host();
    const seen = recorded.of(fingerprint, '/one');
    const before = calls.length;
    seen.save(opened('/one'));
    seen.save({ ...opened('/two'), openedWithSecret: false });
    expect(calls.length).toBe(before);
    seen.accept(set, document(5));
    seen.acceptAbsent('sets/none');
    seen.save(accepting);
    expect(count('rename')).toBe(0);
    const reads = count('readFile');
    recorded.of(fingerprint, '/one');
    expect(count('readFile')).toBe(reads);
  });

  test('leaves the files of other keystores as they are', () => {
    const { files, recorded, count } = host();
    files().of(other, '/two').save(opened('/two'));
    recorded.of(fingerprint, '/three').save(opened('/three'));
    expect(count('rename')).toBe(1);
    // Reading moves no place, whatever else is new.
    const seen = files().of(fingerprint, '/two');
    seen.accept(set, document(6));
    seen.save({ ...opened('/two'), openedWithSecret: false });
    expect([files().fingerprintAt('/two'), files().of(fingerprint).get(set)]).toEqual([other, document(6)]);
  });
});

describe('what is accepted', () => {
  test('is what is there now, also under the same number', () => {
    const { files } = host();
    const seen = files().of(fingerprint, '/one');
    seen.accept(set, document(5, 'other'));
    seen.save(accepting);
    expect(files().of(fingerprint).get(set)).toEqual(document(5, 'other'));
  });

  test('as gone stays known to a host that is not told to accept it', () => {
    const { files } = host();
    const seen = files().of(fingerprint, '/one');
    seen.acceptAbsent(set);
    seen.accept('sets/new', document(1));
    seen.save(opened('/one'));
    const again = files().of(fingerprint);
    expect([again.get(set), again.get('sets/new')]).toEqual([document(5), document(1)]);
  });
});

test('a new identity that has seen as much keeps what it has seen', () => {
  const { files } = host();
  const both = files();
  const next = both.of(other, '/one');
  next.accept(set, document(5, 'other'));
  next.save({ ...opened('/one'), openedWithSecret: false });
  // The master document was not seen under the one from before.
  expect(both.of(fingerprint, '/one').under(other).get(set)).toEqual(document(5, 'other'));
});

describe('a file that another version or hand wrote', () => {
  const good = '"sets/b":{"revision":1,"sha256":"x"}';
  const read = (text: string) => {
    const file = SeenFile.parse(text);
    return [file.places, file.names(), file.get('sets/b')];
  };
  const whole = [['/k'], ['sets/b'], { revision: 1, sha256: 'x' }];

  test.each([
    ['with a space', `{ "documents":{\n${good}\n},"places":["/k"]}\n`],
    ['on one line', `{"documents":{${good}},"places":["/k"]}\n`],
    ['in another order', `{"places":["/k"],"documents":{${good}}}`],
    ['with nothing for a name', `{"places":["/k"],"documents":{"sets/a":null,${good}}}`],
    ['with a text for a name', `{"places":["/k"],"documents":{"sets/a":"text",${good}}}`],
    [
      'with a revision that is none',
      `{"places":["/k"],"documents":{"sets/a":{"revision":"1","sha256":"x"},${good}}}`,
    ],
    [
      'with a hash that is none',
      `{"places":["/k"],"documents":{"sets/a":{"revision":1,"sha256":7},${good}}}`,
    ],
  ])('%s counts as far as it can be read', (_, text) => {
    expect(read(text)).toEqual(whole);
  });

  test('that cannot be read is none, and is written as one', () => {
    for (const text of ['rubbish', '', '{"places":{},"documents":{}}']) {
      expect(read(text)).toEqual([[], [], undefined]);
      expect(SeenFile.parse(text).toString()).toBe('{"documents":{\n},"places":[]}\n');
    }
  });

  test('with a line that is broken has no names, and nothing under that one', () => {
    const text = `{"documents":{\n"sets/a:{"revision":1,"sha256":"x"},\n${good}\n},"places":["/k"]}\n`;
    expect(SeenFile.parse(text).names()).toEqual([]);
    const value = `{"documents":{\n"sets/b":{"revision":1,"sha256":"x}\n},"places":["/k"]}\n`;
    expect(SeenFile.parse(value).get('sets/b')).toBeUndefined();
  });
});

test("the directory is the owner's alone", () => {
  const path = join(temporaryDirectory(), 'state');
  new StateDirectory(realFileSystem, path).write(fingerprint, 'text');
  expect([modeOf(path), modeOf(join(path, `${fingerprint}.json`))]).toEqual(['0700', '0600']);
});
