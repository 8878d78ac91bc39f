// Where a host remembers what it has seen at several places, and what it says of what went back.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { realFileSystem } from '../../src/keystore/file-system.ts';
import { SeenFiles } from '../../src/keystore/seen.ts';
import { apartId, isStateFile } from '../../src/keystore/seen-file.ts';
import { StateDirectory } from '../../src/keystore/state-directory.ts';
import { failingAt, recordingFileSystem } from '../support/faulty-file-system.ts';
import { pathsBelow } from '../support/keystore-files.ts';
import { temporaryDirectory } from '../support/temporary.ts';
import { toldBy } from '../support/told.ts';

const fingerprint = 'A'.repeat(43);
const other = 'B'.repeat(43);
const set = 'sets/auth';
const document = (revision: number, sha256 = `hash ${revision}`) => ({ revision, sha256 });
const opened = (place: string, more: object = {}) => ({
  ...{ place, openedWithSecret: true, acceptRollback: false },
  ...more,
});

/** A host that has opened a keystore at /one, and seen revision 5 there. */
function host() {
  const directory = join(temporaryDirectory(), 'state');
  const files = () => new SeenFiles(realFileSystem, directory);
  const seen = files().of(fingerprint, '/one');
  seen.accept(set, document(5));
  seen.save(opened('/one'));
  return { directory, files };
}

const at = (files: SeenFiles, place?: string) => files.of(fingerprint, place).get(set)?.revision;

describe('what went back is told', () => {
  const hint = 'if it was restored from a backup on purpose, run once with --accept-rollback';
  test.each([
    [document(4), undefined, 'went back: it is revision 4, and this host has seen revision 5'],
    [
      document(5, 'other'),
      undefined,
      'is not the revision 5 that this host has seen: its history was forked or it was changed',
    ],
    [
      document(6),
      'other',
      'does not follow from the revision 5 that this host has seen: its history was forked',
    ],
  ])('%j', async (now, previous, fault) => {
    const seen = host().files().of(fingerprint);
    expect(seen.faultOf(set, now, previous)).toBe(fault);
    expect(await toldBy(() => seen.check(set, now, previous))).toEqual({
      ...{ code: 'rolled-back', message: `sets/auth ${fault}`, hint },
    });
    expect(seen.faultOf('sets/other', now, previous)).toBeUndefined();
  });

  test('what is gone', async () => {
    const seen = host().files().of(fingerprint);
    expect(await toldBy(() => seen.checkAbsent(set))).toEqual({
      code: 'rolled-back',
      message: 'sets/auth is gone, and this host has seen revision 5 of it',
      hint: 'if it was removed or an older keystore restored on purpose, run once with --accept-rollback',
    });
    expect(() => seen.checkAbsent('sets/other')).not.toThrow();
    seen.acceptAbsent(set);
    seen.acceptAbsent('sets/other');
    expect(() => seen.checkAbsent(set)).not.toThrow();
    expect(seen.names()).toEqual([]);
  });
});

test('only sets are named, those from before and those that are new', () => {
  const { files } = host();
  const seen = files().of(fingerprint);
  seen.accept('master', document(1));
  seen.accept('sets/new', document(1));
  expect(seen.names().sort()).toEqual([set, 'sets/new']);
  seen.save(opened('/one'));
  expect(seen.names().sort()).toEqual([set, 'sets/new']);
  expect([seen.get('master'), seen.get(set)]).toEqual([document(1), document(5)]);
});

describe('a place', () => {
  test('that nobody was told of shares what was seen, and one of its own does not', () => {
    const { files } = host();
    expect([files().knows(fingerprint, '/one'), files().knows(fingerprint, '/two')]).toEqual([true, false]);
    expect(files().knows(other, '/two')).toBe(true);
    const apart = files().apart(fingerprint, '/two');
    expect([at(files(), '/two'), apart.get(set)]).toEqual([5, undefined]);
    apart.accept(set, document(2));
    apart.save(opened('/two'));
    expect([at(files(), '/one'), at(files(), '/two'), at(files())]).toEqual([5, 2, 5]);
    expect([files().isApart(fingerprint, '/two'), files().isApart(fingerprint, '/one')]).toEqual([
      true,
      false,
    ]);
    expect(files().knows(fingerprint, '/two')).toBe(true);
    expect(files().apart(fingerprint, '/two').get(set)).toEqual(document(2));
    expect(files().apart(fingerprint, '/one').get(set)).toEqual(document(5));
    expect(files().fingerprintAt('/two')).toBe(fingerprint);
  });

  test('that another keystore takes is forgotten, with the file that was for it alone', () => {
    const { directory, files } = host();
    const apart = files().apart(fingerprint, '/two');
    apart.accept(set, document(2));
    apart.save(opened('/two'));
    expect(existsSync(join(directory, `${apartId(fingerprint, '/two')}.json`))).toBe(true);
    const same = files();
    same.of(other, '/two').save(opened('/two'));
    expect(readdirSync(directory).sort()).toEqual([`${fingerprint}.json`, `${other}.json`]);
    for (const each of [same, files()]) {
      expect([each.fingerprintAt('/two'), each.isApart(fingerprint, '/two')]).toEqual([other, false]);
    }
    // What was seen at the other places still counts.
    files().of(other, '/one').save(opened('/one'));
    expect([files().fingerprintAt('/one'), at(files())]).toEqual([other, 5]);
  });

  test('of several is forgotten alone', () => {
    const { files } = host();
    files().of(fingerprint, '/three').save(opened('/three'));
    files().of(other, '/one').save(opened('/one'));
    expect([files().fingerprintAt('/one'), files().fingerprintAt('/three')]).toEqual([other, fingerprint]);
  });
});

describe('saving', () => {
  test('writes nothing where there is nothing new', () => {
    const { directory, files } = host();
    const { fs, calls } = recordingFileSystem();
    const again = new SeenFiles(fs, directory);
    again.of(fingerprint, '/one').save(opened('/one'));
    const seen = again.of(fingerprint, '/one');
    for (const now of [document(5), document(5, 'other'), document(4)]) {
      seen.accept(set, now);
      seen.save(opened('/one'));
    }
    expect(calls.filter(({ operation }) => operation === 'rename')).toEqual([]);
    expect(files().of(fingerprint).get(set)).toEqual(document(5));
  });

  test('without the secret keeps what was seen, and moves no place', () => {
    const { files } = host();
    const seen = files().of(fingerprint, '/two');
    seen.accept(set, document(6));
    seen.save(opened('/two', { openedWithSecret: false }));
    expect([at(files()), files().fingerprintAt('/two')]).toEqual([6, undefined]);
  });

  test('of what was accepted goes back, and forgets what is gone', () => {
    const { files } = host();
    const seen = files().of(fingerprint, '/one');
    seen.accept(set, document(3));
    seen.accept('sets/gone', document(1));
    seen.save(opened('/one', { acceptRollback: true }));
    expect(at(files())).toBe(3);
    seen.acceptAbsent('sets/gone');
    seen.save(opened('/one', { acceptRollback: true }));
    expect(files().of(fingerprint).names()).toEqual([set]);
  });
});

test('a keystore with a new identity has seen what it has seen, where that is more', () => {
  const { files } = host();
  const before = files();
  const ahead = before.of(other, '/one');
  ahead.accept(set, document(7));
  ahead.accept('sets/b', document(1));
  ahead.save(opened('/one', { openedWithSecret: false }));
  const seen = before.of(fingerprint, '/one');
  for (const [name, revision] of [
    ['master', 3],
    ['sets/b', 2],
  ] as const)
    seen.accept(name, document(revision));
  const next = seen.under(other);
  expect([next.get(set), next.get('sets/b'), next.get('master')]).toEqual([
    document(7),
    document(2),
    document(3),
  ]);
  next.save(opened('/one'));
  expect(files().of(other).get('master')).toEqual(document(3));
});

describe('the directory', () => {
  test('has files of ours and others', () => {
    const [id, apart] = [fingerprint, apartId(fingerprint, '/two')];
    for (const name of [`${id}.json`, `${apart}.json`]) expect(isStateFile(name)).toBe(true);
    const strange = [
      `${id}.json.bak`,
      `x${id}.json`,
      `${id}.x.json`,
      `${id}_json`,
      `${apart}.${id}.json`,
      '.json',
    ];
    for (const name of strange) expect(isStateFile(name)).toBe(false);
    const path = temporaryDirectory();
    for (const name of [`${id}.json`, ...strange]) writeFileSync(join(path, name), 'text');
    const directory = new StateDirectory(realFileSystem, path);
    expect([directory.ids(), directory.read(id), directory.read(other)]).toEqual([[id], 'text', '']);
    directory.remove(id);
    expect(directory.ids()).toEqual([]);
  });

  test('need not be there, nor be told', () => {
    const nowhere = new StateDirectory(realFileSystem, undefined);
    expect([nowhere.ids(), nowhere.read(fingerprint), nowhere.write(fingerprint, 'x')]).toEqual([
      [],
      '',
      false,
    ]);
    expect(() => nowhere.remove(fingerprint)).not.toThrow();
    expect(new StateDirectory(realFileSystem, '/nowhere/at/all').ids()).toEqual([]);
  });

  test('is left as it was where a file cannot get its name', () => {
    const path = join(temporaryDirectory(), 'state');
    const failing = new StateDirectory(failingAt('rename', 'EIO'), path);
    expect(() => failing.write(fingerprint, 'text')).toThrow('EIO');
    expect(pathsBelow(path)).toEqual([]);
    const { fs, calls } = recordingFileSystem();
    expect(new StateDirectory(fs, path).write(fingerprint, 'text')).toBe(true);
    expect(readFileSync(join(path, `${fingerprint}.json`), 'utf8')).toBe('text');
    // What a crash makes us forget, the next command sees again.
    expect(calls.filter(({ operation }) => operation === 'fsync')).toEqual([]);
  });
});
