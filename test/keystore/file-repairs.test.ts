// Owners and modes of a keystore's files, and how what is superseded or too open is mended.
import { chmodSync, chownSync, linkSync, lstatSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  closedFaults,
  type FileFault,
  mergeFaults,
  ownershipFaults,
  type Repair,
} from '../../src/keystore/file-fault.ts';
import { realFileSystem } from '../../src/keystore/file-system.ts';
import { inspectFiles } from '../../src/keystore/inspect-files.ts';
import { repairFile } from '../../src/keystore/repair-files.ts';
import { digestOf } from '../../src/keystore/set-document.ts';
import { recordingFileSystem } from '../support/faulty-file-system.ts';
import { noon } from '../support/keystore.ts';
import { modeOf } from '../support/keystore-files.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const uid = process.geteuid?.() ?? 0;
const isRoot = uid === 0;

function looked(mode: number, by: number | undefined, owner = uid, isShared = false) {
  const path = join(temporaryDirectory(), 'file');
  writeFileSync(path, '');
  chmodSync(path, mode);
  const stats = Object.assign(lstatSync(path), { uid: owner });
  return { path, label: 'it', stats, allowed: 0o600, uid: by, isShared };
}

describe('a mode', () => {
  test.each([
    [0o640, 'warning'],
    [0o604, 'warning'],
    [0o611, 'warning'],
    [0o620, 'error'],
    [0o602, 'error'],
  ])('%o is more than is needed', (mode, severity) => {
    const file = looked(mode, uid);
    const { path, label } = file;
    expect(ownershipFaults(file)).toEqual([
      {
        ...{ code: 'mode', severity, advice: 'jwks doctor --repair tightens it' },
        message: `it has mode 0${mode.toString(8)}, and 0600 is enough`,
        repairs: [{ kind: 'tighten', path, label, allowed: 0o600 }],
      },
    ]);
    expect(ownershipFaults({ ...file, uid: undefined })).toEqual([]);
  });

  test('less is none', () => {
    expect([ownershipFaults(looked(0o600, uid)), ownershipFaults(looked(0o400, uid))]).toEqual([[], []]);
  });

  test('of somebody else is for its owner to mend', () => {
    const owner = {
      ...{ code: 'owner', severity: 'error', repairs: [] },
      message: 'it belongs to user 7, and this is user 8',
      advice: "give it to its keystore's user with chown, or run jwks as its owner",
    };
    const mode = { code: 'mode', advice: 'its owner can tighten it with chmod', repairs: [] };
    expect(ownershipFaults(looked(0o600, 8, 7))).toEqual([owner]);
    expect(ownershipFaults(looked(0o640, 8, 7))).toMatchObject([owner, mode]);
    // Root's is everybody's, and a group that may write is of one mind.
    expect(ownershipFaults(looked(0o600, 8, 0))).toEqual([]);
    expect(ownershipFaults(looked(0o600, 8, 7, true))).toEqual([]);
  });

  test.each([
    [0o600, 'read'],
    [0o300, 'read'],
    [0o500, 'change'],
  ])('%o of a directory shuts its own user out', (mode, verb) => {
    const directory = looked(mode, 7, 7);
    expect(closedFaults(directory)).toEqual([
      {
        ...{ code: 'closed', severity: 'error', repairs: [] },
        message: `it has mode 0${mode.toString(8)}, so its owner cannot ${verb} what is in it`,
        advice: `chmod u+rwx ${directory.path}`,
      },
    ]);
    for (const other of [{ uid: undefined }, { uid: 0 }, { uid: 8 }])
      expect(closedFaults({ ...directory, ...other })).toEqual([]);
    expect(closedFaults(looked(0o700, 7, 7))).toEqual([]);
    expect(closedFaults({ ...looked(mode, 0, 0) })).toEqual([]);
  });

  test('is taken back to what is allowed, and no further', () => {
    const { path } = looked(0o664, uid);
    const repair: Repair = { kind: 'tighten', path, label: 'it', allowed: 0o640 };
    const tell = (by = uid) => repairFile(realFileSystem, '/', repair, noon, by);
    expect(tell(uid + 1)).toEqual([]);
    expect([tell(), modeOf(path)]).toEqual([['took it from mode 0664 to 0640'], '0640']);
    expect(tell()).toEqual([]);
    chmodSync(path, 0o1664);
    expect([tell(), modeOf(path)]).toEqual([['took it from mode 0664 to 0640'], '1640']);
    expect(repairFile(realFileSystem, '/', { ...repair, path: `${path}-gone` }, noon, uid)).toEqual([]);
  });
});

describe.skipIf(!isRoot)('the group of a keystore (skipped: only root gives files away)', () => {
  test('may have what it was given, its files less than its directories', () => {
    const directory = temporaryDirectory();
    mkdirSync(join(directory, 'sets', 'auth'), { recursive: true });
    const file = join(directory, 'sets', 'auth', '1.json');
    writeFileSync(file, 'text');
    const [parent, place] = [join(directory, 'sets'), join(directory, 'sets', 'auth')];
    for (const path of [directory, parent, place]) chmodSync(path, 0o750);
    for (const path of [directory, parent, place, file]) chownSync(path, 0, 7);
    const tell = () => inspectFiles(realFileSystem, directory, noon, 0).map(({ message }) => message);
    chmodSync(file, 0o640);
    expect(tell()).toEqual([]);
    chmodSync(file, 0o650);
    expect(tell()).toEqual(['sets/auth/1.json has mode 0650, and 0640 is enough']);
    chmodSync(file, 0o640);
    chownSync(file, 0, 8);
    expect(tell()).toEqual(['sets/auth/1.json has mode 0640, and 0600 is enough']);
    chmodSync(file, 0o600);
    chownSync(file, 9, 7);
    expect(tell()).toEqual(['sets/auth/1.json belongs to user 9, and this is user 0']);
    chmodSync(directory, 0o770);
    expect(tell()).toEqual([]);
    chmodSync(directory, 0o755);
    expect(tell()).toContain(`the keystore ${directory} has mode 0755, and 0750 is enough`);
  });
});

describe('superseded revisions', () => {
  const name = 'sets/auth';

  function repairOf(texts: readonly string[]) {
    const directory = temporaryDirectory();
    const place = join(directory, name);
    mkdirSync(place, { recursive: true });
    for (const [index, text] of texts.entries()) writeFileSync(join(place, `${index + 1}.json`), text);
    const revisions = texts
      .slice(0, -1)
      .map((text, index) => ({ revision: index + 1, sha256: digestOf(Buffer.from(text)) }));
    const repair: Repair = { kind: 'empty', name, revisions, newest: texts.length, isProved: true };
    const contents = () => texts.map((_, index) => readFileSync(join(place, `${index + 1}.json`), 'utf8'));
    return { directory, place, repair, contents };
  }

  test('are emptied from the lowest up, once what supersedes them is on the disk', () => {
    const { directory, place, repair, contents } = repairOf(['one', 'two', 'three']);
    const { fs, calls } = recordingFileSystem();
    expect(repairFile(fs, directory, repair, noon, uid)).toEqual([
      'emptied the superseded sets/auth/1.json, sets/auth/2.json',
    ]);
    expect(contents()).toEqual(['', '', 'three']);
    const steps = calls.filter(({ operation }) => ['openDirectory', 'truncate'].includes(operation));
    expect(steps.map(({ args }) => args[0])).toEqual([
      join(place, '3.json'),
      place,
      join(place, '1.json'),
      join(place, '2.json'),
    ]);
    expect(repairFile(fs, directory, repair, noon, uid)).toEqual([]);
  });

  test('that are empty, others by now, or have another name are left', () => {
    const { directory, place, repair, contents } = repairOf(['one', '', 'three', 'four', 'five']);
    writeFileSync(join(place, '1.json'), 'another');
    linkSync(join(place, '3.json'), join(directory, 'backup'));
    expect(repairFile(realFileSystem, directory, repair, noon, uid)).toEqual([
      'emptied the superseded sets/auth/4.json',
    ]);
    expect(contents()).toEqual(['another', '', 'three', '', 'five']);
  });
});

test('faults of one kind are told once, with all that mends them', () => {
  const fault: FileFault = {
    ...{ name: 'sets/auth', code: 'mode', severity: 'warning', message: 'a', advice: 'b' },
    repairs: [{ kind: 'remove', path: '/a', label: 'a' }],
  };
  const others: FileFault[] = [
    { ...fault, name: 'sets/b' },
    { ...fault, code: 'owner' },
    { ...fault, severity: 'error' },
    { ...fault, advice: 'c' },
    { ...fault, isStill: () => true },
    { ...fault, isStill: () => true },
  ];
  expect(mergeFaults([fault, ...others])).toEqual([fault, ...others]);
  const more: FileFault = { ...fault, message: 'z', repairs: [{ kind: 'remove', path: '/z', label: 'z' }] };
  expect(mergeFaults([fault, more, more])).toEqual([
    {
      ...fault,
      message: 'a (and 2 more like it)',
      repairs: [...fault.repairs, ...more.repairs, ...more.repairs],
    },
  ]);
});
