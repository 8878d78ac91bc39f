// What a reader finds, what it refuses, and what it remembers of both.
import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { JwksError } from '../../src/errors.ts';
import { generateIdentity } from '../../src/jose/identity.ts';
import { realFileSystem } from '../../src/keystore/file-system.ts';
import type { Keystore } from '../../src/keystore/keystore.ts';
import { KnownManifests } from '../../src/keystore/known-manifests.ts';
import { sealSlot } from '../../src/keystore/master-document.ts';
import { MemoryStorage } from '../../src/keystore/memory-storage.ts';
import { Reader } from '../../src/keystore/reader.ts';
import { SeenFiles } from '../../src/keystore/seen.ts';
import { digestOf } from '../../src/keystore/set-document.ts';
import { documentOf, parseSetId } from '../../src/keystore/set-id.ts';
import type { Storage } from '../../src/keystore/storage.ts';
import { addKey, auth, memoryKeystore, mustRead, noon } from '../support/keystore.ts';
import { setName, tamperedKeystore } from '../support/keystore-tampering.ts';
import { TamperedStorage } from '../support/tampered-storage.ts';
import { temporaryDirectory } from '../support/temporary.ts';
import { toldBy } from '../support/told.ts';
import { WatchedStorage } from '../support/watched-storage.ts';

/** A reader of this storage on a host that remembers in a directory. */
function readerOf(
  storage: Storage,
  trusted?: string,
  { directory, acceptRollback = false }: { directory?: string; acceptRollback?: boolean } = {},
): Promise<Reader> {
  return Reader.open(
    { storage, seenFiles: new SeenFiles(realFileSystem, directory), acceptRollback },
    trusted,
  );
}

/** A rekey with a new identity, which the reader follows: at first both are named, in the end those that it is told. */
async function renamed(keystore: Keystore, reader: Reader, isOldKept: boolean): Promise<string> {
  const next = await generateIdentity('EdDSA');
  const { secret } = keystore.slot;
  await keystore.changeMaster(async ({ identities }, { unlocked }) => ({
    slots: [
      await sealSlot(secret, 'first', noon, { ...unlocked, identity: next, before: unlocked.identity }),
    ],
    identities: [next.jwk, ...identities],
    event: 'rekeyed',
    mustOpen: [secret],
  }));
  expect(await reader.reloadMaster()).toBe(true);
  await keystore.changeMaster(async ({ slots, identities }) => ({
    ...{ slots, signer: next, event: 'rekeyed', mustOpen: [] },
    identities: isOldKept ? identities : [next.jwk],
  }));
  expect(await reader.reloadMaster()).toBe(true);
  expect(await reader.reloadMaster()).toBe(false);
  return next.fingerprint;
}

describe('is told', () => {
  test('that there is no keystore, and that it has gone', async () => {
    const gone = {
      ...{
        code: 'not-found',
        message: 'there is no keystore at memory:',
        hint: 'jwks init --keystore memory:',
      },
    };
    expect(await toldBy(() => readerOf(new MemoryStorage()))).toEqual(gone);
    const { storage, fingerprint } = await memoryKeystore();
    let isGone = false;
    const reader = await readerOf(
      Object.assign(new TamperedStorage(), {
        read: async () => (isGone ? undefined : storage.read('master')),
      }),
      fingerprint,
    );
    expect(await reader.reloadMaster()).toBe(false);
    isGone = true;
    expect(await toldBy(() => reader.reloadMaster())).toEqual(gone);
  });

  test('who signs, where that is another than was named', async () => {
    const { storage, fingerprint } = await memoryKeystore();
    const other = 'A'.repeat(43);
    expect(await toldBy(() => readerOf(storage, other))).toEqual({
      code: 'identity',
      message: `this keystore is signed by ${fingerprint}, not by ${other}`,
      hint: 'if it was replaced on purpose: a command that takes its secret (create, export --private) remembers the new one, and --identity names it',
    });
  });

  test('who signs now, where that is not who did', async () => {
    const { storage, fingerprint } = await memoryKeystore();
    const other = await memoryKeystore();
    const tampered = new TamperedStorage(storage);
    const reader = await readerOf(tampered, fingerprint);
    tampered.plant('master', await mustRead(other.storage, 'master'));
    expect(await toldBy(() => reader.reloadMaster())).toEqual({
      code: 'identity',
      message: `the keystore at memory: is signed by ${other.fingerprint} now, until now by ${fingerprint}`,
      hint: 'nothing was done; if it was rekeyed with a new identity, run it again',
    });
  });

  test('which document is signed by somebody else', async () => {
    const { made, storage } = await tamperedKeystore();
    const foreign = await memoryKeystore();
    await addKey(await foreign.open());
    storage.plant(setName, await mustRead(foreign.storage, setName));
    const reader = await readerOf(storage, made.fingerprint);
    expect(await toldBy(() => reader.readSet(auth))).toEqual({
      code: 'damaged',
      message: `sets/auth is signed by ${foreign.fingerprint}, which is no identity of this keystore`,
      hint: 'it may come from another keystore; put back the one that belongs here, from a backup: jwks restore FILE auth --force',
    });
  });
});

describe('finds', () => {
  test('each set by its id, and the hash of its file; of one that is not there nothing', async () => {
    const { made, set } = await tamperedKeystore();
    const reader = await readerOf(made.storage);
    expect((await reader.readSet(auth))?.manifest.keys).toHaveLength(2);
    expect(await reader.readSet(parseSetId('absent'))).toBeUndefined();
    expect(await reader.readForChange(auth)).toMatchObject({ sha256: digestOf(set.bytes) });
    expect(await reader.names()).toEqual([setName, 'sets/other']);
  });

  test('all sets in the order of their ids', async () => {
    const made = await memoryKeystore();
    for (const name of ['b', 'c', 'a', 'B']) await addKey(await made.open(), parseSetId(name));
    const manifests = await (await readerOf(made.storage)).readManifests();
    expect(manifests.map(({ set }) => set)).toEqual(['B', 'a', 'b', 'c']);
  });

  test('what is whole beside what is faulty, and ends at what is no fault of a document', async () => {
    const { made, storage } = await tamperedKeystore();
    storage.plant(setName, { revision: 2, bytes: Buffer.from('{}\n') });
    const reader = await readerOf(storage, made.fingerprint);
    const faults: unknown[] = [];
    const onFault = (name: string, { code }: JwksError) => faults.push([name, code]);
    expect((await reader.readManifests(onFault)).map(({ set }) => set)).toEqual(['other']);
    expect(faults).toEqual([[setName, 'damaged']]);
    expect((await toldBy(() => reader.readManifests())).code).toBe('damaged');
    const failing = new WatchedStorage(made.storage, async (call) => {
      if (call === `read ${setName}`) throw new TypeError('not ours');
      return undefined;
    });
    const other = await readerOf(failing, made.fingerprint);
    await expect(other.readManifests(onFault)).rejects.toThrow('not ours');
    expect(faults).toHaveLength(1);
  });
});

describe('where it has read a set before', () => {
  const known = () => new KnownManifests(() => 0);

  test('what is the same, byte for byte, is not checked again', async () => {
    const { made } = await tamperedKeystore();
    const reader = await readerOf(made.storage);
    const all = known();
    const [before] = await reader.readManifests(undefined, all);
    expect((await reader.readManifests(undefined, all))[0]).toBe(before);
    await addKey(await made.open());
    expect((await reader.readManifests(undefined, all))[0]?.keys).toHaveLength(3);
  });

  test('the same under another revision is damaged, and then it is not known any more', async () => {
    const { made, storage, set } = await tamperedKeystore();
    const reader = await readerOf(storage, made.fingerprint);
    const all = known();
    await reader.readManifests(undefined, all);
    storage.plant(setName, { ...set, revision: 3 });
    const faults: string[] = [];
    await reader.readManifests((_, { code }) => faults.push(code), all);
    expect([faults, all.get(setName)]).toEqual([['damaged'], undefined]);
  });

  test('the same of an identity that may not sign any more is damaged', async () => {
    const { made } = await tamperedKeystore();
    const reader = await readerOf(made.storage);
    const all = known();
    expect(await reader.readManifests(undefined, all)).toHaveLength(2);
    await renamed(await made.open(), reader, false);
    const faults: string[] = [];
    expect(await reader.readManifests((_, { code }) => faults.push(code), all)).toEqual([]);
    expect(faults).toEqual(['damaged', 'damaged']);
  });
});

describe('remembers', () => {
  const stateOf = (directory: string, fingerprint: string) =>
    new SeenFiles(realFileSystem, directory).of(fingerprint, 'memory:');

  test('nothing of a keystore that it has no reason to trust', async () => {
    const { made } = await tamperedKeystore();
    const directory = temporaryDirectory();
    const reader = await readerOf(made.storage, undefined, { directory });
    await reader.readSet(auth);
    expect(reader.isTrusted).toBe(false);
    reader.remember(true);
    expect(readdirSync(directory)).toEqual([]);
    reader.trust();
    reader.remember(true);
    expect(stateOf(directory, made.fingerprint).get(setName)?.revision).toBe(2);
  });

  test('a set that is gone, until that is accepted', async () => {
    const { made } = await tamperedKeystore();
    const directory = temporaryDirectory();
    const reader = await readerOf(made.storage, made.fingerprint, { directory });
    await reader.readManifests();
    reader.remember(true);
    const emptied = new TamperedStorage();
    emptied.plant('master', await mustRead(made.storage, 'master'));
    const later = await readerOf(emptied, made.fingerprint, { directory });
    expect((await later.names()).sort()).toEqual([setName, 'sets/other']);
    expect((await later.goneNames()).sort()).toEqual([setName, 'sets/other']);
    expect((await toldBy(() => later.readSet(auth))).code).toBe('rolled-back');
    const accepting = await readerOf(emptied, made.fingerprint, { directory, acceptRollback: true });
    expect(await accepting.readSet(auth)).toBeUndefined();
    expect(await accepting.names()).toEqual(['sets/other']);
  });

  test('under a new identity what it has seen under the one from before', async () => {
    const { made } = await tamperedKeystore();
    const directory = temporaryDirectory();
    const reader = await readerOf(made.storage, made.fingerprint, { directory });
    await reader.readSet(auth);
    const next = await renamed(await made.open(), reader, true);
    expect([reader.fingerprint, reader.master.revision]).toEqual([next, 3]);
    reader.remember(true);
    expect(stateOf(directory, next).get(setName)?.revision).toBe(2);
    expect(stateOf(directory, next).get('master')?.revision).toBe(3);
  });

  test('what it has written itself', async () => {
    const { made } = await tamperedKeystore();
    const directory = temporaryDirectory();
    const reader = await readerOf(made.storage, made.fingerprint, { directory });
    reader.noteWritten(documentOf(auth), 7, Buffer.from('abc'));
    reader.remember(true);
    const sha256 = 'ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0';
    expect(stateOf(directory, made.fingerprint).get(setName)).toEqual({ revision: 7, sha256 });
  });
});
