// Which secret files are refused for their modes, and how one is made.
import { execFileSync, spawn } from 'node:child_process';
import {
  accessSync,
  chmodSync,
  chownSync,
  constants,
  mkdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { JwksError } from '../../src/errors.ts';
import { realFileSystem } from '../../src/keystore/file-system.ts';
import { findSecret, makeSecretFile } from '../../src/keystore/secret-sources.ts';
import { failingAt, recordingFileSystem } from '../support/faulty-file-system.ts';
import { codeOf } from '../support/keystore.ts';
import { modeOf, pathsBelow } from '../support/keystore-files.ts';
import { credentials, secretFile, sources } from '../support/secret-places.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const uid = process.geteuid?.();
const isRoot = uid === 0;

describe('the mode of a secret file', () => {
  test.each([0o600, 0o400, 0o700])('%o (decimal) is taken', async (mode) => {
    expect((await findSecret(sources({ file: secretFile('mine', mode) })))?.text).toBe('mine');
  });

  test.each([0o640, 0o660, 0o604, 0o644, 0o602, 0o622, 0o666, 0o601 | 0o004, 0o610])(
    '%o (decimal) is refused, with the chmod to run',
    async (mode) => {
      const file = secretFile('mine', mode);
      const refused: unknown = await findSecret(sources({ file })).catch((error) => error);
      expect(refused).toBeInstanceOf(JwksError);
      expect(refused).toMatchObject({ code: 'secret', hint: `chmod 600 ${file}` });
    },
  );

  test('counts for what a symbolic link leads to', async () => {
    const link = join(temporaryDirectory(), 'link');
    symlinkSync(secretFile('open', 0o644), link);
    expect(await codeOf(findSecret(sources({ file: link })))).toBe('secret');
  });

  test.skipIf(!isRoot)('0640 of root is taken by a user of its group, 0644 is not', async () => {
    const file = secretFile('of root', 0o640);
    chownSync(file, 0, 12_345);
    expect((await findSecret(sources({ file, uid: 12_345 })))?.text).toBe('of root');
    chmodSync(file, 0o644);
    expect(await codeOf(findSecret(sources({ file, uid: 12_345 })))).toBe('secret');
  });

  test('does not count below $CREDENTIALS_DIRECTORY, also for a file that was named', async () => {
    const directory = credentials();
    const path = join(directory, 'jwks-secret');
    chmodSync(path, 0o444);
    expect((await findSecret(sources({ credentials: directory })))?.text).toBe('from systemd');
    expect((await findSecret(sources({ credentials: directory, file: path })))?.text).toBe('from systemd');
    expect(await codeOf(findSecret(sources({ file: path })))).toBe('secret');
    expect(await codeOf(findSecret(sources({ credentials: `${directory}/other`, file: path })))).toBe(
      'secret',
    );
  });

  test.skipIf(!canMake('/run/secrets'))(
    'does not count below /run/secrets (skipped where that cannot be made)',
    async () => {
      const directory = `/run/secrets/jwks-test-${process.pid}`;
      mkdirSync(join(directory, '..data'), { recursive: true });
      onTestFinished(() => rmSync(directory, { recursive: true }));
      // As Kubernetes mounts one: a link into a directory whose name begins with two dots.
      writeFileSync(join(directory, '..data', 'secret'), 'mounted', { mode: 0o444 });
      symlinkSync('..data/secret', join(directory, 'secret'));
      expect((await findSecret(sources({ file: join(directory, 'secret') })))?.text).toBe('mounted');
      const escaped = secretFile('open', 0o644);
      expect(await codeOf(findSecret(sources({ file: `/run/secrets/..${escaped}` })))).toBe('secret');
    },
  );

  test('does not count for a pipe, nor does its end', async () => {
    const fifo = join(temporaryDirectory(), 'fifo');
    execFileSync('mkfifo', ['-m', '644', fifo]);
    const writer = spawn('sh', ['-c', 'printf "through a fifo\n" > "$0"', fifo], { stdio: 'ignore' });
    const closed = new Promise((resolve) => writer.on('close', resolve));
    expect(await findSecret(sources({ file: fifo }))).toEqual({ text: 'through a fifo\n', source: fifo });
    await closed;
  });
});

describe('a secret file that is made', () => {
  test("is the owner's alone, in directories of the owner, with nothing beside it", () => {
    const home = temporaryDirectory();
    const path = join(home, '.config', 'jwks', 'secret');
    expect(makeSecretFile(realFileSystem, path)).toBe(true);
    expect([modeOf(path), modeOf(join(home, '.config'))]).toEqual(['0600', '0700']);
    expect(pathsBelow(home)).toEqual(['.config/', '.config/jwks/', '.config/jwks/secret']);
  });

  test('is never written over', async () => {
    const path = secretFile('mine');
    expect(makeSecretFile(realFileSystem, path)).toBe(false);
    expect((await findSecret(sources({ file: path })))?.text).toBe('mine');
    expect(pathsBelow(join(path, '..'))).toEqual(['jwks-secret']);
  });

  test('is durable also where somebody else has made it just now', () => {
    const path = secretFile('mine');
    const { fs, calls } = recordingFileSystem();
    expect(makeSecretFile(fs, path)).toBe(false);
    const order = calls
      .map(({ operation }) => operation)
      .filter((name) => /^(?:link|openDirectory|fsync)$/.test(name));
    expect(order).toEqual(['fsync', 'link', 'openDirectory', 'fsync']);
    expect(calls.find(({ operation }) => operation === 'openDirectory')?.args).toEqual([join(path, '..')]);
  });

  test.each(['mkdir', 'openNew', 'write', 'fsync', 'link', 'openDirectory'] as const)(
    'that cannot be (%s) fails',
    async (operation) => {
      const path = join(temporaryDirectory(), 'new', 'secret');
      expect(await codeOf((async () => makeSecretFile(failingAt(operation, 'EROFS'), path))())).toBe(
        'failed',
      );
    },
  );
});

function canMake(directory: string): boolean {
  try {
    mkdirSync(directory, { recursive: true });
    accessSync(directory, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
