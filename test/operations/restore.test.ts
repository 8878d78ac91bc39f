// Restores that are stopped at every system call, or meet others: run again, they finish.
import { cpSync, existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Backup } from '../../src/keystore/backup.ts';
import { FileStorage } from '../../src/keystore/file-storage.ts';
import { type FileSystem, realFileSystem } from '../../src/keystore/file-system.ts';
import { MemoryStorage } from '../../src/keystore/memory-storage.ts';
import { type DocumentName, parseSetId, type SetId } from '../../src/keystore/set-id.ts';
import type { StoredDocument } from '../../src/keystore/storage.ts';
import { applyRestore } from '../../src/operations/apply-restore.ts';
import { makeBackup } from '../../src/operations/make-backup.ts';
import { openKeystore } from '../../src/operations/open.ts';
import { readBackup } from '../../src/operations/open-backup.ts';
import { planRestore } from '../../src/operations/plan-restore.ts';
import { rekey } from '../../src/operations/rekey.ts';
import { endingOf } from '../support/endings.ts';
import { ofExtent } from '../support/extent.ts';
import { dyingAt, failingOnce, recordingFileSystem } from '../support/faulty-file-system.ts';
import {
  accessIn,
  addKey,
  auth,
  codeOf,
  type DirectoryAccess,
  makeKeystoreIn,
  mustRead,
  noon,
  secretOf,
} from '../support/keystore.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const pay = parseSetId('pay');
const names: readonly DocumentName[] = ['master', 'sets/auth', 'sets/pay'];

interface Prepared {
  readonly home: string;
  readonly backup: Backup;
  /** The first revision of one of the sets. */
  readonly early: StoredDocument;
  readonly access: (fs: FileSystem, home?: string) => DirectoryAccess;
}

/** A keystore with two sets of several revisions, and a backup of it. */
async function prepared(): Promise<Prepared> {
  const storage = new MemoryStorage();
  const made = await makeKeystoreIn(storage);
  const keystore = await made.open();
  await addKey(keystore);
  const early = await mustRead(storage, 'sets/auth');
  for (const set of [auth, pay, auth]) await addKey(keystore, set);
  const { bytes } = await makeBackup(keystore.reader, noon, undefined);
  const home = temporaryDirectory();
  return {
    home,
    backup: await readBackup(bytes, 'b.json', async () => undefined),
    early,
    access: (fs, own = home) => accessIn(own, { fs, findSecret: secretOf(made.text) }),
  };
}

async function restore(
  { backup }: Prepared,
  access: DirectoryAccess,
  more: { readonly sets?: readonly SetId[]; readonly force?: boolean } = {},
): Promise<string> {
  const request = { backup, source: 'b.json', sets: [], force: false, ...more };
  const restored = await applyRestore(access, await planRestore(access, request));
  return restored.map(({ set, revision, action }) => `${set} ${revision} ${action}`).join(', ');
}

async function expectWhole({ backup, access }: Prepared, home: string): Promise<void> {
  const own = access(realFileSystem, home);
  const storage = new FileStorage(own.directory);
  for (const name of names) {
    const wanted = name === 'master' ? backup.master : backup.sets.get(name);
    const there = await mustRead(storage, name);
    expect([name, there.revision, there.bytes.toString()]).toEqual([
      name,
      wanted?.revision,
      wanted?.bytes.toString(),
    ]);
  }
  // Opens as the host that has seen it does, and goes on from where it was.
  const keystore = await openKeystore(own, undefined);
  expect((await keystore.reader.readManifests()).map(({ set, revision }) => [set, revision])).toEqual([
    ['auth', 3],
    ['pay', 1],
  ]);
  await addKey(keystore);
  expect((await keystore.openSet(auth))?.privateKeys).toHaveLength(4);
}

/** The revisions of a set that hold something. */
function fullIn(home: string): string[] {
  const directory = join(home, 'share/jwks/sets/auth');
  return readdirSync(directory).filter(
    (name) => /^\d/.test(name) && statSync(join(directory, name)).size > 0,
  );
}

/** `JWKS_FAULTS=all` tries each system call; else some of them, with the last. */
const stride = ofExtent({ few: 17, more: 7, all: 1 });
const codes = ['ENOSPC', 'EIO', 'EACCES', 'EROFS', 'EMFILE'];

/** A system call of a restore is the last one, or fails, in turn. Returns at how many. */
async function sweep(
  own: Prepared,
  prepare: (home: string) => void,
  expected: RegExp,
  force = false,
): Promise<number> {
  const { fs, calls } = recordingFileSystem();
  const first = temporaryDirectory();
  prepare(first);
  expect(await restore(own, own.access(fs, first), { force })).toMatch(expected);
  await expectWhole(own, first);
  let points = 0;
  for (let index = calls.length; index > 0; index -= stride) {
    points += 1;
    const code = codes[index % codes.length] ?? 'EIO';
    for (const faulty of [dyingAt(index), failingOnce(index, code)]) {
      const home = temporaryDirectory();
      prepare(home);
      const ended = await endingOf(restore(own, own.access(faulty, home), { force }));
      const again = await endingOf(restore(own, own.access(realFileSystem, home), { force }));
      // It is done, or it was: then there is nothing to do any more.
      expect([index, ended, again]).toEqual([index, ended, expect.stringMatching(/^auth 3 |^conflict$/)]);
      if (ended.startsWith('auth')) expect(again).toBe(force ? 'auth 3 kept, pay 1 kept' : 'conflict');
      if (force) expect([index, fullIn(home)]).toEqual([index, ['3.json']]);
      await expectWhole(own, home);
      rmSync(home, { recursive: true });
    }
  }
  expect(points * stride).toBeGreaterThanOrEqual(calls.length);
  return points;
}

describe('a restore that is stopped', () => {
  test('into nothing: run again it finishes', async () => {
    const own = await prepared();
    const points = await sweep(own, () => {}, /^auth 3 written, pay 1 written$/);
    console.info(`a restore into nothing: stopped at ${points} system calls, in two ways`);
    expect(points * stride).toBeGreaterThan(150);
  }, 120_000);

  test('into a keystore that lost a set: run again it finishes', async () => {
    const own = await prepared();
    await restore(own, own.access(realFileSystem));
    const prepare = (home: string) => {
      cpSync(own.home, home, { recursive: true });
      rmSync(join(home, 'share/jwks/sets/auth'), { recursive: true });
    };
    const points = await sweep(own, prepare, /^auth 3 written, pay 1 kept$/);
    console.info(`a restore of one set: stopped at ${points} system calls, in two ways`);
    expect(points * stride).toBeGreaterThan(80);
  }, 120_000);

  test('over an older state, with --force: run again it finishes', async () => {
    const own = await prepared();
    const sets = new Map<DocumentName, StoredDocument>([...own.backup.sets, ['sets/auth', own.early]]);
    await restore({ ...own, backup: { ...own.backup, sets } }, own.access(realFileSystem));
    const prepare = (home: string) => cpSync(own.home, home, { recursive: true });
    const points = await sweep(own, prepare, /^auth 3 written, pay 1 kept$/, true);
    console.info(`a restore over an older state: stopped at ${points} system calls, in two ways`);
    expect(points * stride).toBeGreaterThan(80);
  }, 120_000);
});

test('a directory with something else in it is left alone', async () => {
  const own = await prepared();
  const access = own.access(realFileSystem);
  // A part of another restore: the same name with other bytes.
  const other = await prepared();
  await restore(other, { ...other.access(realFileSystem, own.home), stateDirectory: undefined });
  rmSync(join(access.directory, 'master'), { recursive: true });
  expect(await endingOf(restore(own, access))).toBe('conflict');
  expect(await endingOf(restore(own, access, { force: true }))).toBe('conflict');
  expect(existsSync(join(access.directory, 'master'))).toBe(false);
});

test('a restore tells how many of the sets are done', async () => {
  const own = await prepared();
  const access = own.access(realFileSystem);
  const told: string[] = [];
  const plan = await planRestore(access, { backup: own.backup, source: 'b.json', sets: [], force: false });
  await applyRestore(access, plan, (done, of) => told.push(`${done} of ${of}`));
  expect(told).toEqual(['0 of 2', '1 of 2']);
});

/** A keystore that was restored and has lost a set since, with the plan to restore that; somebody else has it open. */
async function plannedAfterLoss() {
  const own = await prepared();
  const access = own.access(realFileSystem);
  await restore(own, access);
  rmSync(join(access.directory, 'sets/auth'), { recursive: true });
  const request = { backup: own.backup, source: 'b.json', sets: [auth], force: false };
  const plan = await planRestore(access, request);
  const keystore = await openKeystore({ ...access, acceptRollback: true }, undefined);
  return { own, access, plan, keystore };
}

test('a set that is made there meanwhile is not replaced', async () => {
  const { access, plan, keystore } = await plannedAfterLoss();
  await addKey(keystore);
  expect(await codeOf(applyRestore(access, plan))).toBe('conflict');
  expect((await keystore.openSet(auth))?.manifest.revision).toBe(1);
});

test('a rekey that is made between the plan and the writing leaves no set behind that nobody can open', async () => {
  const { own, access, plan, keystore } = await plannedAfterLoss();
  await rekey(keystore, { secrets: [], drop: [], newIdentity: false });
  expect(await codeOf(applyRestore(access, plan))).toBe('damaged');
  expect(await keystore.openSet(auth)).toBeUndefined();
  expect(await restore(own, access, { sets: [auth] })).toBe('auth 4 resealed');
  expect((await keystore.openSet(auth))?.privateKeys).toHaveLength(3);
  expect((await keystore.openSet(pay))?.privateKeys).toHaveLength(1);
});

test('a damaged document that is older than the backup gives way, with --force; else it says what to do', async () => {
  const own = await prepared();
  const access = own.access(realFileSystem);
  await restore(own, access);
  const storage = new FileStorage(access.directory);
  rmSync(join(access.directory, 'sets/auth'), { recursive: true });
  await storage.replace('sets/auth', 0, Buffer.from('not JSON'));
  expect(await endingOf(restore(own, access, { sets: [auth] }))).toBe('conflict');
  expect(await restore(own, access, { sets: [auth], force: true })).toBe('auth 3 written');
  rmSync(join(access.directory, 'sets/auth'), { recursive: true });
  await storage.seed('sets/auth', 0, 3, Buffer.from('not JSON'));
  // This host knows that what is damaged was this very document; another one does not.
  const stranger = { ...access, stateDirectory: undefined };
  expect(await endingOf(restore(own, stranger, { sets: [auth], force: true }))).toBe('damaged');
  expect(await restore(own, access, { sets: [auth], force: true })).toBe('auth 4 resealed');
  expect((await (await openKeystore(access, undefined)).openSet(auth))?.privateKeys).toHaveLength(3);
});

test('sets that are sealed under a key that the keystore does not hold are named, exit 6', async () => {
  const own = await prepared();
  const access = own.access(realFileSystem);
  await restore(own, access);
  const foreign = await prepared();
  const foreignPay = [...foreign.backup.sets].filter(([name]) => name === 'sets/pay');
  const sets = new Map([...own.backup.sets, ...foreignPay]);
  const request = { backup: { ...own.backup, sets }, source: 'b.json', sets: [], force: true };
  await expect(planRestore(access, request)).rejects.toMatchObject({
    code: 'damaged',
    message: expect.stringContaining('"pay"'),
  });
});
