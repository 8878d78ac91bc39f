// The master document: what is in it comes back, and what is not as it should be is named.
import { generateKeyPairSync, type KeyObject, randomBytes, randomUUID } from 'node:crypto';
import { FlattenedEncrypt } from 'jose';
import { describe, expect, test } from 'vitest';
import { encodeBase64url } from '../../src/jose/base64url.ts';
import { generateIdentity, SignatureChecker, sign } from '../../src/jose/identity.ts';
import { open, type SealingKey, seal } from '../../src/jose/sealing.ts';
import {
  fingerprintsOf,
  type Master,
  type MasterKey,
  openSlots,
  parseMaster,
  type Slot,
  sealSlot,
  serializeMaster,
} from '../../src/keystore/master-document.ts';
import { parseRecipient } from '../../src/keystore/recipient.ts';
import { generateSecretText, parseSecret, type Secret } from '../../src/keystore/secret.ts';
import { toInstant } from '../../src/lifecycle/time.ts';
import { noon } from '../support/keystore.ts';
import { toldBy } from '../support/told.ts';

type Generated = Secret & { readonly kind: 'generated' };
// biome-ignore lint/suspicious/noExplicitAny: a test takes documents apart as it likes.
type Json = any;

const identity = await generateIdentity('EdDSA');
const newKey = (): MasterKey => ({ kid: randomUUID(), key: randomBytes(32) });
const unlocked = { identity, masterKeys: [newKey(), newKey()] as const };
const newSecret = () => parseSecret(generateSecretText(), 'a test') as Generated;
const secret = newSecret();
const slot = await sealSlot(secret, 'first', noon, unlocked);
const master: Master = {
  revision: 2,
  previous: 'A'.repeat(43),
  updated: noon,
  keystore: randomUUID(),
  identities: [identity.jwk],
  slots: [slot],
  events: [{ id: '2.1', at: noon, event: 'added', by: 'alice@laptop' }],
};
const written = await serializeMaster(master, identity);
const read = (bytes: Uint8Array, revision = 2) => parseMaster(bytes, revision, new SignatureChecker());

/** The document with its payload changed, and signed all the same. */
async function signed(change: (payload: Json) => void): Promise<Buffer> {
  const { payload, slots } = JSON.parse(String(written));
  const value = JSON.parse(String(Buffer.from(payload, 'base64url')));
  change(value);
  return rewritten({
    ...(await sign(Buffer.from(JSON.stringify(value)), 'jwks-master+jws', identity)),
    slots,
  });
}
const rewritten = (document: object) => Buffer.from(`${JSON.stringify(document)}\n`);
const damaged = (fault: string) => ({
  code: 'damaged',
  message: `the master document is damaged: ${fault}`,
  hint: undefined,
});

test('all of it comes back, with who signed it', async () => {
  const full: Master = {
    ...master,
    slots: [{ ...slot, replaces: 'another', public: identity.jwk }],
    events: [{ ...master.events[0], kid: 'k', note: 'n' } as Master['events'][number]],
  };
  expect(await read(await serializeMaster(full, identity))).toEqual({
    master: full,
    signer: { fingerprint: identity.fingerprint, jwk: identity.jwk },
  });
  expect(Object.keys((await read(written)).master)).not.toContain('format');
  expect(fingerprintsOf(full)).toEqual([identity.fingerprint]);
});

describe('is damaged', () => {
  test.each<[string, () => Buffer | Promise<Buffer>]>([
    ['its payload is not JSON', () => rewritten({ ...JSON.parse(String(written)), payload: 'AAAA' })],
    [
      'its signature is not good',
      () => rewritten({ ...JSON.parse(String(written)), signature: 'A'.repeat(86) }),
    ],
    ['it is not revision 2', () => signed((payload) => Object.assign(payload, { revision: 3 }))],
    ['a slot is missing or was added', () => signed(({ slots }) => slots.push(slots[0]))],
    [
      'slot "first" was changed',
      () => signed(({ slots }) => Object.assign(slots[0], { sha256: 'A'.repeat(43) })),
    ],
    ['slot "first" was changed', () => signed(({ slots }) => Object.assign(slots[0], { kid: 'another' }))],
    [
      'slots.0.kind is not what it should be',
      () => signed(({ slots }) => Object.assign(slots[0], { kind: 'new' })),
    ],
    [
      'keystore is not what it should be',
      () => signed((payload) => Object.assign(payload, { keystore: 'mine' })),
    ],
    [
      'identities is not what it should be',
      () => signed((payload) => Object.assign(payload, { identities: [] })),
    ],
    ['slots is not what it should be', () => rewritten({ ...JSON.parse(String(written)), slots: [] })],
    ['tag is not what it should be', () => withSlot({ tag: 'A' })],
    ['more is not what it should be', () => withSlot({ more: 'AAAA' })],
  ])('%s', async (fault, document) => {
    const { message, ...rest } = await toldBy(async () => read(await document()));
    expect({ ...rest, message: message.replace('slots.0.', '') }).toEqual(
      damaged(fault.replace('slots.0.', '')),
    );
  });
});

const withSlot = (change: object) => {
  const document = JSON.parse(String(written));
  return rewritten({ ...document, slots: [{ ...document.slots[0], ...change }] });
};

test('a newer version may have other members', async () => {
  const { slots, ...rest } = JSON.parse(
    String(await signed((payload) => Object.assign(payload, { version: 2 }))),
  );
  expect((await toldBy(() => read(rewritten({ ...rest, slots, more: true })))).code).toBe('newer-format');
});

test('a slot whose header is none of ours was changed', async () => {
  const bytes = await serializeMaster(
    { ...master, slots: [{ ...slot, sealed: { ...slot.sealed, protected: 'AAAA' } }] },
    identity,
  );
  expect(await toldBy(() => read(bytes))).toEqual(damaged('slot "first" was changed'));
});

describe('a slot', () => {
  const sealingKey: SealingKey = { alg: 'A256GCMKW', kid: secret.kid, key: secret.key };
  const contentOf = async ({ sealed }: Slot): Promise<Json> =>
    JSON.parse(String(Buffer.from((await open(sealed, sealingKey)) ?? '')));
  const octOf = ({ kid, key }: MasterKey) => ({
    ...{ kty: 'oct', kid, alg: 'A256GCMKW', use: 'enc', k: encodeBase64url(key) },
  });

  test('holds the identity, the one from before, and the master keys, as a JWK Set', async () => {
    expect(slot).toMatchObject({ kid: secret.kid, label: 'first', kind: 'generated', created: noon });
    expect(slot).not.toHaveProperty('public');
    const keys = unlocked.masterKeys.map(octOf);
    expect(await contentOf(slot)).toEqual({ keys: [identity.privateJwk, ...keys] });
    const before = await generateIdentity('ES256');
    const both = await sealSlot(secret, 'first', noon, { ...unlocked, before });
    expect(await contentOf(both)).toEqual({ keys: [identity.privateJwk, before.privateJwk, ...keys] });
    expect((await openSlots([both], secret))?.unlocked).toEqual({ ...unlocked, before });
    expect((await openSlots([slot], secret))?.unlocked).toEqual({ ...unlocked, before: undefined });
  });

  test('is opened by its own secret, wherever it stands', async () => {
    const others = await Promise.all(
      [newSecret(), newSecret()].map((one) => sealSlot(one, 'other', noon, unlocked)),
    );
    const slots = [...others, slot];
    expect((await openSlots(slots, secret))?.slot).toBe(slot);
    expect(await openSlots(others, secret)).toBeUndefined();
    // A slot that says to be of the secret's kind, and is not.
    expect(await openSlots([{ ...slot, kind: 'passphrase' }], secret)).toBeUndefined();
    const [other] = others;
    expect(await openSlots(other ? [{ ...other, kid: secret.kid }, slot] : [], secret)).toMatchObject({
      slot,
    });
  });

  test('of another name is not opened by the same key', async () => {
    const plaintext = (await open(slot.sealed, sealingKey)) ?? Buffer.alloc(0);
    const sealed = await seal(plaintext, { ...sealingKey, kid: 'another' });
    expect(await openSlots([{ ...slot, kid: 'another', sealed }], secret)).toBeUndefined();
  });

  test('for a recipient has its public key, and is opened by the private one', async () => {
    const pair = generateKeyPairSync('x25519');
    const textOf = (key: KeyObject) => JSON.stringify(key.export({ format: 'jwk' }));
    const recipient = parseRecipient(textOf(pair.publicKey), 'a test');
    const own = await sealSlot({ kind: 'recipient', ...recipient }, 'escrow', noon, unlocked);
    expect(own).toMatchObject({ kind: 'recipient', kid: recipient.kid, public: recipient.jwk });
    const slots = [slot, own];
    expect((await openSlots(slots, parseSecret(textOf(pair.privateKey), 'a test')))?.slot).toBe(own);
    expect((await read(await serializeMaster({ ...master, slots }, identity))).master.slots).toEqual(slots);
  });

  const [first] = unlocked.masterKeys;
  const oct = octOf(first);
  test.each<[string, unknown]>([
    ['no JSON', undefined],
    ['no set', []],
    ['no identity', { keys: [oct] }],
    ['no master key', { keys: [identity.privateJwk] }],
    ['three identities', { keys: [identity.privateJwk, identity.privateJwk, identity.privateJwk, oct] }],
    ['a short master key', { keys: [identity.privateJwk, { ...oct, k: 'AAAA' }] }],
    ['a master key without a name', { keys: [identity.privateJwk, { ...oct, kid: undefined }] }],
    ['a public key', { keys: [identity.jwk, oct] }],
  ])('that holds %s is damaged', async (_, content) => {
    const sealed = await seal(Buffer.from(JSON.stringify(content) ?? 'nothing'), sealingKey);
    expect(await toldBy(() => openSlots([{ ...slot, sealed }], secret))).toEqual(
      damaged('slot "first" does not hold what it should'),
    );
  });
});

describe('a passphrase', () => {
  const words = parseSecret('twelve monkeys of sixteen', 'a test') as Secret & {
    readonly kind: 'passphrase';
  };

  test('opens the newest of its slots', async () => {
    const plaintext = (await open(slot.sealed, { alg: 'A256GCMKW', ...secret })) ?? Buffer.alloc(0);
    const slots = await Promise.all(
      (['old', 'new', 'older'] as const).map(async (label): Promise<Slot> => {
        const kid = randomUUID();
        const header = { alg: 'PBES2-HS512+A256KW', enc: 'A256GCM', cty: 'jwk-set+json', kid };
        // Derived a thousand times only.
        const encrypt = new FlattenedEncrypt(plaintext).setProtectedHeader(header);
        const jwe = await encrypt.setKeyManagementParameters({ p2c: 1_000 }).encrypt(words.text);
        const age = { new: 0, old: 9, older: 99 }[label];
        const sealed = jwe as Slot['sealed'];
        return { kid, label, kind: 'passphrase', created: toInstant(noon - age), sealed };
      }),
    );
    expect((await openSlots(slots, words))?.slot.label).toBe('new');
    expect((await openSlots(slots.slice(2), words))?.slot.label).toBe('older');
    expect(await openSlots(slots, secret)).toBeUndefined();
  });

  test('has a slot that does not tell anything of it', async () => {
    const own = await sealSlot(words, 'words', noon, unlocked);
    expect(own).toMatchObject({ kind: 'passphrase', kid: expect.stringMatching(/^[0-9a-f-]{36}$/) });
    expect((await openSlots([own], words))?.unlocked).toEqual({ ...unlocked, before: undefined });
  });
});
