// A secret file that was made for a slot goes again where the slot was refused for certain, and stays where not.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { JwksError } from '../../src/errors.ts';
import type { SlotKey } from '../../src/keystore/master-document.ts';
import { generateSecretText, parseSecret, type Secret } from '../../src/keystore/secret.ts';
import type { Outcome } from '../../src/keystore/storage.ts';
import { addSecretFile, inNewFile } from '../../src/operations/new-secrets.ts';
import { addSecret, listSecrets } from '../../src/operations/secrets.ts';
import { failingAt } from '../support/faulty-file-system.ts';
import { codeOf, memoryKeystore } from '../support/keystore.ts';
import { temporaryDirectory } from '../support/temporary.ts';
import { WatchedStorage } from '../support/watched-storage.ts';

const label = 'ci';
const checks = { uid: process.geteuid?.(), credentials: undefined };
const newSecret = (): Secret => parseSecret(generateSecretText(), 'a test');
const newPath = (): string => join(temporaryDirectory(), 'secret');

/** Somebody else comes first, or the disk answers, when the slot is about to be written. */
async function addWhile(
  path: string,
  first: (addOther: (key: SlotKey) => Promise<unknown>) => Promise<Outcome | undefined>,
): Promise<{ readonly code: string; readonly labels: string[] }> {
  const made = await memoryKeystore();
  let isBegun = false;
  const storage = new WatchedStorage(made.storage, async (call) => {
    if (isBegun || !call.startsWith('replace master')) return undefined;
    isBegun = true;
    return first(async (key) => addSecret(await made.open(), { key, label }));
  });
  const code = await codeOf(addSecretFile(await made.open({ storage }), { path, label, checks }));
  return { code, labels: listSecrets((await made.open()).reader).map((entry) => entry.label) };
}

const taken = async (addOther: (key: SlotKey) => Promise<unknown>): Promise<undefined> => {
  await addOther(newSecret());
};

test('somebody else took the label: the file that was made is gone', async () => {
  const path = newPath();
  expect(await addWhile(path, taken)).toEqual({ code: 'conflict', labels: ['first', label] });
  expect(existsSync(path)).toBe(false);
});

test('a file that was there stays', async () => {
  const path = newPath();
  const text = generateSecretText();
  writeFileSync(path, text, { mode: 0o600 });
  expect((await addWhile(path, taken)).code).toBe('conflict');
  expect(readFileSync(path, 'utf8')).toBe(text);
});

test('it was written after all, and the answer was lost: the file stays', async () => {
  const path = newPath();
  const ran = await addWhile(path, async (addOther) => {
    await addOther(parseSecret(readFileSync(path, 'utf8'), path));
    return 'conflict';
  });
  expect(ran).toEqual({ code: 'conflict', labels: ['first', label] });
  expect(existsSync(path)).toBe(true);
});

test.each(['unconfirmed', 'failed'] as const)('it is not certain (%s): the file stays', async (code) => {
  const path = newPath();
  const ran = await addWhile(path, async () => {
    if (code === 'failed') throw new JwksError('failed', 'made up by a test');
    return 'unknown';
  });
  expect([ran.code, existsSync(path)]).toEqual([code, true]);
});

test('one that cannot be read when it is taken back stays, and hides no other error', () => {
  const path = newPath();
  const text = generateSecretText();
  const keeping = inNewFile(path, checks, failingAt('readFile', 'EIO'));
  keeping.prepare('', text);
  keeping.abandon('', text);
  expect(readFileSync(path, 'utf8').trim()).toBe(text);
  inNewFile(path, checks).abandon('', text);
  expect(existsSync(path)).toBe(false);
});
