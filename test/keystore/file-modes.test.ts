// Who may read a keystore's files: the owner alone, and the group where the directory was given one.
import { chmodSync, chownSync, lstatSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { expect, onTestFinished, test } from 'vitest';
import { FileStorage } from '../../src/keystore/file-storage.ts';
import { findSecret } from '../../src/keystore/secret-sources.ts';
import { openKeystore } from '../../src/operations/open.ts';
import { interferedFileSystem } from '../support/faulty-file-system.ts';
import { accessIn, addKey } from '../support/keystore.ts';
import { modeOf, modesBelow, pathsBelow } from '../support/keystore-files.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const isRoot = process.geteuid?.() === 0;
const otherGroup = 12_345;

/** A worker thread, in which mutation tests run, has the one of its process. */
function withUmask(mask: number): void {
  if (!isMainThread) return;
  const before = process.umask(mask);
  onTestFinished(() => void process.umask(before));
}

test.each([0o000, 0o022, 0o077])(
  "umask %i (decimal): all that is made is the owner's alone",
  async (mask) => {
    const home = temporaryDirectory();
    withUmask(mask);
    const base = accessIn(home);
    const sources = { ownFile: base.secretFile, stdin: () => process.stdin, uid: base.uid };
    const access = { ...base, findSecret: () => findSecret(sources) };
    const keystore = await openKeystore(access, () => {});
    await addKey(keystore);
    await addKey(keystore);
    keystore.reader.remember(true);
    const made = pathsBelow(home);
    expect(made).toEqual(
      expect.arrayContaining(['share/jwks/sets/auth/2.json', 'config/jwks/secret', 'state/jwks/']),
    );
    expect(made.filter((path) => path.startsWith('state/jwks/'))).toHaveLength(2);
    for (const [path, mode] of Object.entries(modesBelow(home))) {
      expect(`${path} ${mode}`).toBe(`${path} ${path.endsWith('/') ? '0700' : '0600'}`);
    }
  },
);

test.skipIf(!isRoot).each([
  { bits: 0o2750, directories: '2750', files: '0640' },
  { bits: 0o750, directories: '0750', files: '0640' },
  { bits: 0o770, directories: '0770', files: '0660' },
  { bits: 0o2770, directories: '2770', files: '0660' },
  { bits: 0o710, directories: '0710', files: '0600' },
  { bits: 0o755, directories: '0750', files: '0640' },
])('a keystore with group bits $directories', async ({ bits, directories, files }) => {
  for (const mask of [0o000, 0o077]) {
    const directory = join(temporaryDirectory(), 'keystore');
    mkdirSync(directory);
    chownSync(directory, 0, otherGroup);
    chmodSync(directory, bits);
    withUmask(mask);
    const storage = new FileStorage(directory);
    await storage.replace('master', 0, Buffer.from('master'));
    await storage.replace('sets/auth', 0, Buffer.from('one'));
    await storage.replace('sets/auth', 1, Buffer.from('two'));
    await storage.reserve('sets/other');
    for (const path of pathsBelow(directory)) {
      expect(`${path} ${modeOf(join(directory, path))}`).toBe(
        `${path} ${path.endsWith('/') ? directories : files}`,
      );
      expect(lstatSync(join(directory, path)).gid).toBe(otherGroup);
    }
  }
});

test.skipIf(!isMainThread).each([0o770, 0o750])(
  'a directory for a group has its bits as soon as it is made (%o, decimal)',
  async (bits) => {
    const directory = join(temporaryDirectory(), 'keystore');
    mkdirSync(directory);
    chmodSync(directory, bits);
    withUmask(0o022);
    const made: string[] = [];
    const fs = interferedFileSystem((call, proceed) => {
      const result = proceed();
      if (call.operation === 'mkdir') made.push(modeOf(String(call.args[0])));
      return result;
    });
    await new FileStorage(directory, { fs }).replace('sets/auth', 0, Buffer.from('one'));
    const mode = `0${bits.toString(8)}`;
    expect(made).toEqual([mode, mode]);
    expect(process.umask()).toBe(0o022);
  },
);

test.skipIf(!isRoot)("a keystore whose group has no bits stays the owner's alone", async () => {
  const directory = join(temporaryDirectory(), 'keystore');
  mkdirSync(directory, { mode: 0o700 });
  chownSync(directory, 0, otherGroup);
  await new FileStorage(directory).replace('sets/auth', 0, Buffer.from('one'));
  expect(modesBelow(directory)).toEqual({
    'sets/': '0700',
    'sets/auth/': '0700',
    'sets/auth/1.json': '0600',
  });
});

test('directories above a keystore are made for the owner alone, existing ones are left as they are', async () => {
  const home = temporaryDirectory();
  mkdirSync(join(home, 'share'), { mode: 0o755 });
  chmodSync(join(home, 'share'), 0o755);
  const base = accessIn(home, { directory: join(home, 'share', 'deep', 'jwks') });
  const text = 'jwks_secret_'.padEnd(55, 'A');
  await openKeystore({ ...base, findSecret: async () => ({ text, source: 'a test' }) }, () => {});
  expect(modeOf(join(home, 'share'))).toBe('0755');
  expect(modeOf(join(home, 'share', 'deep'))).toBe('0700');
  expect(modeOf(dirname(join(base.directory, 'master', '1.json')))).toBe('0700');
});
