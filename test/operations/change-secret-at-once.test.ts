// Two changes of one secret at once: one stands still at each of its calls while another runs, or dies.
import { once } from 'node:events';
import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { rolldown } from 'rolldown';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { JwksError } from '../../src/errors.ts';
import { ofExtent } from '../support/extent.ts';
import { Death, interferedFileSystem, recordingFileSystem } from '../support/faulty-file-system.ts';
import { auth } from '../support/keystore.ts';
import type { Ask } from '../support/secret-change-worker.ts';
import { changeIn, openIn, secretIn } from '../support/secret-changes.ts';
import { secretDirectory } from '../support/secret-directory.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const thread = fileURLToPath(new URL('../support/secret-change-worker.ts', import.meta.url));
const state = new Int32Array(new SharedArrayBuffer(4));
const endings = ['', 'done', 'conflict', 'dead', 'failed'] as const;
let other: Worker;

beforeAll(async () => {
  const bundle = await rolldown({ input: thread, external: [/^node:/], logLevel: 'silent' });
  const directory = mkdtempSync(join(tmpdir(), 'jwks-thread-'));
  const file = join(directory, 'thread.mjs');
  await bundle.write({ file, format: 'esm', codeSplitting: false });
  other = new Worker(file, { workerData: state.buffer });
  await once(other, 'message');
  rmSync(directory, { recursive: true });
});

afterAll(() => other.terminate());

/** Refused: before it had opened the keystore (`secret`), or afterwards. One of the two is always done. */
const oneDone = /^(?:done, done|(?:secret|conflict), done|done, conflict)$/;

/** Runs it whole; this thread, and so every call of the change in it, stands still meanwhile. */
function runOther(ask: Ask): (typeof endings)[number] {
  Atomics.store(state, 0, 0);
  other.postMessage(ask);
  if (Atomics.wait(state, 0, 0, 20_000) === 'timed-out') throw new Error('the other change hangs');
  return endings[Atomics.load(state, 0)] ?? 'failed';
}

interface Case {
  /** The call before which the other one runs. */
  readonly at: number;
  /** It dies there afterwards. */
  readonly dies?: boolean;
  readonly otherDies?: number;
  readonly into?: string;
}

async function runBoth(whole: string, { at, dies = false, otherDies = 0, into }: Case) {
  const directory = join(temporaryDirectory(), 'copy');
  cpSync(whole, directory, { recursive: true });
  let otherEnded: string | undefined;
  const fs = interferedFileSystem(({ index }, proceed) => {
    if (index === at) otherEnded = runOther({ directory, into, death: otherDies });
    if (dies && index >= at) throw new Death();
    return proceed();
  });
  const ended = await changeIn(directory, { fs }).then(
    () => 'done',
    (error: unknown) => (error instanceof JwksError ? error.code : dies ? 'dead' : String(error)),
  );
  return { directory, ended, otherEnded };
}

async function template(): Promise<{ readonly whole: string; readonly calls: number }> {
  const whole = await secretDirectory();
  const sample = join(temporaryDirectory(), 'copy');
  cpSync(whole, sample, { recursive: true });
  const { fs, calls } = recordingFileSystem();
  await changeIn(sample, { fs });
  return { whole, calls: calls.length };
}

/** The files of a directory that hold a secret which opens its keystore. */
async function opening(directory: string): Promise<string[]> {
  const files = readdirSync(directory).filter((name) => name !== 'keystore' && !name.startsWith('.jwks-'));
  const outcomes = await Promise.allSettled(
    files.map(async (name) => {
      const opened = await (await openIn(directory, secretIn(directory, name))).openSet(auth);
      if (opened?.privateKeys.length !== 1) throw new Error('the key is missing');
      return name;
    }),
  );
  return outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
}

/** `JWKS_FAULTS=all`: every pair of calls; else some. */
const stride = ofExtent({ few: 3, more: 1 });
const steps = ofExtent({ few: [13, 29], more: [7, 19], all: [1, 1] } as const);

const labelsIn = async (directory: string, name: string) =>
  (await openIn(directory, secretIn(directory, name))).reader.master.slots.map(({ label }) => label);

test('another one runs before each call', { timeout: 120_000 }, async () => {
  const { whole, calls } = await template();
  const endedAs: Record<string, number> = {};
  for (let at = 1; at <= calls; at += stride) {
    const { directory, ended, otherEnded } = await runBoth(whole, { at });
    const both = `${ended}, ${otherEnded}`;
    endedAs[both] = (endedAs[both] ?? 0) + 1;
    expect([at, both]).toEqual([at, expect.stringMatching(oneDone)]);
    // Nothing is left of either, and the one secret that is there opens it.
    expect([at, readdirSync(directory).sort(), await opening(directory)]).toEqual([
      at,
      ['keystore', 'secret'],
      ['secret'],
    ]);
    expect(await labelsIn(directory, 'secret')).toEqual(['first']);
  }
  console.log(`secret change: another one before each of ${calls} calls: ${JSON.stringify(endedAs)}`);
  expect(calls).toBeGreaterThan(60);
});

test('one into another file runs before each call', { timeout: 120_000 }, async () => {
  const { whole, calls } = await template();
  for (let at = 1; at <= calls; at += stride) {
    const { directory, ended, otherEnded } = await runBoth(whole, { at, into: 'other' });
    expect([at, `${ended}, ${otherEnded}`]).toEqual([at, expect.stringMatching(oneDone)]);
    const files = await opening(directory);
    expect([at, files.length]).toEqual([at, 1]);
    expect(await labelsIn(directory, files[0] ?? '')).toEqual(['first']);
  }
});

test.each([false, true])(
  'another one dies at any call, and the first too (%s)',
  { timeout: 2_000_000 },
  async (dies) => {
    const { whole, calls } = await template();
    const [step, otherStep] = steps;
    for (let at = 1; at <= calls; at += step) {
      for (let otherDies = 1 + (at % otherStep); otherDies <= calls; otherDies += otherStep) {
        const { directory, otherEnded, ended } = await runBoth(whole, { at, dies, otherDies });
        const where = [at, otherDies, ended, otherEnded];
        expect([where, await opening(directory)]).toEqual([where, expect.arrayContaining(['secret'])]);
        // Whatever is there, running it again ends it.
        await changeIn(directory);
        expect([where, await labelsIn(directory, 'secret')]).toEqual([where, ['first']]);
        expect(readdirSync(directory)).not.toContain('secret.old');
      }
    }
  },
);
