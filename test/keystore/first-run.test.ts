// Where a keystore is made, with which secret, and where nothing is made.
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { generateSecretText } from '../../src/keystore/secret.ts';
import { findSecret } from '../../src/keystore/secret-sources.ts';
import { type Access, initKeystore, type Made, openKeystore, openReader } from '../../src/operations/open.ts';
import { failingAt, type Operation } from '../support/faulty-file-system.ts';
import { accessIn, codeOf, type DirectoryAccess, secretOf } from '../support/keystore.ts';
import { modesBelow, pathsBelow } from '../support/keystore-files.ts';
import { namedKeystore } from '../support/keystore-named.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const wanted = () => {};

/** As the command has it: the secret file is looked for where it would be made. */
function firstRun(home = temporaryDirectory(), more: Partial<Access> = {}): DirectoryAccess {
  const base = accessIn(home, more);
  const sources = { ownFile: base.secretFile, stdin: () => process.stdin, uid: base.uid };
  return { ...base, findSecret: more.findSecret ?? (() => findSecret(sources)) };
}

describe('the first run', () => {
  test('makes keystore and secret at their default places, and says so once', async () => {
    const access = firstRun();
    const told: Made[] = [];
    const keystore = await openKeystore(access, (made) => told.push(made));
    expect(told).toEqual([
      {
        keystore: access.directory,
        identity: keystore.reader.fingerprint,
        secretFile: access.secretFile,
        isSecretNew: true,
      },
    ]);
    expect(readFileSync(String(access.secretFile), 'utf8')).toMatch(/^jwks_secret_[\w-]{43}\n$/);
    const again = await openKeystore(access, (made) => told.push(made));
    expect(again.reader.fingerprint).toBe(keystore.reader.fingerprint);
    expect(told).toHaveLength(1);
  });

  test('uses a secret that is set, and then makes no secret file', async () => {
    const access = firstRun(temporaryDirectory(), { findSecret: secretOf(generateSecretText()) });
    let made: Made | undefined;
    await openKeystore(access, (done) => {
      made = done;
    });
    expect(made?.secretFile).toBeUndefined();
    expect(existsSync(String(access.secretFile))).toBe(false);
  });

  test('uses a secret file that is there, and leaves it as it is', async () => {
    const access = firstRun();
    const text = generateSecretText();
    mkdirSync(join(String(access.secretFile), '..'), { recursive: true });
    writeFileSync(String(access.secretFile), text, { mode: 0o600 });
    await openKeystore(access, wanted);
    expect(readFileSync(String(access.secretFile), 'utf8')).toBe(text);
  });

  test('that was not asked for makes nothing', async () => {
    const access = firstRun();
    expect(await codeOf(openKeystore(access, undefined))).toBe('not-found');
    expect(await codeOf(openReader(access))).toBe('not-found');
    expect(existsSync(access.directory)).toBe(false);
    expect(existsSync(String(access.secretFile))).toBe(false);
  });

  test('at a place that was named makes nothing', async () => {
    const access = firstRun(temporaryDirectory(), { isDefault: false });
    expect(await codeOf(openKeystore(access, wanted))).toBe('not-found');
    expect(existsSync(access.directory)).toBe(false);
    mkdirSync(access.directory, { recursive: true });
    expect(await codeOf(openKeystore(access, wanted))).toBe('not-found');
    expect(pathsBelow(access.directory)).toEqual([]);
  });

  test('goes on where an earlier one was stopped', async () => {
    const access = firstRun();
    mkdirSync(join(access.directory, 'master'), { recursive: true, mode: 0o700 });
    writeFileSync(join(access.directory, 'master', '.jwks-abcdefghijkl'), '{"payl');
    expect((await openKeystore(access, wanted)).reader.master.revision).toBe(1);
  });

  test('many at once make one keystore and one secret', async () => {
    const home = temporaryDirectory();
    let made = 0;
    const opened = await Promise.all(
      Array.from({ length: 20 }, () => openKeystore(firstRun(home), () => void made++)),
    );
    expect(new Set(opened.map(({ reader }) => reader.fingerprint)).size).toBe(1);
    expect(made).toBe(1);
  });

  test('without a place for a secret is a usage error and makes nothing', async () => {
    const access = accessIn(temporaryDirectory(), { secretFile: undefined });
    expect(await codeOf(openKeystore(access, wanted))).toBe('usage');
    expect(existsSync(access.directory)).toBe(false);
  });

  test.each(['mkdir', 'openNew', 'write', 'fsync', 'link', 'stat', 'readdir'] as Operation[])(
    'on a disk where nothing works (%s) is a failure of the disk, not ours',
    async (operation) => {
      for (const code of ['EROFS', 'EACCES', 'ENOSPC']) {
        const access = firstRun(temporaryDirectory(), {
          fs: failingAt(operation, code),
          findSecret: secretOf(generateSecretText()),
        });
        if (operation === 'readdir') mkdirSync(access.directory, { recursive: true });
        expect(await codeOf(openKeystore(access, wanted))).toBe('failed');
      }
    },
  );
});

describe('init', () => {
  test('takes an empty directory and keeps its modes', async () => {
    const access = accessIn(temporaryDirectory(), { findSecret: secretOf(generateSecretText()) });
    mkdirSync(access.directory, { recursive: true });
    chmodSync(access.directory, 0o750);
    await initKeystore(access, 'ES256');
    expect(modesBelow(access.directory)).toEqual({ 'master/': '0750', 'master/1.json': '0640' });
  });

  test.each(['a file', 'a keystore'])('refuses a directory that holds %s', async (what) => {
    const { access } = await namedKeystore();
    if (what === 'a file') {
      rmSync(access.directory, { recursive: true });
      mkdirSync(access.directory);
      writeFileSync(join(access.directory, 'README'), '');
    }
    const before = pathsBelow(access.directory);
    expect(await codeOf(initKeystore(access, 'EdDSA'))).toBe('conflict');
    expect(pathsBelow(access.directory)).toEqual(before);
  });

  test('refuses a directory in which "master" is a file', async () => {
    const access = accessIn(temporaryDirectory(), { findSecret: secretOf(generateSecretText()) });
    mkdirSync(access.directory, { recursive: true });
    writeFileSync(join(access.directory, 'master'), '');
    expect(await codeOf(initKeystore(access, 'EdDSA'))).toBe('conflict');
  });

  test('refuses a place that is a file, and one below a file', async () => {
    const home = temporaryDirectory();
    writeFileSync(join(home, 'file'), '');
    const at = (directory: string) =>
      accessIn(home, { directory, findSecret: secretOf(generateSecretText()) });
    expect(await codeOf(initKeystore(at(join(home, 'file')), 'EdDSA'))).toBe('damaged');
    expect(await codeOf(openKeystore(at(join(home, 'file')), wanted))).toBe('damaged');
    expect(['failed', 'damaged']).toContain(
      await codeOf(initKeystore(at(join(home, 'file', 'below')), 'EdDSA')),
    );
  });

  test('with a secret that is none makes nothing', async () => {
    const access = accessIn(temporaryDirectory(), { findSecret: secretOf('too short') });
    expect(await codeOf(initKeystore(access, 'EdDSA'))).toBe('secret');
    expect(existsSync(access.directory)).toBe(false);
  });

  test('where there are no hard links says so', async () => {
    const access = accessIn(temporaryDirectory(), {
      fs: failingAt('link', 'EPERM'),
      findSecret: secretOf(generateSecretText()),
    });
    expect(await codeOf(initKeystore(access, 'EdDSA'))).toBe('unsupported');
  });
});
