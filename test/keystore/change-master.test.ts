// How the master document is changed: proved before it is written, decided anew after others, and told of where it is
// not known what became of it.
import { describe, expect, test } from 'vitest';
import { JwksError } from '../../src/errors.ts';
import { generateIdentity } from '../../src/jose/identity.ts';
import { signerOf } from '../../src/keystore/change-master.ts';
import type { Keystore } from '../../src/keystore/keystore.ts';
import { sealSlot, serializeMaster } from '../../src/keystore/master-document.ts';
import { generateSecretText, parseSecret } from '../../src/keystore/secret.ts';
import { toInstant } from '../../src/lifecycle/time.ts';
import { authorAt, memoryKeystore, mustRead, noon } from '../support/keystore.ts';
import { toldBy } from '../support/told.ts';
import { WatchedStorage } from '../support/watched-storage.ts';

const noted = async (keystore: Keystore, event = 'noted') =>
  keystore.changeMaster(async ({ slots }) => ({ slots, event, mustOpen: [] }));
const isReplace = (call: string) => call.startsWith('replace');
const newSecret = () => parseSecret(generateSecretText(), 'another test');

test('a change is one revision more, which says what it follows from and who made it', async () => {
  const made = await memoryKeystore();
  const before = (await made.open()).reader;
  const author = { ...authorAt(toInstant(noon + 60)), by: 'bob\n@desk' };
  const master = await noted(await made.open({ author }));
  expect(master).toEqual({
    ...before.master,
    ...{ revision: 2, previous: before.masterDigest, updated: noon + 60 },
    events: [
      ...before.master.events,
      { id: '2.1', at: noon + 60, event: 'noted', by: 'bob@desk', kid: undefined, note: undefined },
    ],
  });
  const late = await made.open({ author: authorAt(toInstant(noon - 60)) });
  expect((await noted(late)).updated).toBe(noon + 60);
});

test('the newest 1000 events are kept', async () => {
  const made = await memoryKeystore();
  const keystore = await made.open();
  const { reader } = keystore;
  const events = Array.from({ length: 1_000 }, () => ({ ...reader.master.events[0], id: '1.1' }));
  Object.assign(reader.master, { events });
  const { events: kept } = await noted(keystore);
  expect([kept.length, kept.at(-1)?.id]).toEqual([1_000, '2.1']);
});

test('nothing to change is no revision', async () => {
  const made = await memoryKeystore();
  const keystore = await made.open();
  expect(await keystore.changeMaster(async () => undefined)).toBe(keystore.reader.master);
  expect((await mustRead(made.storage, 'master')).revision).toBe(1);
});

describe('where others were first', () => {
  test('it is decided anew, on what they have written', async () => {
    const made = await memoryKeystore();
    let isFirst = true;
    const storage = new WatchedStorage(made.storage, async (call) => {
      if (isReplace(call) && isFirst) {
        isFirst = false;
        await noted(await made.open(), 'before');
      }
      return undefined;
    });
    const { events, revision } = await noted(await made.open({ storage }), 'after');
    expect(revision).toBe(3);
    expect(events.slice(-2).map(({ event }) => event)).toEqual(['before', 'after']);
    expect(storage.calls.filter(isReplace)).toEqual(['replace master from 1', 'replace master from 2']);
  });

  test('and this reader knows it already, nothing is tried on what is superseded', async () => {
    const made = await memoryKeystore();
    const storage = new WatchedStorage(made.storage);
    const keystore = await made.open({ storage });
    let isFirst = true;
    const { events } = await keystore.changeMaster(async ({ slots }) => {
      if (isFirst) {
        isFirst = false;
        await noted(keystore, 'before');
      }
      return { slots, event: 'after', mustOpen: [] };
    });
    expect(events.slice(-2).map(({ event }) => event)).toEqual(['before', 'after']);
    expect(storage.calls.filter(isReplace)).toEqual(['replace master from 1', 'replace master from 2']);
  });
});

describe('what is written must open', () => {
  test('with each secret that it is for', async () => {
    const made = await memoryKeystore();
    const keystore = await made.open();
    const work = () =>
      keystore.changeMaster(async ({ slots }) => ({ slots, event: 'noted', mustOpen: [newSecret()] }));
    const message = 'a slot that was just made does not open';
    expect(await toldBy(work)).toEqual({ code: 'internal', message, hint: undefined });
    expect((await mustRead(made.storage, 'master')).revision).toBe(1);
  });

  test('to who signs it', async () => {
    const made = await memoryKeystore();
    const keystore = await made.open();
    const other = await generateIdentity('EdDSA');
    const secret = newSecret();
    const change = (unlocked: Partial<typeof keystore.slot.unlocked>) => () =>
      keystore.changeMaster(async ({ slots }, { unlocked: now }) => {
        const slot = await sealSlot(secret, 'new', noon, { ...now, ...unlocked });
        return { slots: [...slots, slot], event: 'added', mustOpen: [made.secret, secret] };
      });
    const message = 'a slot that was just made does not hold who signs';
    expect(await toldBy(change({ identity: other }))).toEqual({ code: 'internal', message, hint: undefined });
    expect((await mustRead(made.storage, 'master')).revision).toBe(1);
    // Either of the two identities of a rekey may.
    const { identity } = keystore.slot.unlocked;
    expect((await change({ identity: other, before: identity })()).slots).toHaveLength(2);
  });
});

describe('where it is not known what became of it', () => {
  const hint = 'look at it with jwks secret list before anything is done again';

  test('because nobody confirmed it, that is said', async () => {
    const made = await memoryKeystore();
    const storage = new WatchedStorage(made.storage, async (call) =>
      isReplace(call) ? 'unknown' : undefined,
    );
    const keystore = await made.open({ storage });
    expect(await toldBy(() => noted(keystore))).toEqual({
      code: 'unconfirmed',
      message: 'revision 2 of the master document is written but the disk did not confirm it',
      hint,
    });
    expect(storage.calls.filter(isReplace)).toHaveLength(1);
  });

  test.each([
    ['a fault of ours', new JwksError('failed', 'the disk is gone')],
    ['any other', new TypeError('the disk is gone')],
  ])('because it cannot be read again, that is said: %s', async (_, fault) => {
    const made = await memoryKeystore();
    let isWritten = false;
    const storage = new WatchedStorage(made.storage, async (call) => {
      if (isWritten && call === 'read master') throw fault;
      isWritten = isReplace(call);
      return undefined;
    });
    const keystore = await made.open({ storage });
    const error = await noted(keystore).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: 'unconfirmed',
      message: 'revision 2 of the master document is written, and cannot be read again',
      hint,
      cause: fault,
    });
  });
});

test('a secret that takes its own slot away has done what it was to do', async () => {
  const made = await memoryKeystore();
  const keystore = await made.open();
  const { slots } = await keystore.changeMaster(async (_, { unlocked }) => {
    const slot = await sealSlot(newSecret(), 'new', noon, unlocked);
    return { slots: [slot], event: 'changed', mustOpen: [] };
  });
  expect(slots.map(({ label }) => label)).toEqual(['new']);
  expect((await toldBy(() => made.open())).code).toBe('secret');
});

test('until readers were told of another identity, the one from before signs', async () => {
  const made = await memoryKeystore();
  const { reader, slot } = await made.open();
  const { identity } = slot.unlocked;
  const other = await generateIdentity('EdDSA');
  const { masterKeys } = slot.unlocked;
  expect(signerOf(reader, { identity, masterKeys })).toBe(identity);
  expect(signerOf(reader, { identity: other, before: identity, masterKeys })).toBe(identity);
  expect(signerOf(reader, { identity, before: other, masterKeys })).toBe(identity);
});

test('identities and signer are those of the change, where it says so', async () => {
  const made = await memoryKeystore();
  const keystore = await made.open();
  const next = await generateIdentity('EdDSA');
  const change = await keystore.changeMaster(async ({ identities }, { unlocked }) => ({
    slots: [
      await sealSlot(made.secret, 'first', noon, { ...unlocked, identity: next, before: unlocked.identity }),
    ],
    identities: [next.jwk, ...identities],
    event: 'rekeyed',
    mustOpen: [made.secret],
  }));
  expect(change.identities).toHaveLength(2);
  expect(keystore.reader.fingerprint).toBe(made.fingerprint);
  await keystore.changeMaster(async ({ slots }) => ({ slots, signer: next, event: 'rekeyed', mustOpen: [] }));
  expect(keystore.reader.fingerprint).toBe(next.fingerprint);
});

describe('a secret', () => {
  test('that opens no slot is told of by where it came from', async () => {
    const { storage, open } = await memoryKeystore();
    const other = await memoryKeystore();
    const keystore = await open();
    expect(await toldBy(() => other.open({ storage }))).toEqual({
      code: 'secret',
      message: 'the secret in a test does not open the keystore at memory:',
      hint: 'name the right one with --secret-file, or JWKS_SECRET_FILE',
    });
    expect(keystore.slot.secret.source).toBe('a test');
  });

  test('that opens a slot of another signer is told who signs', async () => {
    const made = await memoryKeystore();
    const keystore = await made.open();
    const thief = await generateIdentity('EdDSA');
    const forged = await memoryKeystore();
    await forged.storage.replace(
      'master',
      1,
      await serializeMaster({ ...keystore.reader.master, revision: 2 }, thief),
    );
    expect(await toldBy(() => made.open({ storage: forged.storage }))).toEqual({
      code: 'damaged',
      message: `the master document is signed by ${thief.fingerprint}, which is not this keystore's identity`,
      hint: 'somebody else has written it: put back the one that belongs here, or restore a backup elsewhere with jwks restore FILE --into PLACE',
    });
  });
});
