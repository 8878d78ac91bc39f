// The doctor on what a machine of a test does not have: other Nodes, full disks, rekeys that stopped, broken keys.
import { copyFileSync, mkdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { FileStorage } from '../../src/keystore/file-storage.ts';
import { realFileSystem } from '../../src/keystore/file-system.ts';
import { inspectFiles } from '../../src/keystore/inspect-files.ts';
import { parseSetId } from '../../src/keystore/set-id.ts';
import { type Diagnosis, doctor } from '../../src/operations/doctor.ts';
import type { Access } from '../../src/operations/open.ts';
import { systemError } from '../support/faulty-file-system.ts';
import {
  accessIn,
  addition,
  addKey,
  auth,
  makeKeystoreIn,
  noon,
  onHost,
  secretOf,
} from '../support/keystore.ts';
import { placeWith } from '../support/keystore-files.ts';
import { rekey } from '../support/keystore-rekey.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const runtime = { node: '20.19.0', openssl: '3.0.15+quic' };

async function fileKeystore() {
  const home = temporaryDirectory();
  const directory = join(home, 'keys');
  mkdirSync(directory, { mode: 0o700 });
  const made = await makeKeystoreIn(new FileStorage(directory));
  const access = accessIn(home, { directory, findSecret: secretOf(made.text) });
  // The helper was made for memory, and asks the port only.
  const startRekey = () => rekey(made as never);
  return { made, access, directory, startRekey };
}

async function examine(access: Access, versions = runtime, repair = false): Promise<Diagnosis> {
  const sources = { stdin: () => process.stdin, uid: access.uid };
  return doctor(access, { repair, sources, runtime: versions });
}

function codesOf({ findings }: Diagnosis): string[] {
  return findings
    .filter(({ code }) => code !== 'single-slot')
    .map(({ set, severity, code }) => `${set ?? '-'} ${severity} ${code}`);
}

describe('the host', () => {
  test('versions', async () => {
    const { access } = await fileKeystore();
    expect(codesOf(await examine(access))).toEqual([]);
    const newer = { node: '26.1.0', openssl: '4.0.0' };
    expect(codesOf(await examine(access, newer))).toEqual([]);
    const older = { node: '20.18.3', openssl: '1.1.1w' };
    const told = await examine(access, older);
    expect(codesOf(told)).toEqual(['- error node-version', '- warning openssl-version']);
    expect(told.ok).toBe(false);
  });

  test.each([
    [{ free: 15 * 1024 * 1024, size: 1024 * 1024 * 1024 }, ['- warning low-space']],
    [{ free: 20 * 1024 * 1024, size: 1024 * 1024 * 1024 }, []],
    [{ free: 20 * 1024 * 1024, size: 4 * 1024 * 1024 * 1024 }, ['- warning low-space']],
    [{ free: 0, size: 1024 }, ['- error no-space']],
    [{ free: 0, size: 0 }, []],
  ])('room: %j', async (space, codes) => {
    const { access } = await fileKeystore();
    const fs = { ...realFileSystem, space: () => space };
    expect(codesOf(await examine(onHost(access, { fs })))).toEqual(codes);
  });

  test('a file system that is read-only', async () => {
    const { access } = await fileKeystore();
    const fs = {
      ...realFileSystem,
      probeWritable: () => {
        throw systemError('EROFS');
      },
    };
    expect(codesOf(await examine(onHost(access, { fs })))).toEqual(['- warning read-only']);
  });

  test('a place for what was seen that cannot be read', async () => {
    const { access } = await fileKeystore();
    await examine(access);
    const fs = {
      ...realFileSystem,
      readFile: (path: string) => {
        if (path.startsWith(access.stateDirectory ?? '?')) throw systemError('EIO');
        return realFileSystem.readFile(path);
      },
    };
    expect(codesOf(await examine(onHost(access, { fs })))).toEqual(['- warning state']);
  });

  test('a repair that fails is said, and the rest is done', async () => {
    const { access, directory } = await fileKeystore();
    const warnings: string[] = [];
    const old = { mode: 0o600 };
    for (const name of ['.jwks-aaaaaaaaaaaa', '.jwks-bbbbbbbbbbbb'])
      writeFileSync(join(directory, 'master', name), '', old);
    const later = { now: () => (Math.floor(Date.now() / 1000) + 7_200) as typeof noon, by: 'a test' };
    const fs = {
      ...realFileSystem,
      unlink: (path: string) => {
        if (path.endsWith('aaa')) throw systemError('EIO');
        realFileSystem.unlink(path);
      },
    };
    const warn = (message: string) => void warnings.push(message);
    const told = await examine(onHost({ ...access, warn, author: later }, { fs }), runtime, true);
    expect(told.repairs).toEqual(['removed master/.jwks-bbbbbbbbbbbb']);
    expect(warnings[0]).toMatch(/aaa could not be repaired: the disk reports an error$/);
    expect(codesOf(told)).toEqual(['- warning temporary-file']);
  });
});

test('nothing is emptied while the disk does not confirm what supersedes it', async () => {
  const { made, access, directory } = await fileKeystore();
  await addKey(await made.open());
  copyFileSync(join(directory, 'sets/auth/1.json'), join(directory, '..', 'kept'));
  await addKey(await made.open());
  copyFileSync(join(directory, '..', 'kept'), join(directory, 'sets/auth/1.json'));
  const failing = {
    ...realFileSystem,
    fsync: () => {
      throw systemError('EIO');
    },
  };
  const told = await examine(onHost(access, { fs: failing }), runtime, true);
  expect([codesOf(told), told.repairs]).toEqual([['auth warning superseded'], []]);
  expect((await examine(access, runtime, true)).repairs).toEqual(['emptied the superseded sets/auth/1.json']);
});

describe('documents', () => {
  test('a private half that is not that of its public one', async () => {
    const { made, access } = await fileKeystore();
    const keystore = await made.open();
    await addKey(keystore, parseSetId('good'));
    const [one, other] = [await addition(), await addition()];
    await keystore.change(
      auth,
      (current, now) => {
        const change = one.decide(current, now);
        const foreign = other.decide(current, now)?.privateKeys[0];
        const d = { d: foreign?.['d'] };
        return change && { ...change, privateKeys: change.privateKeys.map((jwk) => ({ ...jwk, ...d })) };
      },
      { create: true },
    );
    const told = await examine(access);
    expect(codesOf(told)).toEqual(['auth error bad-key']);
    expect(told.findings[0]?.kid).toBe(one.kid);
    expect(told).toMatchObject({ ok: false, sets: 2, proved: 1 });
  });

  test('a rekey that stopped: with the secret and without', async () => {
    const { made, access, startRekey } = await fileKeystore();
    await addKey(await made.open());
    await addKey(await made.open(), parseSetId('other'));
    await startRekey();
    const unfinished = ['- warning rekey-unfinished'];
    const told = await examine(access);
    expect(codesOf(told)).toEqual(unfinished);
    expect(told.findings.map(({ message }) => message).join('\n')).toContain(
      '2 sets are still sealed under an old master key (auth, other): a rekey was not finished; jwks rekey',
    );
    await addKey(await made.open());
    const withoutSecret = { ...access, findSecret: async () => undefined };
    expect(codesOf(await examine(withoutSecret))).toEqual(['- warning not-opened', ...unfinished]);
    await addKey(await made.open(), parseSetId('other'));
    expect(codesOf(await examine(access))).toEqual(unfinished);
    expect(codesOf(await examine(withoutSecret))).toEqual(['- warning not-opened']);
  });

  test('a master document that is older than the sets', async () => {
    const { made, access, directory, startRekey } = await fileKeystore();
    const master = join(directory, 'master');
    copyFileSync(join(master, '1.json'), join(directory, '..', 'kept'));
    await addKey(await made.open(), parseSetId('before'));
    await startRekey();
    await addKey(await made.open());
    rmSync(join(master, '2.json'));
    copyFileSync(join(directory, '..', 'kept'), join(master, '1.json'));
    const told = await examine(access);
    expect(codesOf(told)).toEqual([
      'auth error master-behind',
      'auth error unknown-master-key',
      '- warning rekey-unfinished',
    ]);
  });
});

test('what somebody was just writing is no fault when it is looked at again', async () => {
  const { directory, place } = await placeWith(2);
  writeFileSync(join(place, '1.json'), 'superseded, and not emptied yet');
  const [fault] = inspectFiles(realFileSystem, directory, noon, undefined);
  expect(fault?.code).toBe('superseded');
  expect(fault?.isStill?.()).toBe(true);
  truncateSync(join(place, '1.json'));
  expect(fault?.isStill?.()).toBe(false);
  truncateSync(join(place, '2.json'));
  const [empty] = inspectFiles(realFileSystem, directory, noon, undefined);
  expect([empty?.code, empty?.isStill?.()]).toEqual(['empty-revision', true]);
  writeFileSync(join(place, '3.json'), 'the next');
  expect(empty?.isStill?.()).toBe(false);
});
