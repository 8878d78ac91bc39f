// Changing a secret dies at each system call, or each one fails: the file always opens, and running it again ends it.
import { chownSync, cpSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type FileSystem, realFileSystem } from '../../src/keystore/file-system.ts';
import { ofExtent } from '../support/extent.ts';
import { dyingAt, failingAt, failingOnce, recordingFileSystem } from '../support/faulty-file-system.ts';
import { auth, codeOf } from '../support/keystore.ts';
import { changeIn, openIn, secretIn } from '../support/secret-changes.ts';
import { secretDirectory } from '../support/secret-directory.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const change = (directory: string, fs: FileSystem = realFileSystem) => changeIn(directory, { fs });

/** `JWKS_FAULTS=all`: every call; else some of them, with the last. */
const stride = ofExtent({ few: 9, more: 4, all: 1 });

/** Returns how many points were tried. */
async function tryAll(toFileSystem: (at: number) => FileSystem): Promise<number> {
  const whole = await secretDirectory();
  const { fs, calls } = recordingFileSystem();
  const sample = join(temporaryDirectory(), 'copy');
  cpSync(whole, sample, { recursive: true });
  await change(sample, fs);
  for (let at = calls.length; at > 0; at -= stride) {
    const directory = join(temporaryDirectory(), 'copy');
    cpSync(whole, directory, { recursive: true });
    await change(directory, toFileSystem(at)).catch(() => undefined);
    // Whatever happened, the file that scripts name opens it.
    const between = await openIn(directory, secretIn(directory));
    expect([at, (await between.openSet(auth))?.privateKeys.length]).toEqual([at, 1]);
    await change(directory);
    const after = await openIn(directory, secretIn(directory));
    expect([at, after.reader.master.slots.map(({ label }) => label)]).toEqual([at, ['first']]);
    expect(existsSync(join(directory, 'secret.old'))).toBe(false);
  }
  return Math.ceil(calls.length / stride);
}

test('the process dies at each call', { timeout: 60_000 }, async () => {
  const points = await tryAll(dyingAt);
  console.log(`secret change: death at ${points} points`);
  expect(points * stride).toBeGreaterThan(40);
});

test.each(['ENOSPC', 'EIO', 'EACCES'])('each call fails with %s', { timeout: 60_000 }, async (code) => {
  const points = await tryAll((at) => failingOnce(at, code));
  console.log(`secret change: ${code} at ${points} points`);
  expect(points * stride).toBeGreaterThan(40);
});

test('what it changed is not left anywhere in a readable form', async () => {
  const directory = await secretDirectory();
  const before = readFileSync(join(directory, 'secret'), 'utf8').trim();
  await change(directory);
  const after = readFileSync(join(directory, 'secret'), 'utf8').trim();
  expect(after).not.toBe(before);
  expect(readdirSync(directory).sort()).toEqual(['keystore', 'secret']);
  const files = readdirSync(join(directory, 'keystore'), { recursive: true, withFileTypes: true });
  for (const file of files.filter((entry) => entry.isFile())) {
    const text = readFileSync(join(file.parentPath, file.name), 'utf8');
    expect([text.includes(before), text.includes(after)]).toEqual([false, false]);
  }
});

test.for([
  ['openNew', 'EACCES'],
  ['write', 'ENOSPC'],
  ['fchown', 'EPERM'],
  ['rename', 'EROFS'],
  ['link', 'EPERM'],
] as const)(
  'the secret cannot be kept (%s): no slot is left, nor a file',
  async ([operation, code], { skip }) => {
    const directory = await secretDirectory();
    if (operation === 'fchown') {
      skip(process.geteuid?.() !== 0, 'only root gives a file to others');
      chownSync(join(directory, 'secret'), 65_534, 65_534);
    }
    const before = readFileSync(join(directory, 'secret'), 'utf8');
    expect(await codeOf(change(directory, failingAt(operation, code, 1)))).toBe('failed');
    expect(readdirSync(directory).sort()).toEqual(['keystore', 'secret']);
    expect(readFileSync(join(directory, 'secret'), 'utf8')).toBe(before);
    const { master } = (await openIn(directory, secretIn(directory))).reader;
    expect(master.slots.map(({ label }) => label)).toEqual(['first']);
  },
);
