// Every system call of a change and of a first run fails, or is the last one, in turn; nothing acknowledged is lost.
//
// JWKS_FAULTS=more tries each call with each error; otherwise the errors take turns, and some calls are left out.
import { cpSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { JwksError } from '../../src/errors.ts';
import { FileStorage } from '../../src/keystore/file-storage.ts';
import { type FileSystem, realFileSystem } from '../../src/keystore/file-system.ts';
import { findSecret } from '../../src/keystore/secret-sources.ts';
import { type Access, openKeystore } from '../../src/operations/open.ts';
import { ofExtent } from '../support/extent.ts';
import {
  type Call,
  type Death,
  dyingAt,
  failingOnce,
  interferedFileSystem,
  recordingFileSystem,
} from '../support/faulty-file-system.ts';
import { accessIn, addition, auth } from '../support/keystore.ts';
import { revisionsIn, temporariesBelow } from '../support/keystore-files.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const codes = ['ENOSPC', 'EIO', 'EACCES', 'EROFS', 'EMFILE'];
const isLong = ofExtent({ few: false, more: true });
/** Every third call, with the last. */
const someOf = (calls: readonly Call[]) =>
  calls.filter(({ index }) => isLong || (calls.length - index) % 3 === 0);

/** What one attempt said of itself. Neither ours nor a death: a foreign error that got through. */
type Report = 'committed' | JwksError | Death | Error;

function accessFor(home: string, fs: FileSystem): Access {
  const base = accessIn(home, { fs });
  const sources = { ownFile: base.secretFile, stdin: () => process.stdin, uid: base.uid };
  return { ...base, findSecret: () => findSecret(sources) };
}

/** Opens (making the keystore, where there is none) and adds a key, as `jwks create` does. */
async function create(home: string, fs: FileSystem, { decide }: Addition): Promise<Report> {
  try {
    const keystore = await openKeystore(accessFor(home, fs), () => {});
    await keystore.change(auth, decide, { create: true });
    keystore.reader.remember(true);
    return 'committed';
  } catch (error) {
    if (error instanceof Error) return error;
    throw error;
  }
}
type Addition = Awaited<ReturnType<typeof addition>>;

async function kidsIn(home: string): Promise<string[]> {
  const keystore = await openKeystore(accessFor(home, realFileSystem), () => {});
  return (await keystore.openSet(auth))?.privateKeys.map(({ kid }) => kid ?? '') ?? [];
}

/** The system calls of one undisturbed attempt. */
async function callsOf(prepare: () => string): Promise<Call[]> {
  const { fs, calls } = recordingFileSystem();
  expect(await create(prepare(), fs, await addition())).toBe('committed');
  return calls;
}

/** The state is the old or the new one, what was said of it is true, and the next change goes through. */
async function expectSound(
  home: string,
  before: readonly string[],
  kid: string,
  report: Report,
  what: string,
) {
  const now = await kidsIn(home);
  const isNew = now.includes(kid);
  expect(now, what).toEqual(isNew ? [kid, ...before] : before);
  if (report === 'committed') expect(isNew, what).toBe(true);
  // On a first run it may be the master document that was not confirmed, and then the set is not there yet.
  else if (report instanceof JwksError && report.code === 'unconfirmed')
    expect(isNew || before.length === 0, what).toBe(true);
  else if (report instanceof JwksError) expect(isNew, `${what} ${report.code}`).toBe(false);
  const next = await addition();
  expect(await create(home, realFileSystem, next), what).toBe('committed');
  expect(await kidsIn(home), what).toEqual([next.kid, ...now]);
}

async function preparedHome(): Promise<{ readonly fresh: () => string; readonly kids: string[] }> {
  const home = temporaryDirectory();
  for (let keys = 1; keys <= 2; keys++) await create(home, realFileSystem, await addition());
  return {
    kids: await kidsIn(home),
    fresh: () => {
      const copy = temporaryDirectory();
      cpSync(home, copy, { recursive: true, preserveTimestamps: true });
      return copy;
    },
  };
}

describe('a change of a set', () => {
  // Over all turns each call fails with each error.
  test.each(isLong ? [0, 1, 2, 3, 4] : [0])(
    'each call fails, with another error each turn: %i',
    async (turn) => {
      const { fresh, kids } = await preparedHome();
      const calls = await callsOf(fresh);
      const foreign: string[] = [];
      for (const { index, operation } of calls) {
        const code = codes[(index + turn) % codes.length] ?? '';
        const what = `call ${index} (${operation}) ${code}`;
        const home = fresh();
        const added = await addition();
        const report = await create(home, failingOnce(index, code), added);
        if (report instanceof Error && !(report instanceof JwksError)) foreign.push(what);
        if (operation !== 'unlink') expect(temporariesBelow(home), what).toEqual([]);
        await expectSound(home, kids, added.kid, report, what);
      }
      expect(foreign).toEqual([]);
      console.log(`change: ${calls.length} points tried`);
    },
  );

  test('the process dies at each call', async () => {
    const { fresh, kids } = await preparedHome();
    const calls = someOf(await callsOf(fresh));
    for (const { index, operation } of calls) {
      const home = fresh();
      const added = await addition();
      const report = await create(home, dyingAt(index), added);
      await expectSound(home, kids, added.kid, report, `death at call ${index} (${operation})`);
    }
    console.log(`change: death at ${calls.length} points`);
  });
});

describe('a first run', () => {
  test('each call fails', async () => {
    const calls = someOf(await callsOf(temporaryDirectory));
    const foreign: string[] = [];
    for (const { index, operation } of calls) {
      const code = codes[index % codes.length] ?? '';
      const what = `call ${index} (${operation}) ${code}`;
      const home = temporaryDirectory();
      const added = await addition();
      const report = await create(home, failingOnce(index, code), added);
      if (report instanceof Error && !(report instanceof JwksError)) foreign.push(what);
      if (operation !== 'unlink') expect(temporariesBelow(home), what).toEqual([]);
      await expectFirst(home, added.kid, report, what);
    }
    expect(foreign).toEqual([]);
    console.log(`first run: ${calls.length} points tried`);
  });

  test('the process dies at each call', async () => {
    const calls = someOf(await callsOf(temporaryDirectory));
    for (const { index, operation } of calls) {
      const home = temporaryDirectory();
      const added = await addition();
      const report = await create(home, dyingAt(index), added);
      await expectFirst(home, added.kid, report, `death at call ${index} (${operation})`);
    }
    console.log(`first run: death at ${calls.length} points`);
  });

  /** A secret that was made once is the one that opens in the end. */
  async function expectFirst(home: string, kid: string, report: Report, what: string): Promise<void> {
    const secret = join(home, 'config', 'jwks', 'secret');
    const made = existsSync(secret) ? readFileSync(secret, 'utf8') : undefined;
    await expectSound(home, [], kid, report, what);
    if (made !== undefined) expect(readFileSync(secret, 'utf8'), what).toBe(made);
  }
});

// A writer that is stopped holds nothing: at each of its calls three others change the set, then it goes on.
test('a writer is stopped at each call while others write', async () => {
  const stopped: Record<string, number> = {};
  const make = async () => {
    const directory = temporaryDirectory();
    const storage = new FileStorage(directory);
    for (const from of [0, 1]) await storage.replace('sets/auth', from, Buffer.from(`text ${from + 1}`));
    return { directory, storage };
  };
  const first = await make();
  const { fs, calls } = recordingFileSystem();
  await new FileStorage(first.directory, { fs }).replace('sets/auth', 2, Buffer.from('ours'));
  for (const { index, operation } of calls) {
    const { directory, storage } = await make();
    const others: Promise<string>[] = [];
    const fs = interferedFileSystem((call, proceed) => {
      if (call.index !== index) return proceed();
      // All of `replace` happens at once: there is no await in it where nothing is tried again.
      const highest = revisionsIn(join(directory, 'sets/auth')).length;
      for (let from = highest; from < highest + 3; from++)
        others.push(storage.replace('sets/auth', from, Buffer.from(`theirs ${from + 1}`)));
      return proceed();
    });
    const outcome = await new FileStorage(directory, { fs }).replace('sets/auth', 2, Buffer.from('ours'));
    expect(await Promise.all(others), operation).toEqual(['committed', 'committed', 'committed']);
    const texts = revisionsIn(join(directory, 'sets/auth'));
    const last = outcome === 'committed' ? 6 : 5;
    expect(texts, operation).toEqual([...Array.from({ length: last - 1 }, () => ''), `theirs ${last}`]);
    stopped[outcome] = (stopped[outcome] ?? 0) + 1;
  }
  expect(Object.keys(stopped).sort()).toEqual(['committed', 'conflict']);
  console.log(`stopped at ${calls.length} calls: ${JSON.stringify(stopped)}`);
});
