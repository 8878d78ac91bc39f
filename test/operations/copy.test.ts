// Copies, and copies that are stopped at every system call: run again, they finish.
import { cpSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { FileStorage } from '../../src/keystore/file-storage.ts';
import type { DocumentName } from '../../src/keystore/set-id.ts';
import { applyCopy, planCopy } from '../../src/operations/copy-keystore.ts';
import { type Access, openKeystore } from '../../src/operations/open.ts';
import { rekey } from '../../src/operations/rekey.ts';
import { bothIn, copy, endingOfCopy, makeSource, type Source, targetIn } from '../support/copies.ts';
import { documentsIn } from '../support/copyable.ts';
import { ofExtent } from '../support/extent.ts';
import { dyingAt, failingOnce, recordingFileSystem } from '../support/faulty-file-system.ts';
import { addKey, auth, codeOf } from '../support/keystore.ts';
import { temporaryDirectory } from '../support/temporary.ts';

/** A signal that has come, or not yet. */
const shieldFrom = (isPending: () => boolean): Access['shield'] => ({
  raise: () => {},
  lower: () => {},
  get isPending() {
    return isPending();
  },
});

describe('a copy', () => {
  test('has every document byte for byte, and goes on from where the source is', async () => {
    const own = await makeSource();
    const home = temporaryDirectory();
    const before = await documentsIn(new FileStorage(own.source));
    const { sets, proved } = await copy(own, home);
    expect(proved).toEqual({ sets: 3, keys: 4 });
    expect(sets.every(({ action }) => action === 'written')).toBe(true);
    expect(await documentsIn(targetIn(home))).toEqual(before);
    // A place that holds nothing yet is none that has to come along.
    expect(Object.keys(before)).not.toContain('sets/reserved');
    expect(existsSync(join(home, 'target/sets/reserved'))).toBe(false);
    const keystore = await openKeystore(bothIn(own, home).to, undefined);
    await addKey(keystore);
    expect((await keystore.openSet(auth))?.privateKeys).toHaveLength(3);
  });

  test('made twice changes nothing and proves it again; a reserved place in it is no hindrance', async () => {
    const own = await makeSource();
    const home = temporaryDirectory();
    mkdirSync(join(home, 'target/sets/auth'), { recursive: true, mode: 0o700 });
    await copy(own, home);
    const first = await documentsIn(targetIn(home));
    const { sets, proved } = await copy(own, home);
    expect([sets.every(({ action }) => action === 'kept'), proved.keys]).toEqual([true, 4]);
    expect(await documentsIn(targetIn(home))).toEqual(first);
  });

  test('a plan writes nothing', async () => {
    const own = await makeSource();
    const home = temporaryDirectory();
    const { restore } = await planCopy(bothIn(own, home), false);
    expect([restore.steps.length, existsSync(join(home, 'target'))]).toEqual([4, false]);
  });

  test('tells how many of the sets are done', async () => {
    const own = await makeSource();
    const told: string[] = [];
    const plan = await planCopy(bothIn(own, temporaryDirectory()), false);
    await applyCopy(plan, (done, of) => told.push(`${done} of ${of}`));
    expect(told).toEqual(['0 of 4', '1 of 4', '2 of 4', '3 of 4']);
  });

  test('a signal ends it between two sets', async () => {
    const own = await makeSource();
    const home = temporaryDirectory();
    const plan = await planCopy(bothIn(own, home), false);
    let isPending = false;
    const shield = shieldFrom(() => isPending);
    const stopped = applyCopy({ ...plan, to: { ...plan.to, shield } }, (done) => {
      isPending = done === 2;
    });
    expect(await codeOf(stopped)).toBe('interrupted');
    expect(await targetIn(home).read('master')).toBeUndefined();
    expect(await endingOfCopy(copy(own, home))).toBe('3 sets, 4 keys');
  });
});

test('a signal ends it also while it proves what it has written', async () => {
  const own = await makeSource();
  const home = temporaryDirectory();
  const plan = await planCopy(bothIn(own, home), false);
  const shield = shieldFrom(() => existsSync(join(home, 'target/master/1.json')));
  const stopped = applyCopy({ ...plan, to: { ...plan.to, shield } });
  await expect(stopped).rejects.toMatchObject({
    code: 'interrupted',
    message: expect.stringContaining('not proved'),
  });
  expect(await endingOfCopy(copy(own, home))).toBe('3 sets, 4 keys');
});

/** `JWKS_FAULTS=all` tries each system call; else some of them, with the last. */
const stride = ofExtent({ few: 29, more: 11, all: 1 });
const codes = ['ENOSPC', 'EIO', 'EACCES', 'EROFS', 'EMFILE'];

describe('a copy that is stopped', () => {
  /** A system call is the last one, or fails, in turn. */
  async function sweep(own: Source, prepare: (home: string) => void, force: boolean): Promise<number> {
    const wanted = await documentsIn(new FileStorage(own.source));
    const { fs, calls } = recordingFileSystem();
    const first = temporaryDirectory();
    prepare(first);
    const whole = await endingOfCopy(copy(own, first, { fs, force }));
    expect(whole).toMatch(/^3 sets/);
    let points = 0;
    for (let index = calls.length; index > 0; index -= stride) {
      points += 1;
      const code = codes[index % codes.length] ?? 'EIO';
      for (const faulty of [dyingAt(index), failingOnce(index, code)]) {
        const home = temporaryDirectory();
        prepare(home);
        const ended = await endingOfCopy(copy(own, home, { fs: faulty, force }));
        const again = await endingOfCopy(copy(own, home, { force }));
        expect([index, ended, again]).toEqual([index, ended, whole]);
        expect([index, await documentsIn(targetIn(home))]).toEqual([index, wanted]);
        rmSync(home, { recursive: true });
      }
    }
    expect(await documentsIn(new FileStorage(own.source))).toEqual(wanted);
    return points;
  }

  test('into nothing: run again it finishes', async () => {
    const points = await sweep(await makeSource(), () => {}, false);
    console.info(`a copy into nothing: stopped at ${points} system calls, in two ways`);
    expect(points * stride).toBeGreaterThan(300);
  }, 240_000);

  test('over an older state, its master document too: run again it finishes', async () => {
    const own = await makeSource();
    const older = temporaryDirectory();
    await copy(own, older);
    const keystore = await openKeystore(bothIn(own, older).from, undefined);
    await addKey(keystore);
    await rekey(keystore, { secrets: [], drop: [], newIdentity: false });
    const points = await sweep(own, (home) => cpSync(older, home, { recursive: true }), true);
    console.info(`a copy over an older state: stopped at ${points} system calls, in two ways`);
    expect(points * stride).toBeGreaterThan(200);
  }, 240_000);
});

test('a damaged document in the source is exit 6 that names it, and nothing is made', async () => {
  const own = await makeSource();
  const home = temporaryDirectory();
  const name: DocumentName = 'sets/pay';
  rmSync(join(own.source, name), { recursive: true });
  await new FileStorage(own.source).seed(name, 0, 1, Buffer.from('{}'));
  await expect(planCopy(bothIn(own, home), false)).rejects.toMatchObject({
    code: 'damaged',
    message: expect.stringContaining('sets/pay'),
  });
  expect(existsSync(join(home, 'target'))).toBe(false);
});
