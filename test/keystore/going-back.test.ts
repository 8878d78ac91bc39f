// A keystore that went back or was forked is refused, and one that was merely overtaken is not.
import { describe, expect, test } from 'vitest';
import { FileStorage } from '../../src/keystore/file-storage.ts';
import { realFileSystem } from '../../src/keystore/file-system.ts';
import { Keystore } from '../../src/keystore/keystore.ts';
import { Reader } from '../../src/keystore/reader.ts';
import { SeenFiles } from '../../src/keystore/seen.ts';
import { type DocumentName, documentOf } from '../../src/keystore/set-id.ts';
import type { Storage } from '../../src/keystore/storage.ts';
import {
  addKey,
  auth,
  authorAt,
  codeOf,
  makeKeystoreIn,
  memoryKeystore,
  mustRead,
} from '../support/keystore.ts';
import { rekey } from '../support/keystore-rekey.ts';
import { TamperedStorage } from '../support/tampered-storage.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const setName = documentOf(auth);

describe('a keystore that went back', () => {
  test('is refused until it is said that this is wanted, and from then on the old one counts', async () => {
    const made = await memoryKeystore();
    const storage = new TamperedStorage(made.storage);
    const directory = temporaryDirectory();
    const seenFiles = () => new SeenFiles(realFileSystem, directory);
    const open = async (acceptRollback: boolean) => {
      const options = { storage, seenFiles: seenFiles(), acceptRollback };
      const keystore = await Keystore.open(options, made.secret, authorAt(), undefined);
      const set = await keystore.openSet(auth);
      keystore.reader.remember(true);
      return set?.manifest.revision;
    };
    await addKey(await made.open());
    const old = await mustRead(made.storage, setName);
    await addKey(await made.open());
    expect(await open(false)).toBe(2);
    storage.plant(setName, old);
    expect(await codeOf(open(false))).toBe('rolled-back');
    expect(await open(true)).toBe(1);
    expect(await open(false)).toBe(1);
  });

  test('is noticed by a reader without the secret, and a fork by the same number', async () => {
    const made = await makeKeystoreIn(new FileStorage(temporaryDirectory()));
    const storage = new TamperedStorage(made.storage);
    const directory = temporaryDirectory();
    const read = async () => {
      const seenFiles = new SeenFiles(realFileSystem, directory);
      const reader = await Reader.open({ storage, seenFiles, acceptRollback: false }, made.fingerprint);
      const set = await reader.readSet(auth);
      reader.remember(true);
      return set?.manifest.revision;
    };
    await addKey(await made.open());
    const first = await mustRead(made.storage, setName);
    await addKey(await made.open());
    expect(await read()).toBe(2);
    // The same set went another way from revision 1 on, as in another branch of a git repository.
    const branch = new TamperedStorage();
    branch.plant('master', await mustRead(made.storage, 'master'));
    branch.plant(setName, first);
    const writes: Uint8Array[] = [];
    const forking = await made.open({
      storage: Object.assign(branch, {
        replace: async (_name: string, _from: number, bytes: Uint8Array) => {
          writes.push(bytes);
          return 'committed' as const;
        },
      }),
    });
    await addKey(forking);
    const [forked] = writes;
    if (forked === undefined) throw new Error('nothing was written');
    storage.plant(setName, { revision: 2, bytes: forked });
    expect(await codeOf(read())).toBe('rolled-back');
  });
});

describe('a read that was overtaken by a change', () => {
  /** Answers the first read of a document only after something else has happened. */
  function slow(beneath: Storage, name: string, meanwhile: () => Promise<unknown>): Storage {
    let isFirst = true;
    return new Proxy(beneath, {
      get(target, member: keyof Storage) {
        if (member !== 'read') {
          const value = target[member];
          return typeof value === 'function' ? value.bind(target) : value;
        }
        return async (asked: DocumentName) => {
          const answer = await target.read(asked);
          if (asked !== name || !isFirst) return answer;
          isFirst = false;
          await meanwhile();
          return answer;
        };
      },
    });
  }

  test('through the same keystore has not gone back', async () => {
    const made = await memoryKeystore();
    await addKey(await made.open());
    let keystore: Keystore | undefined;
    const storage = slow(made.storage, setName, async () => keystore && addKey(keystore));
    keystore = await made.open({ storage });
    expect((await keystore.openSet(auth))?.manifest.revision).toBe(2);
  });

  test('by another process, which has remembered it, has not gone back', async () => {
    const made = await memoryKeystore();
    const directory = temporaryDirectory();
    const open = async (storage: Storage) => {
      const seenFiles = new SeenFiles(realFileSystem, directory);
      const keystore = await Keystore.open(
        { storage, seenFiles, acceptRollback: false },
        made.secret,
        authorAt(),
        undefined,
      );
      keystore.reader.remember(true);
      return keystore.reader.master.revision;
    };
    const storage = slow(made.storage, 'master', async () => {
      await rekey(made);
      expect(await open(made.storage)).toBe(2);
    });
    expect(await open(storage)).toBe(2);
  });
});
