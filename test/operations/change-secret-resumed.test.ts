// A change of the secret is interrupted, and then another one is asked for: first the one, with its own file, then the
// other; or it is refused. What is said to open opens. JWKS_FAULTS=more interrupts it at more calls.
import { cpSync, existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseSecret, type Secret } from '../../src/keystore/secret.ts';
import { rekey } from '../../src/operations/rekey.ts';
import { ofExtent } from '../support/extent.ts';
import { dyingAt, recordingFileSystem } from '../support/faulty-file-system.ts';
import { codeOf } from '../support/keystore.ts';
import { changeIn, openIn, secretIn } from '../support/secret-changes.ts';
import { secretDirectory } from '../support/secret-directory.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const passphrase = 'correct horse battery staple';
/** Calls from one that is tried to the next; a passphrase is derived slowly. */
const [stride, slowly] = ofExtent({ few: [4, 100], more: [1, 25] });

/** A copy of it for each call at which a change dies, so many `apart`. */
async function* interrupted(
  into?: string,
  apart = stride,
): AsyncGenerator<{ at: number; directory: string }> {
  const whole = await secretDirectory();
  const copy = () => {
    const directory = join(temporaryDirectory(), 'copy');
    cpSync(whole, directory, { recursive: true });
    return directory;
  };
  const { fs, calls } = recordingFileSystem();
  await changeIn(copy(), { fs, into });
  expect(calls.length).toBeGreaterThan(60);
  for (let at = 1; at <= calls.length; at += apart) {
    const directory = copy();
    await changeIn(directory, { fs: dyingAt(at), into }).catch(() => undefined);
    yield { at, directory };
  }
}

const labelsWith = async (directory: string, secret: Secret) =>
  (await openIn(directory, secret)).reader.master.slots.map(({ label }) => label);

test('then into another file: that one opens, and alone', { timeout: 60_000 }, async () => {
  let resumed = 0;
  for await (const { at, directory } of interrupted()) {
    const { isMade, isResumed } = await changeIn(directory, { into: 'other' });
    if (isResumed) resumed++;
    expect([at, isMade, await labelsWith(directory, secretIn(directory, 'other'))]).toEqual([
      at,
      true,
      ['first'],
    ]);
    expect(await codeOf(openIn(directory, secretIn(directory)))).toBe('secret');
    // Nothing but its second name is left of one that was ended before: it may have been kept for somebody.
    if (isResumed) expect([at, existsSync(join(directory, 'secret.old'))]).toEqual([at, false]);
  }
  expect(resumed * stride).toBeGreaterThan(10);
});

test('then to a passphrase: it opens, and the file does not', { timeout: 120_000 }, async () => {
  for await (const { at, directory } of interrupted(undefined, slowly)) {
    await changeIn(directory, { passphrase });
    const labels = await labelsWith(directory, parseSecret(passphrase, 'a test'));
    expect([at, labels]).toEqual([at, ['first']]);
    expect(await codeOf(openIn(directory, secretIn(directory)))).toBe('secret');
  }
});

test('one to a passphrase, then the same again', { timeout: 120_000 }, async () => {
  const whole = await secretDirectory();
  const { fs, calls } = recordingFileSystem();
  const sample = join(temporaryDirectory(), 'copy');
  cpSync(whole, sample, { recursive: true });
  await changeIn(sample, { fs, passphrase });
  for (let at = 1; at <= calls.length; at += slowly) {
    const directory = join(temporaryDirectory(), 'copy');
    cpSync(whole, directory, { recursive: true });
    await changeIn(directory, { fs: dyingAt(at), passphrase }).catch(() => undefined);
    // It was ended, or is now; another one would not know it, and may not take it back.
    const code = await codeOf(changeIn(directory, { passphrase: `${passphrase}!` })).catch(() => 'made');
    if (code === 'conflict') await changeIn(directory, { passphrase });
    const text = code === 'made' ? `${passphrase}!` : passphrase;
    const labels = await labelsWith(directory, parseSecret(text, 'a test'));
    expect([at, code, labels]).toEqual([at, code, ['first']]);
  }
});

test('one into another file, then in place: refused where it has a slot, and ended as it was begun', {
  timeout: 60_000,
}, async () => {
  const codes = new Set<string>();
  for await (const { at, directory } of interrupted('other')) {
    const isEnded = (await codeOf(openIn(directory, secretIn(directory))).catch(() => '')) === 'secret';
    const code = isEnded ? 'ended' : await codeOf(changeIn(directory)).catch(() => 'made');
    codes.add(code);
    if (code === 'conflict') {
      const { isResumed, isMade } = await changeIn(directory, { into: 'other' });
      expect([at, isResumed, isMade]).toEqual([at, true, false]);
    }
    const file = code === 'made' ? 'secret' : 'other';
    expect([at, await labelsWith(directory, secretIn(directory, file))]).toEqual([at, ['first']]);
    expect(readdirSync(directory)).not.toContain('secret.old');
  }
  expect([...codes].sort()).toEqual(['conflict', 'ended', 'made']);
});

test('a rekey comes between, and the change is ended all the same', { timeout: 60_000 }, async () => {
  let ended = 0;
  for await (const { directory } of interrupted()) {
    const staged = readdirSync(directory).find((name) => name.startsWith('.jwks-'));
    const keystore = await openIn(directory, secretIn(directory));
    if (staged === undefined || keystore.reader.master.slots.length === 1) continue;
    await rekey(keystore, { secrets: [secretIn(directory, staged)], drop: [], newIdentity: false });
    const { isResumed } = await changeIn(directory);
    expect([isResumed, await labelsWith(directory, secretIn(directory))]).toEqual([true, ['first']]);
    ended++;
  }
  expect(ended * stride).toBeGreaterThan(3);
});
