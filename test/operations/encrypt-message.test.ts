// Which key a message is encrypted to, where a set has several.
import { expect, test } from 'vitest';
import { toInstant } from '../../src/lifecycle/time.ts';
import { createKey } from '../../src/operations/create-key.ts';
import { decryptMessage } from '../../src/operations/decrypt-message.ts';
import { type EncryptRequest, encryptMessage } from '../../src/operations/encrypt-message.ts';
import { errorOf } from '../support/endings.ts';
import { auth, authorAt, memoryKeystore, noon, note } from '../support/keystore.ts';

const plaintext = Buffer.from('hello');

async function open() {
  const author = authorAt();
  const keystore = await (await memoryKeystore()).open({ author });
  const create = (kid: string, more: { readonly alg?: string; readonly use?: 'sig' | 'enc' } = {}) =>
    createKey(keystore, () => author.now(), { set: auth, alg: 'ECDH-ES', use: 'enc', kid, ...more });
  const encrypt = (more: Partial<EncryptRequest> = {}) =>
    encryptMessage(keystore.reader, async () => keystore, author.now(), { set: auth, ...more }, plaintext);
  /** The kid that it is encrypted to, which opens it. */
  const kidOf = async (more?: Partial<EncryptRequest>): Promise<string> => {
    const compact = await encrypt(more);
    expect(await decryptMessage(keystore, author.now(), auth, compact)).toEqual(plaintext);
    return JSON.parse(Buffer.from(compact.split('.')[0] ?? '', 'base64url').toString()).kid;
  };
  return { author, keystore, create, encrypt, kidOf };
}

test('the one that was activated last, wherever it stands; of two at once the first; or the one named', async () => {
  const { author, keystore, create, kidOf } = await open();
  await create('old');
  author.now = () => toInstant(noon + 60);
  await create('one');
  await create('two');
  expect([await kidOf(), await kidOf({ kid: 'old' })]).toEqual(['two', 'old']);
  await keystore.change(auth, (current, now) => {
    const kept = note('turned')(current, now);
    return kept && { ...kept, keys: kept.keys.toReversed() };
  });
  expect(await kidOf()).toBe('one');
});

test('a symmetric key is found in the sealed half', async () => {
  const { create, kidOf } = await open();
  await create('mac', { alg: 'A256GCMKW' });
  expect(await kidOf()).toBe('mac');
});

test('a key that is not there, one that is for signatures, and several algorithms', async () => {
  const { create, encrypt } = await open();
  await create('s', { alg: 'ES256', use: 'sig' });
  const messageOf = async (more?: Partial<EncryptRequest>) => (await errorOf(encrypt(more))).message;
  expect(await messageOf({ kid: 'none' })).toBe('set "auth" has no key "none"');
  expect(await messageOf({ kid: 's' })).toBe('set "auth" has a key "s", but not one to encrypt to now');
  expect(await messageOf()).toBe('set "auth" has no key to encrypt to now');
  await create('e');
  await create('r', { alg: 'A256GCMKW' });
  expect(await messageOf()).toContain('several algorithms: A256GCMKW, ECDH-ES');
  expect(await messageOf({ alg: 'RSA-OAEP' })).toBe('set "auth" has no key to encrypt to now by RSA-OAEP');
});
