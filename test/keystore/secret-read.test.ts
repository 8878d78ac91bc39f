// Secrets at the edges of what is one, and what reading one leaves behind.
import { execFileSync, spawn } from 'node:child_process';
import { createHash, generateKeyPairSync } from 'node:crypto';
import { existsSync, openSync, readdirSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, test } from 'vitest';
import { realFileSystem } from '../../src/keystore/file-system.ts';
import { parseRecipient } from '../../src/keystore/recipient.ts';
import { generateSecretText, parseSecret } from '../../src/keystore/secret.ts';
import { findSecret, makeSecretFile } from '../../src/keystore/secret-sources.ts';
import { modeOf } from '../support/keystore-files.ts';
import { secretFile, sources } from '../support/secret-places.ts';
import { temporaryDirectory } from '../support/temporary.ts';
import { toldBy } from '../support/told.ts';

describe('a generated secret', () => {
  test.each(['', '\n', '\r\n'])('of zeros, with %j at its end', (end) => {
    const canonical = `{"k":"${'A'.repeat(43)}","kty":"oct"}`;
    const kid = createHash('sha256').update(canonical).digest('base64url');
    expect(parseSecret(`jwks_secret_${'A'.repeat(43)}${end}`, 'a test')).toEqual({
      ...{ kind: 'generated', kid, key: Buffer.alloc(32), source: 'a test' },
    });
  });

  test('is another each time', () => {
    const [one, two] = [generateSecretText(), generateSecretText()];
    expect(one).toMatch(/^jwks_secret_[\w-]{43}$/);
    expect([one === two, parseSecret(one, 'a test').kind]).toEqual([false, 'generated']);
  });

  test.each(['', '!'.repeat(43), 'A'.repeat(44)])('is not %j', async (text) => {
    expect((await toldBy(() => parseSecret(`jwks_secret_${text}`, 'a test'))).message).toContain(
      'is not whole',
    );
  });
});

test('a passphrase has from 16 characters to 4 KiB', () => {
  for (const text of ['sixteen letters.', 'x'.repeat(4_096)])
    expect(parseSecret(text, 'a test')).toMatchObject({ kind: 'passphrase', text: Buffer.from(text) });
});

test.each(['P-256', 'P-384'])('a recipient may have a key of %s, with words around its PEM', (namedCurve) => {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve });
  const pem = publicKey.export({ type: 'spki', format: 'pem' });
  expect(parseRecipient(`the key {of mine}\n${pem}`, 'a test')).toMatchObject({
    ...{ alg: 'ECDH-ES+A256KW', jwk: { crv: namedCurve } },
  });
});

describe('reading', () => {
  test('keeps a byte order mark, which is a character as any', async () => {
    expect((await findSecret(sources({ file: secretFile('\ufeffmine') })))?.text).toBe('\ufeffmine');
  });

  test('leaves no descriptor open', async () => {
    const open = () => readdirSync('/proc/self/fd').length;
    const before = open();
    await findSecret(sources({ file: secretFile() }));
    await findSecret(sources({ descriptor: openSync(secretFile(), 'r') }));
    expect(open()).toBe(before);
  });

  test('without a directory to start from is that of the process', async () => {
    const path = secretFile('mine');
    const file = relative(process.cwd(), path);
    expect(await findSecret(sources({ file }))).toEqual({ text: 'mine', source: file, path });
  });

  test('of a descriptor does not ask which variables are set', async () => {
    const descriptor = openSync(secretFile('mine'), 'r');
    const both = { variableFile: '/x', variable: 'y' };
    expect((await findSecret(sources({ descriptor, ...both })))?.text).toBe('mine');
  });

  test('of a descriptor that is a FIFO waits for its writer', async () => {
    const fifo = join(temporaryDirectory(), 'fifo');
    execFileSync('mkfifo', [fifo]);
    const writer = spawn('sh', ['-c', 'printf mine > "$0"', fifo], { stdio: 'ignore' });
    const descriptor = openSync(fifo, 'r');
    expect((await findSecret(sources({ descriptor })))?.text).toBe('mine');
    await new Promise((resolve) => (writer.exitCode === null ? writer.once('close', resolve) : resolve(0)));
  });

  test.each<[string, object]>([
    ['a file', { file: '/nowhere/secret' }],
    ['a descriptor', { descriptor: 991 }],
  ])('of %s that fails has the cause with it', async (_, from) => {
    const error = await findSecret(sources(from)).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: 'secret',
      cause: { code: expect.stringMatching(/^E(?:NOENT|BADF)$/) },
    });
  });
});

test("the directory that a secret file is made in is the owner's alone", () => {
  const path = join(temporaryDirectory(), 'jwks', 'secret');
  expect(makeSecretFile(realFileSystem, path)).toBe(true);
  expect([existsSync(path), modeOf(dirname(path))]).toEqual([true, '0700']);
});
