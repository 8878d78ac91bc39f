// Changing a secret dies at each system call, or each one fails: the file always opens, and running it again ends it.
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { FileStorage } from '../../src/keystore/file-storage.ts';
import { type FileSystem, realFileSystem } from '../../src/keystore/file-system.ts';
import { Keystore } from '../../src/keystore/keystore.ts';
import { generateSecretText, parseSecret, type Secret } from '../../src/keystore/secret.ts';
import { SeenFiles } from '../../src/keystore/seen.ts';
import { changeSecret } from '../../src/operations/change-secret.ts';
import { inFile } from '../../src/operations/new-secrets.ts';
import { dyingAt, failingOnce, recordingFileSystem } from '../support/faulty-file-system.ts';
import { addKey, authorAt, makeKeystoreIn } from '../support/keystore.ts';
import { temporaryDirectory } from '../support/temporary.ts';

async function template(): Promise<string> {
  const directory = temporaryDirectory();
  mkdirSync(join(directory, 'keystore'));
  const made = await makeKeystoreIn(new FileStorage(join(directory, 'keystore')));
  writeFileSync(join(directory, 'secret'), `${made.text}\n`, { mode: 0o600 });
  await addKey(await made.open());
  return directory;
}

const checks = { uid: process.geteuid?.(), credentials: undefined };

function open(directory: string, secret: Secret, fs: FileSystem = realFileSystem): Promise<Keystore> {
  const storage = new FileStorage(join(directory, 'keystore'), { fs });
  const seenFiles = new SeenFiles(realFileSystem, undefined);
  return Keystore.open({ storage, seenFiles, acceptRollback: false }, secret, authorAt(), undefined);
}

const secretIn = (directory: string): Secret =>
  parseSecret(readFileSync(join(directory, 'secret'), 'utf8'), 'the file');

async function change(directory: string, fs: FileSystem = realFileSystem): Promise<void> {
  const keystore = await open(directory, secretIn(directory), fs);
  await changeSecret(keystore, {
    text: generateSecretText(),
    source: 'the file',
    keeping: inFile(join(directory, 'secret'), checks, fs),
    open: (secret) => open(directory, secret, fs),
  });
}

/** `JWKS_FAULTS=all`: every call; else every fourth of them. */
const stride = process.env['JWKS_FAULTS'] === 'all' ? 1 : 4;

/** Returns how many points were tried. */
async function tryAll(toFileSystem: (at: number) => FileSystem): Promise<number> {
  const whole = await template();
  const { fs, calls } = recordingFileSystem();
  const sample = join(temporaryDirectory(), 'copy');
  cpSync(whole, sample, { recursive: true });
  await change(sample, fs);
  for (let at = calls.length; at > 0; at -= stride) {
    const directory = join(temporaryDirectory(), 'copy');
    cpSync(whole, directory, { recursive: true });
    await change(directory, toFileSystem(at)).catch(() => undefined);
    // Whatever happened, the file that scripts name opens it.
    const between = await open(directory, secretIn(directory));
    expect([at, (await between.openSet('auth' as never))?.privateKeys.length]).toEqual([at, 1]);
    await change(directory);
    const after = await open(directory, secretIn(directory));
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
});

test('what it changed is not left anywhere in a readable form', async () => {
  const directory = await template();
  const before = readFileSync(join(directory, 'secret'), 'utf8').trim();
  await change(directory);
  const after = readFileSync(join(directory, 'secret'), 'utf8').trim();
  expect(readdirSync(directory).sort()).toEqual(['keystore', 'secret']);
  const files = readdirSync(join(directory, 'keystore'), { recursive: true, withFileTypes: true });
  for (const file of files.filter((entry) => entry.isFile())) {
    const text = readFileSync(join(file.parentPath, file.name), 'utf8');
    expect([text.includes(before), text.includes(after)]).toEqual([false, false]);
  }
});
