// What is said of a change that was not made, or of which that is not known; and what a change writes beside the keys.
import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { realFileSystem } from '../../src/keystore/file-system.ts';
import { type Decide, Keystore } from '../../src/keystore/keystore.ts';
import { sealSlot } from '../../src/keystore/master-document.ts';
import { parseRecipient } from '../../src/keystore/recipient.ts';
import { parseSecret } from '../../src/keystore/secret.ts';
import { SeenFiles } from '../../src/keystore/seen.ts';
import { documentOf, parseSetId, type SetId } from '../../src/keystore/set-id.ts';
import { toInstant } from '../../src/lifecycle/time.ts';
import { addition, addKey, auth, authorAt, memoryKeystore, noon, note } from '../support/keystore.ts';
import { rekey } from '../support/keystore-rekey.ts';
import { temporaryDirectory } from '../support/temporary.ts';
import { toldBy } from '../support/told.ts';
import { WatchedStorage } from '../support/watched-storage.ts';

const setName = documentOf(auth);
const later = (seconds: number) => toInstant(noon + seconds);

test('a change that nobody confirmed names its revision', async () => {
  const made = await memoryKeystore();
  await addKey(await made.open());
  const storage = new WatchedStorage(made.storage, async (call) =>
    call.startsWith('replace') ? 'unknown' : undefined,
  );
  const keystore = await made.open({ storage });
  expect(await toldBy(() => keystore.change(auth, note('one')))).toEqual({
    code: 'unconfirmed',
    message: 'revision 2 of set "auth" is written but the disk did not confirm it',
    hint: 'look at it with jwks list before anything is done again',
  });
});

test('a private half that would be lost is named', async () => {
  const keystore = await (await memoryKeystore()).open();
  const kid = await addKey(keystore);
  const losing: Decide = (current) => ({
    ...{ keys: current?.manifest.keys ?? [], privateKeys: [], policy: undefined, events: [] },
  });
  expect(await toldBy(() => keystore.change(auth, losing))).toEqual({
    ...{ code: 'internal', message: `the private half of key ${kid} is missing`, hint: undefined },
  });
});

test('a set under a key that is gone says where it may come from', async () => {
  const made = await memoryKeystore();
  await addKey(await made.open());
  await rekey(made, 0);
  const keystore = await made.open();
  expect(await toldBy(() => keystore.openSet(auth))).toEqual({
    code: 'damaged',
    message: 'set "auth" is sealed under a key that this keystore does not hold',
    hint: 'it may come from another keystore or from before a rekey; put back the one that belongs here, from a backup: jwks restore FILE auth --force',
  });
});

describe('a dry run', () => {
  test('decides and refuses as ever, reserves no place and writes nothing', async () => {
    const made = await memoryKeystore();
    const storage = new WatchedStorage(made.storage);
    const keystore = await made.open({ storage });
    const asked: unknown[] = [];
    const decide: Decide = (current, now) => {
      asked.push(current?.manifest.revision);
      return note('one')(current, now);
    };
    const options = { create: true, dryRun: true };
    expect(await keystore.change(auth, decide, options)).toEqual({ manifest: undefined, written: false });
    await addKey(keystore);
    storage.calls.length = 0;
    const { manifest, written } = await keystore.change(auth, decide, options);
    expect([manifest?.revision, written, asked]).toEqual([1, false, [undefined, 1]]);
    expect(storage.calls).toEqual(['read master', `read ${setName}`]);
    const late = await made.open({ author: authorAt(later(-86_400)) });
    expect((await toldBy(() => late.change(auth, decide, options))).code).toBe('unsafe');
  });
});

test('a host that slept for more than half a minute while it sealed decides anew', async () => {
  const asleep = async (seconds: number) => {
    const decided: number[] = [];
    // Its clock goes on between what it decides and what it writes.
    const author = { now: () => (decided.length === 0 ? noon : later(seconds)), by: 'alice@laptop' };
    const keystore = await (await memoryKeystore()).open({ author });
    const decide: Decide = (current, now) => {
      decided.push(now - noon);
      return note('one')(current, now);
    };
    const { manifest } = await keystore.change(auth, decide, { create: true });
    expect(manifest).toMatchObject({ revision: 1, updated: later(decided.at(-1) ?? -1) });
    return decided;
  };
  expect(await asleep(31)).toEqual([0, 31]);
  expect(await asleep(30)).toEqual([0]);
});

describe('the clock', () => {
  test('that is in doubt stops a change, unless it is forced', async () => {
    const made = await memoryKeystore();
    await addKey(await made.open());
    const late = await made.open({ author: authorAt(later(-86_400)) });
    const told = await toldBy(() => late.change(auth, note('late')));
    expect(told).toMatchObject({
      code: 'unsafe',
      message: expect.stringMatching(/^set "auth" was not changed: /),
      hint: "set this host's clock; if the one that made the last change was wrong, add --force",
    });
    expect((await late.change(auth, note('late'), { force: true })).written).toBe(true);
  });

  test('that stood still for years may be a dead battery', async () => {
    const made = await memoryKeystore();
    await addKey(await made.open());
    const early = await made.open({ author: authorAt(later(401 * 86_400)) });
    expect(await toldBy(() => early.change(auth, note('early')))).toMatchObject({
      code: 'unsafe',
      message: expect.stringMatching(/^set "auth" was not changed: /),
      hint: "set this host's clock; if it is right, add --force",
    });
    expect((await early.change(auth, note('early'), { force: true })).written).toBe(true);
  });
});

test('a set that was deleted keeps the date, until it is made again', async () => {
  const made = await memoryKeystore();
  const deletion: Decide = () => ({
    keys: [],
    privateKeys: [],
    policy: undefined,
    deleted: true,
    events: [],
  });
  const at = async (seconds: number) => made.open({ author: authorAt(later(seconds)) });
  await (await at(0)).change(auth, note('first'), { create: true });
  expect((await (await at(1)).change(auth, deletion)).manifest?.deleted).toBe(later(1));
  expect((await (await at(2)).change(auth, deletion)).manifest?.deleted).toBe(later(1));
  expect((await (await at(3)).change(auth, note('again'))).manifest?.deleted).toBeUndefined();
});

describe('a set whose name is too long for a file', () => {
  test('is opened and changed by the name of its file, which it does not take', async () => {
    const keystore = await (await memoryKeystore()).open();
    const long = parseSetId('É'.repeat(100));
    await addKey(keystore, long);
    const standIn = documentOf(long).slice('sets/'.length) as SetId;
    const seen: unknown[] = [];
    await keystore.change(standIn, (current, now) => {
      seen.push(current?.manifest.set);
      return note('by its file')(current, now);
    });
    expect(seen).toEqual([long]);
    expect((await keystore.openSet(long))?.manifest).toMatchObject({ set: long, revision: 2 });
  });

  test('gets its name by the first change that tells it, where a rekey had only that of the file', async () => {
    const keystore = await (await memoryKeystore()).open();
    const long = parseSetId('É'.repeat(100));
    const standIn = documentOf(long).slice('sets/'.length) as SetId;
    await keystore.change(standIn, note('by a rekey'), { create: true });
    expect((await keystore.openDocument(documentOf(long)))?.manifest.set).toBe(standIn);
    const { decide } = await addition();
    expect((await keystore.change(long, decide)).manifest?.set).toBe(long);
  });
});

describe("a recipient's key", () => {
  test('opens only together with a fingerprint, named or remembered', async () => {
    const made = await memoryKeystore();
    const pair = generateKeyPairSync('x25519');
    const jwkOf = (key: typeof pair.publicKey) => JSON.stringify(key.export({ format: 'jwk' }));
    const recipient = { kind: 'recipient', ...parseRecipient(jwkOf(pair.publicKey), 'a test') } as const;
    const slot = await sealSlot(recipient, 'escrow', noon, await made.unlocked());
    const keystore = await made.open();
    await keystore.changeMaster(async ({ slots }) => ({
      slots: [...slots, slot],
      event: 'added',
      mustOpen: [],
    }));
    const secret = parseSecret(jwkOf(pair.privateKey), 'a test');
    const seenFiles = new SeenFiles(realFileSystem, temporaryDirectory());
    const options = { storage: made.storage, seenFiles, acceptRollback: false };
    const open = (expected?: string) => Keystore.open(options, secret, authorAt(), expected);
    expect(await toldBy(() => open())).toEqual({
      code: 'identity',
      message: "a recipient's key opens a keystore only together with its fingerprint",
      hint: 'name it with --identity or JWKS_IDENTITY',
    });
    (await open(made.fingerprint)).reader.remember(true);
    expect((await open()).slot.slot.label).toBe('escrow');
  });
});
