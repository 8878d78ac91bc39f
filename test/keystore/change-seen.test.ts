// What a keystore and its reader know beside the set that is changed: what was seen, what is kept, what is not there.
import { expect, test } from 'vitest';
import { generateIdentity } from '../../src/jose/identity.ts';
import { realFileSystem } from '../../src/keystore/file-system.ts';
import { type Decide, Keystore } from '../../src/keystore/keystore.ts';
import { KnownManifests } from '../../src/keystore/known-manifests.ts';
import type { Manifest } from '../../src/keystore/manifest.ts';
import { sealSlot } from '../../src/keystore/master-document.ts';
import { Reader } from '../../src/keystore/reader.ts';
import { SeenFiles } from '../../src/keystore/seen.ts';
import { type DocumentName, documentOf, parseSetId } from '../../src/keystore/set-id.ts';
import { addKey, auth, authorAt, codeOf, memoryKeystore, noon, note } from '../support/keystore.ts';
import { TamperedStorage } from '../support/tampered-storage.ts';
import { temporaryDirectory } from '../support/temporary.ts';
import { WatchedStorage } from '../support/watched-storage.ts';

const setName = documentOf(auth);
const absent = parseSetId('absent');

test('a change counts as seen, also that of the master document', async () => {
  const made = await memoryKeystore();
  const directory = temporaryDirectory();
  const options = () => ({
    ...{ storage: made.storage, seenFiles: new SeenFiles(realFileSystem, directory), acceptRollback: false },
  });
  const keystore = await Keystore.open(options(), made.secret, authorAt(), undefined);
  for (const name of ['one', 'two', 'three']) await keystore.change(auth, note(name), { create: true });
  await keystore.changeMaster(async ({ slots }) => ({ slots, event: 'noted', mustOpen: [] }));
  keystore.reader.remember(true);
  const seen = new SeenFiles(realFileSystem, directory).of(made.fingerprint);
  expect([seen.get(setName)?.revision, seen.get('master')?.revision]).toEqual([3, 2]);
});

test('so does one of the master document that could not be read again', async () => {
  const made = await memoryKeystore();
  const directory = temporaryDirectory();
  let isWritten = false;
  const storage = new WatchedStorage(made.storage, async (call) => {
    if (isWritten) throw new Error('the disk is gone');
    isWritten = call.startsWith('replace');
    return undefined;
  });
  const options = { storage, seenFiles: new SeenFiles(realFileSystem, directory), acceptRollback: false };
  const keystore = await Keystore.open(options, made.secret, authorAt(), undefined);
  const work = keystore.changeMaster(async ({ slots }) => ({ slots, event: 'noted', mustOpen: [] }));
  expect(await codeOf(work)).toBe('unconfirmed');
  keystore.reader.remember(true);
  expect(new SeenFiles(realFileSystem, directory).of(made.fingerprint).get('master')?.revision).toBe(2);
});

test('a generated secret opens another keystore at a place that this host knows', async () => {
  const [made, other] = [await memoryKeystore(), await memoryKeystore()];
  const seenFiles = new SeenFiles(realFileSystem, temporaryDirectory());
  const open = ({ storage, secret }: typeof made) =>
    Keystore.open({ storage, seenFiles, acceptRollback: false }, secret, authorAt(), undefined);
  (await open(made)).reader.remember(true);
  expect((await open(other)).reader.fingerprint).toBe(other.fingerprint);
});

test('a set that is not there is opened as nothing, and can be deleted all the same', async () => {
  const keystore = await (await memoryKeystore()).open();
  expect(await keystore.openSet(absent)).toBeUndefined();
  const deletion: Decide = () => ({
    keys: [],
    privateKeys: [],
    policy: undefined,
    deleted: true,
    events: [],
  });
  expect((await keystore.change(absent, deletion)).manifest).toMatchObject({ revision: 1, deleted: noon });
});

test('the slot is opened anew only where the master document is another', async () => {
  const made = await memoryKeystore();
  const { slot } = await made.open();
  const { unlocked } = slot;
  await slot.refresh();
  expect(slot.unlocked).toBe(unlocked);
  await (await made.open()).changeMaster(async ({ slots }) => ({ slots, event: 'noted', mustOpen: [] }));
  await slot.refresh();
  expect(slot.unlocked).not.toBe(unlocked);
});

test('a reader takes a set that is signed by an identity which a rekey has begun since', async () => {
  const made = await memoryKeystore();
  const { reader } = await made.open();
  const writer = await made.open();
  const identity = await generateIdentity('EdDSA');
  await writer.changeMaster(async ({ identities }, { unlocked }) => ({
    slots: [await sealSlot(made.secret, 'first', noon, { ...unlocked, identity, before: unlocked.identity })],
    identities: [identity.jwk, ...identities],
    event: 'rekeyed',
    mustOpen: [made.secret],
  }));
  await addKey(writer);
  expect((await reader.readSet(auth))?.signer.fingerprint).toBe(identity.fingerprint);
});

test('of the sets that were seen those that are not there any more are gone', async () => {
  const made = await memoryKeystore();
  const keystore = await made.open();
  for (const name of ['auth', 'gone']) await addKey(keystore, parseSetId(name));
  const storage = new TamperedStorage(made.storage);
  const { reader } = await made.open({ storage });
  await reader.readManifests();
  expect(await reader.goneNames()).toEqual([]);
  Object.assign(storage, { list: async () => [setName] });
  expect([await reader.goneNames(), await reader.names()]).toEqual([['sets/gone'], [setName, 'sets/gone']]);
});

test('what is to be kept is not read, and what is not there is no manifest', async () => {
  const made = await memoryKeystore();
  await addKey(await made.open());
  const kept = { set: auth } as Manifest;
  class Keeping extends KnownManifests {
    override async plan() {
      return { due: new Map(), kept: new Map<DocumentName, Manifest>([[setName, kept]]) };
    }
  }
  const seenFiles = new SeenFiles(realFileSystem, undefined);
  const reader = await Reader.open({ storage: made.storage, seenFiles, acceptRollback: false }, undefined);
  const names = [setName, documentOf(absent)];
  expect(await reader.readEach(names, undefined, new Keeping())).toEqual(new Map([[setName, kept]]));
  expect([...(await reader.readEach(names)).keys()]).toEqual([setName]);
});
