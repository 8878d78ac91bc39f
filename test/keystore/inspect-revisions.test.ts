// What the names and contents of a document's revisions say, and which of them may be emptied.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { realFileSystem } from '../../src/keystore/file-system.ts';
import { inspectFiles } from '../../src/keystore/inspect-files.ts';
import { forkedFaults, supersededFaults } from '../../src/keystore/inspect-revisions.ts';
import { saysToFollow } from '../../src/keystore/said-previous.ts';
import { digestOf } from '../../src/keystore/set-document.ts';
import { failingAt } from '../support/faulty-file-system.ts';
import { noon } from '../support/keystore.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const name = 'sets/auth';

/** A document as far as it says what it follows from. */
function documentOf(revision: number, before?: string, member = 'aad'): string {
  const previous = before === undefined ? undefined : digestOf(Buffer.from(before));
  const said = Buffer.from(JSON.stringify({ revision, previous })).toString('base64url');
  return JSON.stringify({ [member]: said });
}

/** Each follows from the one before, from the first on. */
function chainOf(count: number): string[] {
  const chain: string[] = [];
  for (let revision = 1; revision <= count; revision++) chain.push(documentOf(revision, chain.at(-1)));
  return chain;
}

function faultsOf(texts: readonly (string | undefined)[], fs = realFileSystem) {
  const directory = temporaryDirectory();
  const place = join(directory, name);
  mkdirSync(place, { recursive: true, mode: 0o700 });
  for (const [index, text] of texts.entries())
    if (text !== undefined) writeFileSync(join(place, `${index + 1}.json`), text, { mode: 0o600 });
  return { place, faults: inspectFiles(fs, directory, noon, process.geteuid?.()) };
}

const [first = '', second = '', third = ''] = chainOf(3);
const sha256Of = (text: string) => digestOf(Buffer.from(text));

test('only the newest is full: nothing is wrong', () => {
  expect(faultsOf(['', '', third]).faults).toEqual([]);
  expect(faultsOf([first]).faults).toEqual([]);
  expect(faultsOf([]).faults).toEqual([]);
});

test('names that are missing', () => {
  const { faults } = faultsOf([undefined, '', undefined, documentOf(4)]);
  expect(faults).toEqual([
    {
      ...{ name, code: 'revision-gap', severity: 'warning', repairs: [] },
      message: '2 of the revisions 1 to 4 of sets/auth are not there',
      advice: 'names are never removed: look at what copies or tidies this directory',
    },
  ]);
  expect(faultsOf([undefined, second]).faults).toMatchObject([
    { message: '1 of the revisions 1 to 2 of sets/auth is not there' },
  ]);
});

describe('the highest is empty', () => {
  const fault = { name, code: 'empty-revision', severity: 'error', repairs: [] };
  const message = 'sets/auth/3.json, the highest revision, is empty';

  test('and below it nothing is left, or something is', () => {
    expect(faultsOf(['', '', '']).faults).toMatchObject([
      { ...fault, message, advice: 'put it back from a backup' },
    ]);
    expect(faultsOf([first, second, '']).faults).toMatchObject([
      {
        ...{ ...fault, message },
        advice: 'put it back from a backup; sets/auth/2.json is still full, so keep a copy of that',
      },
    ]);
  });

  test('unless somebody has just made the next, or it is full by now', () => {
    const { place, faults } = faultsOf(['', '']);
    expect(faults[0]?.isStill?.()).toBe(true);
    writeFileSync(join(place, '3.json'), third);
    expect(faults[0]?.isStill?.()).toBe(false);
    rmSync(join(place, '3.json'));
    writeFileSync(join(place, '2.json'), second);
    expect(faults[0]?.isStill?.()).toBe(false);
  });
});

describe('below the newest is full', () => {
  const superseded = (revisions: readonly (readonly [number, string | undefined])[], isProved: boolean) => ({
    code: 'superseded',
    repairs: [
      {
        ...{ kind: 'empty', name, newest: 3, isProved },
        revisions: revisions.map(([revision, text]) => ({ revision, sha256: text && sha256Of(text) })),
      },
    ],
  });

  test('what a chain of full ones shows to be superseded', () => {
    expect(faultsOf([first, second, third]).faults).toMatchObject([
      superseded(
        [
          [1, first],
          [2, second],
        ],
        true,
      ),
    ]);
    const master = documentOf(2, first, 'payload');
    expect(faultsOf([first, master]).faults).toMatchObject([{ repairs: [{ isProved: true, newest: 2 }] }]);
  });

  test('what is behind a gap, or cannot be read: that is not known', () => {
    expect(faultsOf([first, '', third]).faults).toMatchObject([superseded([[1, first]], false)]);
    expect(faultsOf(['no document', second, third]).faults.map(({ code }) => code)).toEqual([
      'superseded',
      'forked',
    ]);
    const unreadable = faultsOf(['', second, 'no document']).faults;
    expect(unreadable).toMatchObject([superseded([[2, second]], false)]);
    // The first read is that of the newest.
    const blind = faultsOf(['', second, third], failingAt('readFile', 'EIO', 2)).faults;
    expect(blind).toMatchObject([superseded([[2, undefined]], false)]);
    expect(faultsOf([first, second, third], failingAt('readFile', 'EIO', 1)).faults).toMatchObject([
      superseded(
        [
          [1, first],
          [2, second],
        ],
        false,
      ),
    ]);
  });

  test('what the newest does not follow from is another history', () => {
    const other = documentOf(2, 'another');
    const { faults, place } = faultsOf([first, other, third]);
    expect(faults).toMatchObject([{ code: 'forked', message: expect.stringMatching(/^revisions 1, 2 of /) }]);
    expect(faults[0]?.isStill?.()).toBe(true);
    for (const revision of [1, 2]) writeFileSync(join(place, `${revision}.json`), '');
    expect(faults[0]?.isStill?.()).toBe(false);
  });

  test('one of another history below one that is superseded', () => {
    const other = documentOf(2, 'another');
    expect(faultsOf([first, other, documentOf(3, other)]).faults).toMatchObject([
      superseded([[2, other]], true),
      { code: 'forked', message: expect.stringMatching(/^revision 1 of /) },
    ]);
  });
});

describe('in words', () => {
  const full = (count: number) =>
    Array.from({ length: count }, (_, index) => ({ revision: index + 1, sha256: '' }));

  test('what is superseded', () => {
    const told = (count: number) => supersededFaults(name, 9, full(count), true)[0]?.message;
    expect(supersededFaults(name, 9, [], true)).toEqual([]);
    expect(supersededFaults(name, 9, full(1), true)).toEqual([
      {
        ...{ name, code: 'superseded', severity: 'warning' },
        message:
          '1 superseded revision of sets/auth is still full (1), perhaps with private keys that were destroyed since',
        advice: 'jwks doctor --repair, with the secret, empties what has no other name',
        repairs: [{ kind: 'empty', name, revisions: full(1), newest: 9, isProved: true }],
      },
    ]);
    expect(told(5)).toContain('5 superseded revisions of sets/auth are still full (1, 2, 3, 4, 5),');
    expect(told(6)).toContain('(1 to 6),');
  });

  test('two histories', () => {
    expect(forkedFaults(name, 9, [])).toEqual([]);
    const [one] = forkedFaults(name, 9, [8]);
    expect(one).toMatchObject({ name, code: 'forked', severity: 'error', repairs: [] });
    expect(one?.message).toBe(
      'revision 8 of sets/auth is full, and revision 9 does not follow from it: two histories have met, and one may hold keys that the other does not',
    );
    expect(one?.advice).toBe(
      'keep a copy; in a copy of the keystore without the revisions above, jwks export --private shows the keys of the other history, and jwks import takes them in here; then move the file away',
    );
    expect(forkedFaults(name, 9, [7, 8])[0]?.message).toContain(
      'revisions 7, 8 of sets/auth are full, and revision 9 does not follow from them:',
    );
  });
});

test('what a document says to follow from', () => {
  const bytes = (text: string) => Buffer.from(text);
  expect(saysToFollow(bytes(second), bytes(first))).toBe(true);
  expect(saysToFollow(bytes(second), bytes('another'))).toBe(false);
  expect(saysToFollow(bytes(first), bytes('nothing'))).toBe(false);
  for (const text of ['', '{}', 'null', '{"aad":1}', JSON.stringify({ aad: 'AAAA' })])
    expect(saysToFollow(bytes(text), bytes(first))).toBeUndefined();
  const noRevision = Buffer.from(JSON.stringify({ previous: sha256Of(first) })).toString('base64url');
  expect(saysToFollow(bytes(JSON.stringify({ aad: noRevision })), bytes(first))).toBeUndefined();
});
