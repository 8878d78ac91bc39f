// A document in which anything was changed by anybody without the secret is refused, whatever it was.
import { writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { JwksError } from '../../src/errors.ts';
import { FileStorage } from '../../src/keystore/file-storage.ts';
import { realFileSystem } from '../../src/keystore/file-system.ts';
import { Reader } from '../../src/keystore/reader.ts';
import { SeenFiles } from '../../src/keystore/seen.ts';
import type { StoredDocument } from '../../src/keystore/storage.ts';
import { addKey, auth, codeOf, makeKeystoreIn, mustRead, noon } from '../support/keystore.ts';
import { setName, tamperedKeystore } from '../support/keystore-tampering.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const refusals = ['damaged', 'identity', 'newer-format', 'rolled-back', 'secret'];

/** The places at which an opening did not end with a refusal of ours. */
async function survivors(
  document: StoredDocument,
  variants: Iterable<{ readonly what: string; readonly bytes: Uint8Array }>,
  open: (bytes: Uint8Array) => Promise<unknown>,
): Promise<{ readonly tried: number; readonly survived: string[]; readonly codes: Record<string, number> }> {
  let tried = 0;
  const survived: string[] = [];
  const codes: Record<string, number> = {};
  for (const { what, bytes } of variants) {
    if (Buffer.from(document.bytes).equals(bytes)) continue;
    tried += 1;
    try {
      await open(bytes);
      survived.push(`${what}: opened`);
    } catch (error) {
      const code = error instanceof JwksError ? error.code : String(error);
      codes[code] = (codes[code] ?? 0) + 1;
      if (!refusals.includes(code)) survived.push(`${what}: ${code}`);
    }
  }
  return { tried, survived, codes };
}

function* flipped({ bytes }: StoredDocument) {
  for (let index = 0; index < bytes.length; index++) {
    const before = bytes[index] ?? 0;
    for (const after of [before ^ (1 << (index % 8)), nextBase64url(before)]) {
      const changed = Uint8Array.from(bytes);
      changed[index] = after;
      yield { what: `byte ${index}, ${before} -> ${after}`, bytes: changed };
    }
  }
}

function* cut({ bytes }: StoredDocument) {
  for (let length = 0; length < bytes.length; length++)
    yield { what: `${length} bytes`, bytes: bytes.subarray(0, length) };
}

function nextBase64url(byte: number): number {
  const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return digits.charCodeAt((digits.indexOf(String.fromCharCode(byte)) + 1) % digits.length);
}

describe('every byte', () => {
  test('of a set document changed', async () => {
    const { set, storage, made } = await tamperedKeystore();
    const keystore = await made.open({ storage, acceptRollback: true });
    const { tried, survived, codes } = await survivors(set, flipped(set), async (bytes) => {
      storage.plant(setName, { ...set, bytes });
      return keystore.openSet(auth);
    });
    console.log(`set document: ${tried} changes refused: ${JSON.stringify(codes)}`);
    expect(survived).toEqual([]);
  });

  test('of the master document changed', async () => {
    const { master, storage, openSet } = await tamperedKeystore();
    const { tried, survived, codes } = await survivors(master, flipped(master), (bytes) => {
      storage.plant('master', { ...master, bytes });
      return openSet();
    });
    console.log(`master document: ${tried} changes refused: ${JSON.stringify(codes)}`);
    expect(survived).toEqual([]);
  });

  test('of both cut off from the end', async () => {
    const { master, set, made, storage } = await tamperedKeystore();
    const keystore = await made.open({ storage, acceptRollback: true });
    const sets = await survivors(set, cut(set), (bytes) => {
      storage.plant(setName, { ...set, bytes });
      return keystore.openSet(auth);
    });
    const masters = await survivors(master, cut(master), (bytes) => {
      storage.plant('master', { ...master, bytes });
      return made.open({ storage });
    });
    expect([...sets.survived, ...masters.survived]).toEqual([]);
    expect(sets.tried + masters.tried).toBe(set.bytes.length + master.bytes.length);
  });

  test('of what a reader without the secret relies on', async () => {
    const { set, storage, made } = await tamperedKeystore();
    const reader = await Reader.open(
      { storage, seenFiles: new SeenFiles(realFileSystem, undefined), acceptRollback: true },
      made.fingerprint,
    );
    const honest = await reader.readSet(auth);
    const answers = await survivors(set, flipped(set), async (bytes) => {
      storage.plant(setName, { ...set, bytes });
      // The sealed half is none of a reader's business; what it shows must be as it was.
      expect((await reader.readSet(auth))?.manifest).toEqual(honest?.manifest);
      throw new JwksError('damaged', 'the same answer');
    });
    expect(answers.survived).toEqual([]);
  });
});

test('in files too: a byte changed, a file cut, a file emptied', async () => {
  const made = await makeKeystoreIn(new FileStorage(temporaryDirectory()));
  await addKey(await made.open());
  const path = `${made.storage.place}/${setName}/1.json`;
  const { bytes } = await mustRead(made.storage, setName);
  const middle = Math.floor(bytes.length / 2);
  const changed = Uint8Array.from(bytes);
  changed[middle] = (changed[middle] ?? 0) ^ 1;
  for (const damaged of [
    changed,
    bytes.subarray(0, middle),
    Buffer.alloc(0),
    Buffer.from('{}\n'),
    Buffer.from('null\n'),
  ]) {
    writeFileSync(path, damaged);
    expect(await codeOf((await made.open()).openSet(auth))).toBe('damaged');
  }
  writeFileSync(path, bytes);
  expect((await (await made.open()).openSet(auth))?.manifest.updated).toBe(noon);
});
