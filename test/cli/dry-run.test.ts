// A dry run does nothing: not to the keystore, and not to the file of an earlier result.
import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { Machine } from '../support/cli.ts';
import { transcript } from '../support/transcript.ts';
import { ok } from './machines.ts';

test('a file that holds an earlier result stays as it is', async () => {
  const machine = new Machine();
  await ok(machine, 'create --alg ES256 auth -o public.json');
  const path = `${machine.home}/work/public.json`;
  const before = readFileSync(path, 'utf8');
  for (const more of ['', ' --format json']) {
    const ran = await machine.jwks(`create --alg ES256 auth --dry-run -o public.json${more}`);
    expect(ran.status).toBe(0);
    expect(readFileSync(path, 'utf8')).toBe(before);
  }
  expect((await machine.jwks('create --alg ES256 auth --dry-run -o new.json')).status).toBe(0);
  expect(existsSync(`${machine.home}/work/new.json`)).toBe(false);
});

test('on the first run it says what would be made', async () => {
  const machine = new Machine();
  await transcript(
    machine,
    `
    $ jwks create --alg ES256 auth --dry-run
    ! jwks: a keystore would be made, and a key in it that signs at once; nothing was done
  `,
  );
  expect(existsSync(`${machine.home}/.local`)).toBe(false);
  expect(existsSync(`${machine.home}/.config`)).toBe(false);
});
