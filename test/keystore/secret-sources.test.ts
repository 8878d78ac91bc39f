// Where the secret is looked for, in which order, and how much of it is read.
import { closeSync, mkdirSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { describeSource, findSecret, type SecretSources } from '../../src/keystore/secret-sources.ts';
import { codeOf } from '../support/keystore.ts';
import { credentials, secretFile, sources } from '../support/secret-places.ts';
import { temporaryDirectory } from '../support/temporary.ts';

describe('the order', () => {
  /** All of them, each with a text of its own; a test takes them away one after the other. */
  const all = () => ({
    file: secretFile('from --secret-file'),
    variableFile: secretFile('from JWKS_SECRET_FILE'),
    credentials: credentials(),
    ownFile: secretFile('from the own file'),
  });

  test('is option, variable, credentials, own file', async () => {
    const { file, variableFile, credentials, ownFile } = all();
    const found = async (more: Partial<SecretSources>) => (await findSecret(sources(more)))?.text;
    const rest = { credentials, ownFile };
    expect(await found({ file: '-', variableFile, ...rest })).toBe('from stdin');
    expect(await found({ file, variableFile, ...rest })).toBe('from --secret-file');
    expect(await found({ variableFile, ...rest })).toBe('from JWKS_SECRET_FILE');
    expect(await found({ variable: 'from JWKS_SECRET', ...rest })).toBe('from JWKS_SECRET');
    expect(await found(rest)).toBe('from systemd');
    expect(await found({ ownFile })).toBe('from the own file');
    expect(await found({})).toBeUndefined();
  });

  test('puts a descriptor where the file option stands', async () => {
    const descriptor = openSync(secretFile('from a descriptor', 0o644), 'r');
    const found = await findSecret(sources({ descriptor, variable: 'from JWKS_SECRET' }));
    expect(found).toEqual({ text: 'from a descriptor', source: `descriptor ${descriptor}` });
    // Else the processes that are started later would have it too.
    expect(() => closeSync(descriptor)).toThrow('EBADF');
  });

  test('is a usage error where both variables are set, but for an option', async () => {
    const both = { variableFile: secretFile(), variable: 'from JWKS_SECRET' };
    expect(await codeOf(findSecret(sources(both)))).toBe('usage');
    expect((await findSecret(sources({ ...both, file: '-' })))?.text).toBe('from stdin');
  });

  test('ends with what is set but unusable', async () => {
    const { ownFile } = all();
    const missing = join(temporaryDirectory(), 'missing');
    expect(await codeOf(findSecret(sources({ file: missing, ownFile })))).toBe('secret');
    expect(await codeOf(findSecret(sources({ variableFile: missing, ownFile })))).toBe('secret');
    expect(await codeOf(findSecret(sources({ descriptor: 991, ownFile })))).toBe('secret');
    expect(await codeOf(findSecret(sources({ ownFile: secretFile('x', 0o644) })))).toBe('secret');
    const directory = temporaryDirectory();
    mkdirSync(join(directory, 'jwks-secret'));
    expect(await codeOf(findSecret(sources({ credentials: directory, ownFile })))).toBe('secret');
    expect(await codeOf(findSecret(sources({ file: directory, ownFile })))).toBe('secret');
  });

  test('passes over credentials and an own file that are not there', async () => {
    const { ownFile } = all();
    expect((await findSecret(sources({ credentials: temporaryDirectory(), ownFile })))?.source).toBe(ownFile);
    expect(await findSecret(sources({ ownFile: join(temporaryDirectory(), 'none') }))).toBeUndefined();
  });

  test('is what is told to people who ask', () => {
    const { file, variableFile, credentials, ownFile } = all();
    const rest = { credentials, ownFile };
    expect(describeSource(sources({ file: '-', ...rest }))).toBe('standard input');
    expect(describeSource(sources({ file, ...rest }))).toBe(file);
    expect(describeSource(sources({ descriptor: 3, ...rest }))).toBe('descriptor 3');
    expect(describeSource(sources({ variableFile, ...rest }))).toBe(variableFile);
    expect(describeSource(sources({ variable: 'x', ...rest }))).toBe('JWKS_SECRET');
    expect(describeSource(sources(rest))).toBe(join(credentials, 'jwks-secret'));
    expect(describeSource(sources({ ownFile }))).toBe(ownFile);
    expect(describeSource(sources())).toBeUndefined();
  });
});

describe('the length', () => {
  test.each([
    ['a file', (text: string) => ({ file: secretFile(text) })],
    [
      'standard input',
      (text: string) => ({ file: '-', stdin: () => Readable.from([text.slice(0, 9), text.slice(9)]) }),
    ],
  ])('of %s is 4 KiB at most', async (_, from) => {
    expect((await findSecret(sources(from('x'.repeat(4_096)))))?.text).toHaveLength(4_096);
    expect(await codeOf(findSecret(sources(from('x'.repeat(4_097)))))).toBe('secret');
  });

  test('stops a stream that never ends', async () => {
    const stdin = () =>
      Readable.from(
        (function* () {
          for (;;) yield 'x'.repeat(1_000);
        })(),
      );
    expect(await codeOf(findSecret(sources({ file: '-', stdin })))).toBe('secret');
  });
});

test('what is no text in UTF-8 is no secret: all that is not would count as the same characters', async () => {
  for (const bytes of [
    Buffer.alloc(32, 0xff),
    Buffer.from('grüße aus köln am rhein', 'latin1'),
    Buffer.from([0xff, 0xfe, 0x61, 0]),
  ]) {
    const file = secretFile();
    writeFileSync(file, bytes);
    expect(await codeOf(findSecret(sources({ file })))).toBe('secret');
    expect(await codeOf(findSecret(sources({ file: '-', stdin: () => Readable.from([bytes]) })))).toBe(
      'secret',
    );
  }
});
