// The secret file while its secret is exchanged: what waits beside it, under which names, and what is left alone.
import { existsSync, linkSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { JwksError } from '../../src/errors.ts';
import { realFileSystem } from '../../src/keystore/file-system.ts';
import { generateSecretText, parseSecret } from '../../src/keystore/secret.ts';
import {
  dropFormerFile,
  exchangeSecret,
  formerFile,
  isStaged,
  readFormer,
  realSecretFile,
  stageSecret,
  unstageSecret,
} from '../../src/keystore/secret-file.ts';
import {
  failingAt,
  interferedFileSystem,
  type Operation,
  recordingFileSystem,
} from '../support/faulty-file-system.ts';
import { modeOf, pathsBelow } from '../support/keystore-files.ts';
import { secretFile } from '../support/secret-places.ts';
import { temporaryDirectory } from '../support/temporary.ts';
import { toldBy } from '../support/told.ts';

const fs = realFileSystem;
const text = generateSecretText();
const secret = parseSecret(text, 'a test');
const kid = secret.kind === 'generated' ? secret.kid : '';
const waiting = `.jwks-${kid.slice(0, 12)}`;
const hint = 'the secret in it opens the keystore as ever; run it again when that is mended';
const textOf = (path: string) => readFileSync(path, 'utf8');
const besides = (path: string) => pathsBelow(dirname(path)).filter((name) => name !== 'jwks-secret');

describe('a new secret', () => {
  test('waits beside the file, with its mode, and the one in use gets a second name', () => {
    const path = secretFile('old', 0o640);
    stageSecret(fs, path, kid, text);
    expect(besides(path)).toEqual([waiting, 'jwks-secret.old']);
    expect([textOf(path), textOf(formerFile(path)), textOf(join(path, '..', waiting))]).toEqual([
      ...['old', 'old', `${text}\n`],
    ]);
    expect(modeOf(join(path, '..', waiting))).toBe('0640');
    expect([isStaged(fs, path, kid), isStaged(fs, path, 'another-name-of')]).toEqual([true, false]);
    writeFileSync(join(path, '..', waiting), generateSecretText());
    expect(isStaged(fs, path, kid)).toBe(false);
    rmSync(join(path, '..', waiting));
    expect(isStaged(fs, path, kid)).toBe(false);
  });

  test('is durable before anybody relies on it', () => {
    const path = secretFile('old');
    const { fs: recorded, calls } = recordingFileSystem();
    stageSecret(recorded, path, kid, text);
    const steps = ['fsync', 'rename', 'link', 'openDirectory'];
    expect(calls.map(({ operation }) => operation).filter((name) => steps.includes(name))).toEqual([
      ...['fsync', 'rename', 'link', 'openDirectory', 'fsync'],
    ]);
    expect(calls.find(({ operation }) => operation === 'openDirectory')?.args).toEqual([dirname(path)]);
  });

  test('takes the place of the one in use, also where somebody else has done that', () => {
    const path = secretFile('old');
    stageSecret(fs, path, kid, text);
    const { fs: recorded, calls } = recordingFileSystem();
    exchangeSecret(recorded, path, kid);
    expect([textOf(path), textOf(formerFile(path))]).toEqual([`${text}\n`, 'old']);
    expect(calls.map(({ operation }) => operation)).toEqual(['rename', 'openDirectory', 'fsync', 'close']);
    exchangeSecret(fs, path, kid);
    expect(textOf(path)).toBe(`${text}\n`);
  });

  test('is taken back whole, and only what belongs to it', () => {
    const path = secretFile('old');
    stageSecret(fs, path, kid, text);
    unstageSecret(fs, path, kid);
    expect(besides(path)).toEqual([]);
    writeFileSync(formerFile(path), 'of somebody');
    unstageSecret(fs, path, kid);
    expect([textOf(path), textOf(formerFile(path))]).toEqual(['old', 'of somebody']);
    rmSync(path);
    unstageSecret(fs, path, kid);
    expect(textOf(formerFile(path))).toBe('of somebody');
  });

  test.each<[Operation, number]>([
    ['openNew', 1],
    ['rename', 1],
    ['link', 1],
    ['openDirectory', 1],
    ['fsync', 2],
  ])('that cannot be put there (%s) leaves nothing', async (operation, nth) => {
    const path = secretFile('old');
    expect(await toldBy(() => stageSecret(failingAt(operation, 'EIO', nth), path, kid, text))).toEqual({
      ...{ code: 'failed', hint },
      message: `the secret file ${path} cannot be written: the disk reports an error`,
    });
    expect([textOf(path), besides(path)]).toEqual(['old', []]);
  });

  test.each(['rename', 'openDirectory'] as const)(
    'that cannot take its place (%s) is told of',
    async (operation) => {
      const path = secretFile('old');
      stageSecret(fs, path, kid, text);
      const told = await toldBy(() => exchangeSecret(failingAt(operation, 'EIO'), path, kid));
      expect(told).toMatchObject({ code: 'failed', hint });
    },
  );

  test('for a file that is gone is refused', async () => {
    const path = join(temporaryDirectory(), 'gone');
    expect(await toldBy(() => stageSecret(fs, path, kid, text))).toEqual({
      ...{ code: 'failed', hint },
      message: `the secret file ${path} cannot be written: no such file or directory`,
    });
  });
});

describe('the second name', () => {
  const taken = (path: string) => ({
    code: 'conflict',
    message: `${path}.old is there already, and the secret in use would be kept there`,
    hint: `it may hold a secret that is needed: look, and move it away (mv ${path}.old ...); nothing was changed`,
  });

  test('that is of somebody is not touched', async () => {
    const path = secretFile('old');
    writeFileSync(formerFile(path), 'of somebody');
    expect(await toldBy(() => stageSecret(fs, path, kid, text))).toEqual(taken(path));
    expect([textOf(path), besides(path), textOf(formerFile(path))]).toEqual([
      ...['old', ['jwks-secret.old'], 'of somebody'],
    ]);
  });

  test('that is of this file already is used', () => {
    const path = secretFile('old');
    linkSync(path, formerFile(path));
    stageSecret(fs, path, kid, text);
    expect(besides(path)).toEqual([waiting, 'jwks-secret.old']);
  });

  test('that another change has given it just now is used, and that of somebody is not', async () => {
    const between = (give: (path: string, former: string) => void) =>
      interferedFileSystem((call, proceed) => {
        if (call.operation === 'link') give(String(call.args[0]), String(call.args[1]));
        return proceed();
      });
    const path = secretFile('old');
    stageSecret(between(linkSync), path, kid, text);
    expect(isStaged(fs, path, kid)).toBe(true);
    const other = secretFile('old');
    const stranger = between((_, former) => writeFileSync(former, 'of somebody'));
    expect(await toldBy(() => stageSecret(stranger, other, kid, text))).toEqual(taken(other));
    expect([textOf(formerFile(other)), besides(other)]).toEqual(['of somebody', ['jwks-secret.old']]);
  });

  test('goes where it holds what it should, and is told to be gone where it is', () => {
    const path = secretFile('old');
    expect([readFormer(fs, path), dropFormerFile(fs, path, 'old')]).toEqual([undefined, true]);
    linkSync(path, formerFile(path));
    expect([readFormer(fs, path), dropFormerFile(fs, path, 'another')]).toEqual(['old', false]);
    expect(dropFormerFile(failingAt('unlink', 'EIO'), path, 'old')).toBe(false);
    const { fs: recorded, calls } = recordingFileSystem();
    expect(dropFormerFile(recorded, path, 'old')).toBe(true);
    expect(existsSync(formerFile(path))).toBe(false);
    expect(calls.map(({ operation }) => operation)).toContain('openDirectory');
  });
});

describe('the file itself', () => {
  test('is found behind links, also where there is none yet', () => {
    const path = secretFile('mine');
    const link = join(temporaryDirectory(), 'link');
    symlinkSync(path, link);
    expect(realSecretFile(fs, link)).toBe(path);
    const missing = join(dirname(path), 'missing');
    expect(realSecretFile(fs, missing)).toBe(missing);
  });

  test('is a regular one', async () => {
    const directory = temporaryDirectory();
    const told = (path: string, what: string) => ({
      ...{ code: 'usage', message: `${path} is ${what}, and no secret can be kept in it`, hint: undefined },
    });
    expect(await toldBy(() => realSecretFile(fs, directory))).toEqual(told(directory, 'a directory'));
    expect(await toldBy(() => realSecretFile(fs, '/dev/null'))).toEqual(told('/dev/null', 'no regular file'));
    const message = expect.stringContaining('cannot be written: permission denied');
    for (const operation of ['realpath', 'lstat'] as const)
      expect(await toldBy(() => realSecretFile(failingAt(operation, 'EACCES'), directory))).toMatchObject({
        message,
      });
  });

  test('an error of ours stays as it is', async () => {
    const ours = new JwksError('interrupted', 'it was');
    const stopping = interferedFileSystem(() => {
      throw ours;
    });
    expect(await toldBy(() => realSecretFile(stopping, '/x'))).toMatchObject({ code: 'interrupted' });
  });
});
