// Copies while others write, and copies that are stopped at every system call: run again, they finish.
import { cpSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { JwksError } from '../../src/errors.ts';
import { FileStorage } from '../../src/keystore/file-storage.ts';
import { type FileSystem, realFileSystem } from '../../src/keystore/file-system.ts';
import { type DocumentName, parseSetId } from '../../src/keystore/set-id.ts';
import { applyCopy, type Copied, planCopy } from '../../src/operations/copy-keystore.ts';
import type { Access } from '../../src/operations/open.ts';
import { openKeystore } from '../../src/operations/open.ts';
import { rekey } from '../../src/operations/rekey.ts';
import { copyableKeystore, documentsIn } from '../support/copyable.ts';
import { ofExtent } from '../support/extent.ts';
import {
  Death,
  dyingAt,
  failingOnce,
  interferedFileSystem,
  recordingFileSystem,
} from '../support/faulty-file-system.ts';
import { accessIn, addKey, auth, codeOf, note, secretOf } from '../support/keystore.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const pay = parseSetId('pay');

interface Made {
  readonly source: string;
  readonly text: string;
}

async function made(): Promise<Made> {
  const source = join(temporaryDirectory(), 'source');
  mkdirSync(source, { mode: 0o700 });
  const { text } = await copyableKeystore(new FileStorage(source));
  return { source, text };
}

/** As one process on a host has both places. */
function bothIn({ source, text }: Made, home: string, fs: FileSystem = realFileSystem) {
  const common = { fs, findSecret: secretOf(text) };
  const at = (directory: string): Access => ({
    ...accessIn(home, { ...common, directory }),
    isDefault: false,
  });
  return { from: at(source), to: at(join(home, 'target')) };
}

async function copy(
  own: Made,
  home: string,
  { fs, force = false }: { readonly fs?: FileSystem; readonly force?: boolean } = {},
): Promise<Copied> {
  return applyCopy(await planCopy(bothIn(own, home, fs), force));
}

const targetIn = (home: string) => new FileStorage(join(home, 'target'));

/** What it ended with; a death is one too. Nothing that is not ours gets through. */
async function attempt(work: Promise<Copied>): Promise<string> {
  try {
    const { proved } = await work;
    return `${proved.sets} sets, ${proved.keys} keys`;
  } catch (error) {
    if (error instanceof Death) return 'died';
    if (error instanceof JwksError && error.code !== 'internal') return error.code;
    throw error;
  }
}

describe('a copy', () => {
  test('has every document byte for byte, and goes on from where the source is', async () => {
    const own = await made();
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
    const own = await made();
    const home = temporaryDirectory();
    mkdirSync(join(home, 'target/sets/auth'), { recursive: true, mode: 0o700 });
    await copy(own, home);
    const first = await documentsIn(targetIn(home));
    const { sets, proved } = await copy(own, home);
    expect([sets.every(({ action }) => action === 'kept'), proved.keys]).toEqual([true, 4]);
    expect(await documentsIn(targetIn(home))).toEqual(first);
  });

  test('a plan writes nothing', async () => {
    const own = await made();
    const home = temporaryDirectory();
    const { restore } = await planCopy(bothIn(own, home), false);
    expect([restore.steps.length, existsSync(join(home, 'target'))]).toEqual([4, false]);
  });

  test('tells how many of the sets are done', async () => {
    const own = await made();
    const told: string[] = [];
    const plan = await planCopy(bothIn(own, temporaryDirectory()), false);
    await applyCopy(plan, (done, of) => told.push(`${done} of ${of}`));
    expect(told).toEqual(['0 of 4', '1 of 4', '2 of 4', '3 of 4']);
  });

  test('a signal ends it between two sets', async () => {
    const own = await made();
    const home = temporaryDirectory();
    const plan = await planCopy(bothIn(own, home), false);
    let isPending = false;
    const shield = {
      raise: () => {},
      lower: () => {},
      get isPending() {
        return isPending;
      },
    };
    const stopped = applyCopy({ ...plan, to: { ...plan.to, shield } }, (done) => {
      isPending = done === 2;
    });
    expect(await codeOf(stopped)).toBe('interrupted');
    expect(await targetIn(home).read('master')).toBeUndefined();
    expect(await attempt(copy(own, home))).toBe('3 sets, 4 keys');
  });
});

test('a signal ends it also while it proves what it has written', async () => {
  const own = await made();
  const home = temporaryDirectory();
  const plan = await planCopy(bothIn(own, home), false);
  const shield = {
    raise: () => {},
    lower: () => {},
    get isPending() {
      return existsSync(join(home, 'target/master/1.json'));
    },
  };
  const stopped = applyCopy({ ...plan, to: { ...plan.to, shield } });
  await expect(stopped).rejects.toMatchObject({
    code: 'interrupted',
    message: expect.stringContaining('not proved'),
  });
  expect(await attempt(copy(own, home))).toBe('3 sets, 4 keys');
});

describe('while others write', () => {
  test('what is changed at the source after it was taken is not in it, and is no fault', async () => {
    const own = await made();
    const home = temporaryDirectory();
    const { from } = bothIn(own, home);
    const before = await documentsIn(new FileStorage(own.source));
    const plan = await planCopy(bothIn(own, home), false);
    await addKey(await openKeystore(from, undefined));
    await applyCopy(plan);
    expect(await documentsIn(targetIn(home))).toEqual(before);
  });

  test('one that was stopped goes on although the source was changed since', async () => {
    const own = await made();
    const home = temporaryDirectory();
    const plan = await planCopy(bothIn(own, home), false);
    const told = applyCopy(plan, (done) => {
      if (done === 3) throw new Death();
    });
    expect(await attempt(told)).toBe('died');
    for (const set of [auth, pay]) await addKey(await openKeystore(bothIn(own, home).from, undefined), set);
    expect(await attempt(copy(own, home))).toBe('3 sets, 6 keys');
    expect(await documentsIn(targetIn(home))).toEqual(await documentsIn(new FileStorage(own.source)));
  });

  test('a target that becomes a keystore meanwhile is left as it is', async () => {
    const own = await made();
    const home = temporaryDirectory();
    const plan = await planCopy(bothIn(own, home), false);
    const other = await made();
    cpSync(other.source, join(home, 'target'), { recursive: true });
    expect(await codeOf(applyCopy(plan))).toBe('conflict');
    const master = await targetIn(home).read('master');
    expect(master).toEqual(await new FileStorage(other.source).read('master'));
  });

  test('a target that is changed before it was read back is told of', async () => {
    const own = await made();
    const home = temporaryDirectory();
    const plan = await planCopy(bothIn(own, home), false);
    const { place } = plan.to;
    const open = async () => {
      const keystore = await openKeystore(bothIn(own, home).to, undefined);
      await keystore.change(auth, note('meanwhile'));
      return place.open();
    };
    const watched = {
      ...plan,
      to: { ...plan.to, place: Object.assign(Object.create(place), { make: () => place.make(), open }) },
    };
    expect(await codeOf(applyCopy(watched))).toBe('conflict');
  });
});

test('a document that does not read as it was written is not told as copied', async () => {
  const own = await made();
  const home = temporaryDirectory();
  // Once all is written, one bit of what is read from the target is another.
  let isWritten = false;
  const fs = interferedFileSystem(({ operation, args }, proceed) => {
    const result = proceed();
    if (operation === 'link' && String(args[1]).endsWith('target/master/1.json')) isWritten = true;
    if (!isWritten || operation !== 'readFile' || !String(args[0]).includes('target/sets/pay/'))
      return result;
    const bytes = Buffer.from(result as Buffer);
    bytes[50] = (bytes[50] ?? 0) ^ 1;
    return bytes;
  });
  expect(await codeOf(copy(own, home, { fs }))).toBe('failed');
});

/** `JWKS_FAULTS=all` tries each system call; else some of them, with the last. */
const stride = ofExtent({ few: 29, more: 11, all: 1 });
const codes = ['ENOSPC', 'EIO', 'EACCES', 'EROFS', 'EMFILE'];

describe('a copy that is stopped', () => {
  /** A system call is the last one, or fails, in turn. */
  async function sweep(own: Made, prepare: (home: string) => void, force: boolean): Promise<number> {
    const wanted = await documentsIn(new FileStorage(own.source));
    const { fs, calls } = recordingFileSystem();
    const first = temporaryDirectory();
    prepare(first);
    const whole = await attempt(copy(own, first, { fs, force }));
    expect(whole).toMatch(/^3 sets/);
    let points = 0;
    for (let index = calls.length; index > 0; index -= stride) {
      points += 1;
      const code = codes[index % codes.length] ?? 'EIO';
      for (const faulty of [dyingAt(index), failingOnce(index, code)]) {
        const home = temporaryDirectory();
        prepare(home);
        const ended = await attempt(copy(own, home, { fs: faulty, force }));
        const again = await attempt(copy(own, home, { force }));
        expect([index, ended, again]).toEqual([index, ended, whole]);
        expect([index, await documentsIn(targetIn(home))]).toEqual([index, wanted]);
        rmSync(home, { recursive: true });
      }
    }
    expect(await documentsIn(new FileStorage(own.source))).toEqual(wanted);
    return points;
  }

  test('into nothing: run again it finishes', async () => {
    const points = await sweep(await made(), () => {}, false);
    console.info(`a copy into nothing: stopped at ${points} system calls, in two ways`);
    expect(points * stride).toBeGreaterThan(300);
  }, 240_000);

  test('over an older state, its master document too: run again it finishes', async () => {
    const own = await made();
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
  const own = await made();
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
