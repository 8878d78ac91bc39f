// Every system call of every operation that writes fails, or is the last one, in turn: old or new, and nothing lost.
//
// JWKS_FAULTS=all tries each call with each error; otherwise the errors take turns, and deaths too,
// with JWKS_FAULTS=more at more of them.
import { cpSync, mkdirSync } from 'node:fs';
import { afterAll, expect, test } from 'vitest';
import { JwksError } from '../../src/errors.ts';
import { type FileSystem, realFileSystem } from '../../src/keystore/file-system.ts';
import { openKeystore } from '../../src/operations/open.ts';
import { attempt, expectGoesOn, expectOldOrNew, readState } from '../support/deed-laws.ts';
import { accessAt, type Deed, deeds, fillKeystore, later } from '../support/deeds.ts';
import { isAll as isLong, ofExtent } from '../support/extent.ts';
import {
  type Call,
  Death,
  type Interfere,
  interferedFileSystem,
  type Operation,
  systemError,
} from '../support/faulty-file-system.ts';
import { accessIn, type DirectoryAccess, noon } from '../support/keystore.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const [seldom, often] = ofExtent({ few: [19, 7], more: [9, 3] } as const);
const errors = ['ENOSPC', 'EIO', 'EACCES', 'EROFS', 'EMFILE', 'EINTR'];

function accessFor(home: string, fs: FileSystem, now = later): DirectoryAccess {
  return accessIn(home, { fs, ...accessAt(now) });
}

async function template({ prepare }: Deed): Promise<string> {
  const home = temporaryDirectory();
  const access = accessFor(home, realFileSystem, noon);
  mkdirSync(access.directory, { recursive: true });
  await fillKeystore(access);
  await prepare?.(await openKeystore(accessFor(home, realFileSystem), undefined));
  return home;
}

const stateIn = (home: string) => readState(accessFor(home, realFileSystem));

function copyOf(home: string): string {
  const copy = temporaryDirectory();
  cpSync(home, copy, { recursive: true, preserveTimestamps: true });
  return copy;
}

/** No disk is waited for: that it was asked to keep something is enough here. */
function interfered(interfere: Interfere): FileSystem {
  return interferedFileSystem((call, proceed) =>
    interfere(call, () => (call.operation === 'fsync' ? undefined : proceed())),
  );
}

const quick = interfered((_, proceed) => proceed());

function failingOnce(index: number, code: string): FileSystem {
  return interfered((call, proceed) => {
    if (call.index === index) throw systemError(code);
    return proceed();
  });
}

/** As a disk is that has become full, until something is removed. */
function fullFrom(index: number): FileSystem {
  return interfered((call, proceed) => {
    if (call.index >= index && ['write', 'mkdir', 'openNew', 'link'].includes(call.operation))
      throw systemError('ENOSPC');
    return proceed();
  });
}

/** The process dies before that call, or when it is done. */
function dyingAt(index: number, isDone: boolean): FileSystem {
  return interfered((call, proceed) => {
    if (call.index > index || (call.index === index && !isDone)) throw new Death();
    const answer = proceed();
    if (call.index === index) throw new Death();
    return answer;
  });
}

const reading: readonly Operation[] = [
  'readdir',
  'subdirectories',
  'readFile',
  'lstat',
  'stat',
  'realpath',
  'fstat',
  'openDirectory',
  'close',
];

interface Point {
  readonly what: string;
  readonly fs: FileSystem;
}

/** What is tried at a call: everything, or each time something else. */
function pointsAt({ index, operation }: Call, turn: number, isSampled: boolean): Point[] {
  const failing: Point[] = errors.map((code) => ({ what: code, fs: failingOnce(index, code) }));
  const failingOn = { what: 'ENOSPC from here on', fs: fullFrom(index) };
  const deaths = [
    { what: 'death before', fs: dyingAt(index, false) },
    { what: 'death after', fs: dyingAt(index, true) },
  ];
  if (isLong) return [...failing, failingOn, ...deaths];
  const at = (index + turn) / (isSampled ? seldom : often);
  if (!Number.isInteger(at)) return [];
  const [failure, death] = [failing[at % failing.length], deaths[at % deaths.length]];
  // What only reads is much the same for all, and where it dies nothing was done since.
  const isReading = reading.includes(operation);
  const chosen = isReading ? [at % 5 === 0 ? failure : undefined] : [failure, death];
  return chosen.filter((point) => point !== undefined);
}

const tried: Record<string, number> = {};

afterAll(() => {
  const total = Object.values(tried).reduce((sum, count) => sum + count, 0);
  console.log(`commands: ${total} points tried: ${JSON.stringify(tried)}`);
});

test.each(Object.entries(deeds))('%s', { timeout: isLong ? 1_200_000 : 60_000 }, async (name, deed) => {
  const home = await template(deed);
  const before = await stateIn(home);
  const undisturbed = copyOf(home);
  const calls: Call[] = [];
  const recording = interfered((call, proceed) => {
    calls.push(call);
    return proceed();
  });
  expect(await attempt(accessFor(undisturbed, recording), deed)).toBe('done');
  const after = await stateIn(undisturbed);
  expect(after.documents).not.toEqual(before.documents);
  expect(before.held.filter((kid) => !after.held.includes(kid)).sort()).toEqual(
    [...(deed.mayLose ?? [])].sort(),
  );
  let points = 0;
  const turn = Object.keys(deeds).indexOf(name);
  for (const call of calls) {
    for (const { what, fs } of pointsAt(call, turn, deed.inSteps === true)) {
      const place = `${name}: call ${call.index} (${call.operation}) ${what}`;
      const copy = copyOf(home);
      const said = await attempt(accessFor(copy, fs), deed);
      // Who is dead says nothing.
      const report = what.startsWith('death') && said !== 'done' ? new Death() : said;
      points += 1;
      if (!(report instanceof JwksError || report instanceof Death)) expect(report, place).toBe('done');
      const found = await stateIn(copy);
      expectOldOrNew(found, before, after, deed, report, place);
      if (isLong || points % 3 === 0 || deed.inSteps === true)
        await expectGoesOn(accessFor(copy, quick), deed, before, found, place);
    }
  }
  tried[name] = points;
});
