// A keystore that is made for a recipient as well, and what an error of a place has with it.
import { generateKeyPairSync } from 'node:crypto';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { JwksError } from '../../src/errors.ts';
import { SignatureChecker } from '../../src/jose/identity.ts';
import { DirectoryPlace } from '../../src/keystore/directory-place.ts';
import type { FileSystem } from '../../src/keystore/file-system.ts';
import { realFileSystem } from '../../src/keystore/file-system.ts';
import { parseMaster } from '../../src/keystore/master-document.ts';
import { MemoryStorage } from '../../src/keystore/memory-storage.ts';
import { makeKeystore } from '../../src/keystore/new-keystore.ts';
import { parseRecipient } from '../../src/keystore/recipient.ts';
import { generateSecretText, parseSecret } from '../../src/keystore/secret.ts';
import { failingAt, interferedFileSystem } from '../support/faulty-file-system.ts';
import { authorAt, mustRead, noon } from '../support/keystore.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const placeOn = (fs: FileSystem, directory = temporaryDirectory()) =>
  new DirectoryPlace(directory, { fs, uid: process.geteuid?.(), shield: undefined });

test('a recipient has a slot of its own from the first revision on', async () => {
  const { publicKey } = generateKeyPairSync('x25519');
  const recipient = parseRecipient(JSON.stringify(publicKey.export({ format: 'jwk' })), 'a test');
  const storage = new MemoryStorage();
  const secret = parseSecret(generateSecretText(), 'a test');
  await makeKeystore(storage, secret, authorAt(), 'EdDSA', recipient);
  const { bytes } = await mustRead(storage, 'master');
  expect((await parseMaster(bytes, 1, new SignatureChecker())).master.slots).toMatchObject([
    { label: 'first', kind: 'generated' },
    { label: 'recipient', kind: 'recipient', kid: recipient.kid, public: recipient.jwk, created: noon },
  ]);
});

test('an error of a place has its cause, and one of ours stays as it is', async () => {
  await expect(placeOn(failingAt('stat', 'EIO')).look()).rejects.toMatchObject({
    ...{ code: 'failed', cause: { code: 'EIO' } },
  });
  const ours = new JwksError('interrupted', 'it was');
  const stopping = interferedFileSystem(() => {
    throw ours;
  });
  await expect(placeOn(stopping).look()).rejects.toBe(ours);
});

test('a place that went away while it was refused needs a directory all the same', () => {
  const place = placeOn(realFileSystem, join(temporaryDirectory(), 'gone'));
  expect(place.taken()).toMatchObject({ code: 'conflict', hint: 'a keystore needs a directory of its own' });
});
