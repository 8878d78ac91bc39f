// What opening ends with: where a keystore is made, whom a reader trusts, and which places are refused.
import { chmodSync, chownSync, cpSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { FileStorage } from '../../src/keystore/file-storage.ts';
import { generateSecretText } from '../../src/keystore/secret.ts';
import { type Access, openKeystore, openReader } from '../../src/operations/open.ts';
import { failingAt, type Operation } from '../support/faulty-file-system.ts';
import { accessIn, auth, codeOf, onHost, secretOf } from '../support/keystore.ts';
import { modesBelow } from '../support/keystore-files.ts';
import { namedKeystore } from '../support/keystore-named.ts';

const isRoot = process.geteuid?.() === 0;

describe('with the secret', () => {
  test('a keystore of another secret is not opened', async () => {
    const { access } = await namedKeystore();
    expect(
      await codeOf(openKeystore({ ...access, findSecret: secretOf(generateSecretText()) }, undefined)),
    ).toBe('secret');
  });

  test('none set: it is asked for, and where nobody can be asked that is exit 4', async () => {
    const { locked, text } = await namedKeystore();
    expect(await codeOf(openKeystore(locked, undefined))).toBe('secret');
    const asking = { ...locked, askSecret: secretOf(text) };
    expect((await openKeystore(asking, undefined)).reader.isTrusted).toBe(true);
  });

  test('a fingerprint that was named as well must be the one', async () => {
    const { access, fingerprint } = await namedKeystore();
    expect((await openKeystore({ ...access, identity: fingerprint }, undefined)).reader.fingerprint).toBe(
      fingerprint,
    );
    expect(await codeOf(openKeystore({ ...access, identity: 'A'.repeat(43) }, undefined))).toBe('identity');
  });
});

describe('without the secret', () => {
  test('the fingerprint that was named is enough', async () => {
    const { locked, fingerprint } = await namedKeystore();
    const reader = await openReader({ ...locked, identity: fingerprint });
    expect(reader.isTrusted).toBe(true);
    expect((await reader.readSet(auth))?.manifest.keys).toHaveLength(1);
  });

  test('another fingerprint opens nothing', async () => {
    const { locked } = await namedKeystore();
    expect(await codeOf(openReader({ ...locked, identity: 'A'.repeat(43) }))).toBe('identity');
  });

  test('and without a fingerprint a reader reads, but is not trusted', async () => {
    const { locked } = await namedKeystore();
    const reader = await openReader(locked);
    expect(reader.isTrusted).toBe(false);
    expect((await reader.readSet(auth))?.manifest.keys).toHaveLength(1);
  });

  test('the host that opened it once knows it, and does not look for a secret again', async () => {
    const { access, home } = await namedKeystore();
    const stateDirectory = join(home, 'state', 'jwks');
    await openKeystore({ ...access, stateDirectory }, undefined);
    let asked = 0;
    const later: Access = { ...access, stateDirectory, findSecret: async () => void asked++ as undefined };
    expect((await openReader(later)).isTrusted).toBe(true);
    expect(asked).toBe(0);
  });

  test('another keystore at a known place is refused, and with its secret it takes the place', async () => {
    const { access, home, locked } = await namedKeystore();
    const other = await namedKeystore();
    const stateDirectory = join(home, 'state', 'jwks');
    await openKeystore({ ...access, stateDirectory }, undefined);
    rmSync(access.directory, { recursive: true });
    cpSync(other.access.directory, access.directory, { recursive: true });
    expect(await codeOf(openReader({ ...locked, stateDirectory }))).toBe('identity');
    const withItsSecret = { ...access, stateDirectory, findSecret: secretOf(other.text) };
    // Reading does not move a place, whatever secret there is: a copy of staging is not published as production.
    expect(await codeOf(openReader(withItsSecret))).toBe('identity');
    const warnings: string[] = [];
    await openKeystore({ ...withItsSecret, warn: (message) => void warnings.push(message) }, undefined);
    expect(warnings.join()).toContain(other.fingerprint);
    expect((await openReader({ ...locked, stateDirectory })).fingerprint).toBe(other.fingerprint);
  });

  test('nothing is ever written into the keystore', async () => {
    const { locked, fingerprint, access } = await namedKeystore();
    const before = modesBelow(access.directory);
    for (const operation of [
      'mkdir',
      'openNew',
      'link',
      'truncate',
      'unlink',
      'rename',
      'fchmod',
      'fchown',
    ] as Operation[])
      await (
        await openReader(onHost({ ...locked, identity: fingerprint }, { fs: failingAt(operation, 'EROFS') }))
      ).readManifests();
    expect(modesBelow(access.directory)).toEqual(before);
  });
});

test('a place that may not be looked at has failed, which is not the same as missing', async () => {
  const { access, locked } = await namedKeystore();
  for (const code of ['EACCES', 'EIO']) {
    const fs = failingAt('stat', code);
    expect(await codeOf(openKeystore(onHost(access, { fs }), undefined))).toBe('failed');
    expect(await codeOf(openReader(onHost(locked, { fs })))).toBe('failed');
  }
});

describe('a place that cannot be trusted', () => {
  test.skipIf(!isRoot)('belongs to somebody else', async () => {
    const { access, locked } = await namedKeystore();
    chownSync(access.directory, 12_345, 12_345);
    expect(await codeOf(openKeystore(access, undefined))).toBe('untrusted-file');
    expect(await codeOf(openReader(locked))).toBe('untrusted-file');
    // A keystore of root is good for everybody.
    chownSync(access.directory, 0, 0);
    expect((await openReader(onHost(locked, { uid: 12_345 }))).isTrusted).toBe(false);
    chownSync(access.directory, 12_345, 12_345);
    expect((await openReader(onHost(locked, { uid: 12_345 }))).isTrusted).toBe(false);
  });

  test('can be written by everybody', async () => {
    const { access } = await namedKeystore();
    chmodSync(access.directory, 0o777);
    expect(await codeOf(openKeystore(access, undefined))).toBe('untrusted-file');
    chmodSync(access.directory, 0o770);
    expect((await openKeystore(access, undefined)).reader.isTrusted).toBe(true);
  });
});

test('a place is known by its real path, whichever link leads there', async () => {
  const { access, home } = await namedKeystore();
  const link = join(home, 'link');
  symlinkSync(access.directory, link);
  expect(new FileStorage(link).place).toBe(access.directory);
  expect(
    (await openKeystore(accessIn(home, { ...access, directory: link }), undefined)).reader.fingerprint,
  ).toBeDefined();
});
