// The system calls as a keystore needs them: nothing through a link, nothing that is no file, nothing without bound.
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { realFileSystem as fs, mostBytes } from '../../src/keystore/file-system.ts';
import { modeOf } from '../support/keystore-files.ts';
import { temporaryDirectory } from '../support/temporary.ts';

function made() {
  const directory = temporaryDirectory();
  const [file, link, fifo] = ['file', 'link', 'fifo'].map((name) => join(directory, name)) as [
    string,
    string,
    string,
  ];
  writeFileSync(file, 'text', { mode: 0o600 });
  symlinkSync(file, link);
  execFileSync('mkfifo', [fifo]);
  return { directory, file, link, fifo };
}

describe('what is read, emptied or has its mode changed', () => {
  test('is a file', () => {
    const { file } = made();
    expect(fs.readFile(file).toString()).toBe('text');
    fs.chmod(file, 0o640);
    expect(modeOf(file)).toBe('0640');
    fs.truncate(file);
    expect(readFileSync(file, 'utf8')).toBe('');
    expect(fs.readFile(file)).toHaveLength(0);
  });

  test('is no link', () => {
    const { link, file } = made();
    for (const work of [() => fs.readFile(link), () => fs.truncate(link), () => fs.chmod(link, 0o666)])
      expect(work).toThrow('ELOOP');
    expect([readFileSync(file, 'utf8'), modeOf(file)]).toEqual(['text', '0600']);
  });

  test('is no directory, but for its mode, and no pipe, for which nobody waits', () => {
    const { directory, fifo } = made();
    const notFile = expect.objectContaining({ code: 'ENOTFILE', message: 'it is no file' });
    expect(() => fs.readFile(directory)).toThrow(notFile);
    expect(() => fs.readFile(fifo)).toThrow(notFile);
    expect(() => fs.chmod(fifo, 0o666)).toThrow(notFile);
    expect(() => fs.truncate(fifo)).toThrow('ENXIO');
    fs.chmod(directory, 0o750);
    expect(modeOf(directory)).toBe('0750');
  });

  test('has a bound', () => {
    const { file } = made();
    truncateSync(file, mostBytes + 1);
    const tooLarge = expect.objectContaining({ code: 'EFBIG', message: 'the file is too large' });
    expect(() => fs.readFile(file)).toThrow(tooLarge);
    truncateSync(file, mostBytes);
    expect(fs.readFile(file)).toHaveLength(mostBytes);
  });
});

test('no descriptor is left open', () => {
  const { directory, file, link, fifo } = made();
  const open = () => fs.readdir('/proc/self/fd').length;
  const before = open();
  for (const path of [file, directory, link, fifo])
    for (const work of [() => fs.readFile(path), () => fs.chmod(path, 0o700), () => fs.truncate(path)])
      try {
        work();
      } catch {}
  expect(open()).toBe(before);
});

test('what is looked at: directories without links, nothing where nothing is', () => {
  const { directory, link, file } = made();
  mkdirSync(join(directory, 'sub'));
  symlinkSync('sub', join(directory, 'way'));
  expect(fs.subdirectories(directory)).toEqual(['sub']);
  expect(fs.readdir(directory).sort()).toEqual(['fifo', 'file', 'link', 'sub', 'way']);
  expect([fs.lstat(join(directory, 'no')), fs.stat(join(directory, 'no'))]).toEqual([undefined, undefined]);
  expect([fs.lstat(link)?.isSymbolicLink(), fs.stat(link)?.isFile(), fs.realpath(link)]).toEqual([
    true,
    true,
    file,
  ]);
  const { free, size } = fs.space(directory);
  expect(free).toBeGreaterThan(1_000_000);
  expect(size).toBeGreaterThan(free);
  expect(() => fs.probeWritable(directory)).not.toThrow();
  expect(() => fs.probeWritable(join(directory, 'no'))).toThrow('ENOENT');
});

test('what is made has the mode it is to have, and is new', () => {
  const directory = temporaryDirectory();
  const path = join(directory, 'new');
  const descriptor = fs.openNew(path, 0o600);
  expect(fs.write(descriptor, Buffer.from('text'))).toBe(4);
  expect(fs.fstat(descriptor).size).toBe(4);
  fs.close(descriptor);
  expect(() => fs.openNew(path, 0o600)).toThrow('EEXIST');
  fs.mkdir(join(directory, 'sub'), 0o700);
  expect(modeOf(join(directory, 'sub'))).toBe('0700');
  chmodSync(path, 0o600);
  expect(lstatSync(path).size).toBe(4);
});
