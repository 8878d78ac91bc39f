// -o: a result in a file, whole or not at all.
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { expect, test } from 'vitest';
import { Machine } from '../support/cli.ts';
import { modeOf } from '../support/snapshot.ts';
import { transcript } from '../support/transcript.ts';
import { ok } from './machines.ts';

async function machineWithKey(): Promise<{ machine: Machine; work: string }> {
  const machine = new Machine();
  await ok(machine, 'create --alg ES256 auth first');
  return { machine, work: `${machine.home}/work` };
}

test('a new file is readable by all, stdout is empty, and the content is what stdout would have had', async () => {
  const { machine, work } = await machineWithKey();
  await transcript(
    machine,
    `
    $ jwks export auth -o jwks.json
    $ jwks -o list.txt list
    $ jwks create --alg ES256 other -q --output=kid.txt
  `,
  );
  expect(readFileSync(`${work}/jwks.json`, 'utf8')).toBe((await machine.jwks('export auth')).stdout);
  expect(readFileSync(`${work}/kid.txt`, 'utf8')).toMatch(/^[\w-]{43}\n$/);
  expect(modeOf(`${work}/jwks.json`)).toBe('0644');
  expect(readdirSync(work).sort()).toEqual(['jwks.json', 'kid.txt', 'list.txt']);
});

test('a file that stands there keeps its mode', async () => {
  const { machine, work } = await machineWithKey();
  writeFileSync(`${work}/jwks.json`, 'old');
  chmodSync(`${work}/jwks.json`, 0o664);
  expect((await machine.jwks('export auth -o jwks.json')).status).toBe(0);
  expect(modeOf(`${work}/jwks.json`)).toBe('0664');
  expect(JSON.parse(readFileSync(`${work}/jwks.json`, 'utf8')).keys).toHaveLength(1);
});

test('equal content is not written again', async () => {
  const { machine, work } = await machineWithKey();
  await ok(machine, 'export auth -o jwks.json');
  utimesSync(`${work}/jwks.json`, 1_000_000, 1_000_000);
  const before = lstatSync(`${work}/jwks.json`);
  await ok(machine, 'export auth -o jwks.json');
  expect(lstatSync(`${work}/jwks.json`)).toMatchObject({ ino: before.ino, mtimeMs: before.mtimeMs });
  await ok(machine, 'create --alg ES256 auth second');
  await ok(machine, 'export auth -o jwks.json');
  expect(lstatSync(`${work}/jwks.json`).mtimeMs).toBeGreaterThan(before.mtimeMs);
});

test('a link is followed, also one to a file that is not there yet', async () => {
  const { machine, work } = await machineWithKey();
  mkdirSync(`${work}/www`);
  writeFileSync(`${work}/www/jwks.json`, 'old');
  symlinkSync('www/jwks.json', `${work}/link.json`);
  symlinkSync('www/new.json', `${work}/dangling.json`);
  await ok(machine, 'export auth -o link.json');
  expect(lstatSync(`${work}/link.json`).isSymbolicLink()).toBe(true);
  expect(JSON.parse(readFileSync(`${work}/www/jwks.json`, 'utf8')).keys).toHaveLength(1);
  await ok(machine, 'export auth -o dangling.json');
  expect(lstatSync(`${work}/dangling.json`).isSymbolicLink()).toBe(true);
  expect(existsSync(`${work}/www/new.json`)).toBe(true);
});

test('--output-mode', async () => {
  const { machine, work } = await machineWithKey();
  await ok(machine, 'export auth -o a.json --output-mode 0640');
  await ok(machine, '--output-mode 600 export auth -o b.json');
  expect([modeOf(`${work}/a.json`), modeOf(`${work}/b.json`)]).toEqual(['0640', '0600']);
  await transcript(
    machine,
    `
    $ jwks export auth -o c.json --output-mode 0999
    ! jwks: --output-mode 0999 is no octal mode such as 0640
    ! hint: jwks export --help
    exit 2
  `,
  );
});

test('--output-mode is for a new file: one that stands there keeps its mode', async () => {
  const { machine, work } = await machineWithKey();
  writeFileSync(`${work}/jwks.json`, 'old');
  for (const mode of [0o600, 0o664]) {
    chmodSync(`${work}/jwks.json`, mode);
    expect((await machine.jwks('export auth -o jwks.json --output-mode 0640')).status).toBe(0);
    expect(modeOf(`${work}/jwks.json`)).toBe(`0${mode.toString(8)}`);
    // Also where another content is written, and where it is the same.
    await ok(machine, 'create --alg ES256 auth');
  }
});

test('what cannot be written is refused before anything is done', async () => {
  const { machine, work } = await machineWithKey();
  await transcript(
    machine,
    `
    $ jwks create --alg ES256 auth -o nowhere/jwks.json
    ! jwks: the directory ~/work/nowhere does not exist
    ! hint: mkdir -p ~/work/nowhere
    exit 3
    $ jwks create --alg ES256 auth -o .
    ! jwks: ~/work is a directory
    exit 2
    $ jwks list --format jsonpath=sets.0.revision
    1
  `,
  );
  expect(readdirSync(work)).toEqual([]);
});

test('where the command fails the file stays as it was', async () => {
  const { machine, work } = await machineWithKey();
  writeFileSync(`${work}/jwks.json`, 'old');
  expect((await machine.jwks('export nowhere -o jwks.json')).status).toBe(3);
  expect((await machine.jwks('export auth --kid nobody -o jwks.json')).status).toBe(3);
  expect(readFileSync(`${work}/jwks.json`, 'utf8')).toBe('old');
});
