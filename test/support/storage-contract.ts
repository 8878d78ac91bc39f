// What every backend of a keystore must do, as one suite that each of them runs.
import { expect, test } from 'vitest';
import type { DocumentName } from '../../src/keystore/set-id.ts';
import type { Storage } from '../../src/keystore/storage.ts';

const set: DocumentName = 'sets/auth';
const bytesOf = (text: string) => Buffer.from(text);

interface Made {
  readonly storage: Storage;
  readonly again: () => Storage | Promise<Storage>;
  /** Makes the last change of a document one of long ago. */
  readonly age?: (document: DocumentName) => void;
}

/** `make` gives a new and empty place each time; `again` opens that same place once more. */
export function storageContract(name: string, make: () => Made | Promise<Made>): void {
  const textOf = async (storage: Storage, document: DocumentName): Promise<string | undefined> => {
    const read = await storage.read(document);
    return read && `${read.revision} ${Buffer.from(read.bytes).toString()}`;
  };

  test(`${name}: an empty place lists nothing, and what is absent reads as undefined`, async () => {
    const { storage } = await make();
    expect(await storage.list()).toEqual([]);
    expect(await storage.read(set)).toBeUndefined();
    expect(await storage.read('master')).toBeUndefined();
  });

  test(`${name}: a name that is reserved is listed before anything is in it`, async () => {
    const { storage, again } = await make();
    await storage.reserve(set);
    await storage.reserve(set);
    expect(await (await again()).list()).toEqual([set]);
    expect(await (await again()).read(set)).toBeUndefined();
    expect(await storage.replace(set, 0, bytesOf('one'))).toBe('committed');
    expect(await textOf(await again(), set)).toBe('1 one');
  });

  test(`${name}: reserving again leaves what is there`, async () => {
    const { storage, again } = await make();
    await storage.replace(set, 0, bytesOf('one'));
    await storage.reserve(set);
    expect(await textOf(await again(), set)).toBe('1 one');
  });

  test(`${name}: each replace makes the next revision, and others read it`, async () => {
    const { storage, again } = await make();
    const reader = await again();
    for (let from = 0; from < 5; from++) {
      expect(await storage.replace(set, from, bytesOf(`text ${from + 1}`))).toBe('committed');
      expect(await textOf(reader, set)).toBe(`${from + 1} text ${from + 1}`);
    }
    expect(await reader.list()).toEqual([set]);
  });

  test(`${name}: a base that is superseded is a conflict and changes nothing`, async () => {
    const { storage, again } = await make();
    await storage.replace(set, 0, bytesOf('one'));
    await storage.replace(set, 1, bytesOf('two'));
    for (const from of [0, 1]) {
      expect(await (await again()).replace(set, from, bytesOf('another'))).toBe('conflict');
      expect(await textOf(storage, set)).toBe('2 two');
    }
  });

  test(`${name}: of many writers from one base exactly one commits`, async () => {
    const { storage, again } = await make();
    const places = await Promise.all(Array.from({ length: 20 }, again));
    const writers = places.map((storage, writer) => ({ writer, storage }));
    for (let from = 0; from < 10; from++) {
      const outcomes = await Promise.all(
        writers.map((own) => own.storage.replace(set, from, bytesOf(`by ${own.writer}`))),
      );
      expect(outcomes.filter((outcome) => outcome === 'committed')).toHaveLength(1);
      expect(outcomes.filter((outcome) => outcome === 'conflict')).toHaveLength(19);
      expect(await textOf(storage, set)).toBe(`${from + 1} by ${outcomes.indexOf('committed')}`);
    }
  });

  test(`${name}: a later revision is seeded where there is none, and the numbers below it are taken`, async () => {
    const { storage, again } = await make();
    await storage.reserve(set);
    expect(await storage.seed(set, 0, 5, bytesOf('five'))).toBe('committed');
    expect(await textOf(await again(), set)).toBe('5 five');
    for (const from of [0, 1, 3, 4]) {
      expect(await (await again()).replace(set, from, bytesOf('another'))).toBe('conflict');
      expect(await (await again()).seed(set, from, 5, bytesOf('another'))).toBe('conflict');
    }
    expect(await (await again()).replace(set, 5, bytesOf('six'))).toBe('committed');
    expect(await textOf(storage, set)).toBe('6 six');
    expect(await storage.seed('sets/first', 0, 1, bytesOf('one'))).toBe('committed');
    expect(await textOf(storage, 'sets/first')).toBe('1 one');
  });

  test(`${name}: a later revision is seeded above the one it was told of only`, async () => {
    const { storage, again } = await make();
    await storage.replace(set, 0, bytesOf('one'));
    await storage.replace(set, 1, bytesOf('two'));
    expect(await storage.seed(set, 1, 7, bytesOf('seven'))).toBe('conflict');
    expect(await storage.seed(set, 0, 7, bytesOf('seven'))).toBe('conflict');
    expect(await textOf(await again(), set)).toBe('2 two');
    expect(await storage.seed(set, 2, 7, bytesOf('seven'))).toBe('committed');
    expect(await textOf(await again(), set)).toBe('7 seven');
    expect(await (await again()).replace(set, 7, bytesOf('eight'))).toBe('committed');
  });

  test(`${name}: the master document and the sets are apart`, async () => {
    const { storage, again } = await make();
    expect(await storage.replace('master', 0, bytesOf('who may unlock'))).toBe('committed');
    expect(await (await again()).list()).toEqual([]);
    expect(await storage.replace('sets/master', 0, bytesOf('a set of that name'))).toBe('committed');
    expect(await storage.replace('sets/other', 0, bytesOf('other'))).toBe('committed');
    expect((await (await again()).list()).sort()).toEqual(['sets/master', 'sets/other']);
    expect(await textOf(storage, 'master')).toBe('1 who may unlock');
    expect(await textOf(storage, 'sets/master')).toBe('1 a set of that name');
  });

  test(`${name}: a writer's buffer is its own afterwards, and bytes come back as they were`, async () => {
    const { storage, again } = await make();
    const bytes = Buffer.from(Array.from({ length: 70_000 }, (_, index) => index % 256));
    const kept = Buffer.from(bytes);
    await storage.replace(set, 0, bytes);
    bytes.fill(0);
    expect(kept.equals((await (await again()).read(set))?.bytes ?? Buffer.alloc(0))).toBe(true);
  });

  test(`${name}: whoever opens the place again finds it under the same name`, async () => {
    const { storage, again } = await make();
    expect((await again()).place).toBe(storage.place);
    expect(storage.place).not.toBe('');
  });

  test(`${name}: a stamp, where there are any, is another after a change, and only then`, async () => {
    const { storage, again, age } = await make();
    const other: DocumentName = 'sets/other';
    for (const document of [set, other]) {
      await storage.replace(document, 0, bytesOf('one'));
      age?.(document);
    }
    const names = [set, other, 'sets/absent'] as const;
    const before = await storage.stamps?.(names);
    if (before === undefined) return;
    expect([...before.keys()].sort()).toEqual([set, other]);
    await (await again()).read(set);
    expect(await (await again()).stamps?.(names)).toEqual(before);
    await (await again()).replace(set, 1, bytesOf('two'));
    const after = await storage.stamps?.(names);
    expect(after?.get(set)).not.toBe(before.get(set));
    expect(after?.get(other)).toBe(before.get(other));
  });
}
