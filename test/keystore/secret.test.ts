// The forms of a secret, and what each opens.
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { JwksError } from '../../src/errors.ts';
import { realFileSystem } from '../../src/keystore/file-system.ts';
import { Keystore } from '../../src/keystore/keystore.ts';
import { MemoryStorage } from '../../src/keystore/memory-storage.ts';
import { makeKeystore } from '../../src/keystore/new-keystore.ts';
import { generateSecretText, parseSecret, type Secret } from '../../src/keystore/secret.ts';
import { SeenFiles } from '../../src/keystore/seen.ts';
import { authorAt, codeOf, memoryKeystore, noon } from '../support/keystore.ts';

const parsed = (text: string): Secret => parseSecret(text, 'a test');
const zeros = `jwks_secret_${'A'.repeat(43)}`;

function refusal(text: string): JwksError {
  try {
    parsed(text);
  } catch (error) {
    if (error instanceof JwksError) return error;
    throw error;
  }
  throw new Error('it was taken');
}

describe('a generated secret', () => {
  test('is 256 bits as jwks_secret_ and 43 characters, another each time', () => {
    const texts = Array.from({ length: 50 }, generateSecretText);
    for (const text of texts) expect(text).toMatch(/^jwks_secret_[\w-]{43}$/);
    expect(new Set(texts).size).toBe(50);
  });

  test.each(['', '\n', '\r\n'])('may end with %j', (end) => {
    expect(parsed(zeros + end)).toMatchObject({ kind: 'generated', key: Buffer.alloc(32) });
  });

  test('is named by its RFC 7638 thumbprint', () => {
    const canonical = `{"k":"${'A'.repeat(43)}","kty":"oct"}`;
    expect(parsed(zeros)).toMatchObject({ kid: createHash('sha256').update(canonical).digest('base64url') });
  });

  test.each([
    ['too short', zeros.slice(0, -1)],
    ['too long', `${zeros}A`],
    ['with a bit that no encoder writes', `${zeros.slice(0, -1)}B`],
    ['with a character of base64', `${zeros.slice(0, -1)}+`],
    ['with padding', `${zeros}=`],
    ['with a space at the end', `${zeros} `],
    ['with two newlines', `${zeros}\n\n`],
    ['without anything behind the prefix', 'jwks_secret_'],
  ])('%s is not whole, and never taken for a passphrase', (_, text) => {
    expect(refusal(text).code).toBe('secret');
    expect(refusal(text).message).not.toContain('AAAA');
  });
});

describe('a passphrase', () => {
  test('has 16 characters or more, counted as people do', () => {
    expect(refusal('fifteen letters').code).toBe('secret');
    expect(refusal('🔑'.repeat(15)).code).toBe('secret');
    expect(parsed('🔑'.repeat(16)).kind).toBe('passphrase');
    // Decomposed it has 16 characters, composed 8.
    expect(refusal('e\u0301'.repeat(8)).code).toBe('secret');
  });

  test('loses one newline at its end, and nothing else', () => {
    const text = (secret: Secret) =>
      secret.kind === 'passphrase' ? Buffer.from(secret.text).toString() : undefined;
    expect(text(parsed('correct horse battery\n'))).toBe('correct horse battery');
    expect(text(parsed('correct horse battery\n\n'))).toBe('correct horse battery\n');
    expect(text(parsed(' correct horse battery '))).toBe(' correct horse battery ');
  });
});

test.each([
  ['nothing', ''],
  ['a newline only', '\n'],
  ['a JWK', '{"kty":"oct","k":"AAAAAAAAAAAAAAAA"}'],
  ['a PEM', '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----'],
  ['more than 4 KiB', 'x'.repeat(4_097)],
  ['more than 4 KiB in bytes', 'é'.repeat(2_049)],
])('%s is no secret', (_, text) => {
  expect(refusal(text).code).toBe('secret');
  expect(refusal(text).message).not.toMatch(/AAAA|xxxx/);
});

test('exactly 4 KiB is one', () => {
  expect(parsed('x'.repeat(4_096)).kind).toBe('passphrase');
});

// 600 000 rounds of PBKDF2: half a second for each opening.
test('a passphrase that is typed decomposed opens what a composed one made, and another opens nothing', async () => {
  const storage = new MemoryStorage();
  expect(await makeKeystore(storage, parsed('grüße aus köln am rhein'), authorAt(), 'ES256')).toBeDefined();
  const options = { storage, seenFiles: new SeenFiles(realFileSystem, undefined), acceptRollback: false };
  const typed = parsed('gru\u0308ße aus ko\u0308ln am rhein\n');
  const keystore = await Keystore.open(options, typed, authorAt(), undefined);
  expect(keystore.reader.master.slots).toMatchObject([{ kind: 'passphrase', created: noon }]);
  expect(await codeOf(Keystore.open(options, parsed('grüße aus köln am Rhein'), authorAt(), undefined))).toBe(
    'secret',
  );
  // A generated secret is not tried on a passphrase's slot.
  expect(await codeOf(Keystore.open(options, parsed(zeros), authorAt(), undefined))).toBe('secret');
});

test('another generated secret opens nothing', async () => {
  const made = await memoryKeystore();
  const options = {
    storage: made.storage,
    seenFiles: new SeenFiles(realFileSystem, undefined),
    acceptRollback: false,
  };
  expect(await codeOf(Keystore.open(options, parsed(zeros), authorAt(), undefined))).toBe('secret');
});
