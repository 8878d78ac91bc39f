// Labels of secrets: which are refused, and that a label alone makes no interrupted change.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { realFileSystem } from '../../src/keystore/file-system.ts';
import { sealSlot } from '../../src/keystore/master-document.ts';
import { parseSecret } from '../../src/keystore/secret.ts';
import { makeSecretFile } from '../../src/keystore/secret-sources.ts';
import { openKeystore } from '../../src/operations/open.ts';
import { Machine } from '../support/cli.ts';
import { accessIn, secretOf } from '../support/keystore.ts';
import { ok } from './machines.ts';

test.each([
  ['none', '', 2],
  ['a line break', 'one\ntwo', 2],
  ['an escape', '\u001b[31mred', 2],
  ['one that reorders text', '\u202egnp.exe', 2],
  ['too long a one', 'x'.repeat(101), 2],
  ['one that ends as those of a change do', 'ci (new)', 5],
])('%s is refused', async (_, label, status) => {
  const machine = new Machine();
  await ok(machine, 'create --alg ES256 auth');
  const add = ['secret', 'add', '--new-secret-file', 'new', '--label', label];
  expect((await machine.jwks(add)).status).toBe(status);
  expect((await machine.jwks('secret list -q')).stdout).toBe('first\n');
});

test('slots that somebody labelled as those of a change are two secrets', async () => {
  const machine = new Machine();
  await ok(machine, 'create --alg ES256 auth');
  const work = (name: string) => join(machine.home, 'work', name);
  expect((await machine.jwks('secret add --label ci --new-secret-file ci')).status).toBe(0);
  // As it could be added before the label was kept for changes.
  makeSecretFile(realFileSystem, work('ci2'));
  const keystore = await openKeystore(
    accessIn(machine.home, {
      directory: join(machine.home, '.local/share/jwks'),
      findSecret: secretOf(readFileSync(join(machine.home, '.config/jwks/secret'), 'utf8')),
    }),
    undefined,
  );
  const other = parseSecret(readFileSync(work('ci2'), 'utf8'), 'ci2');
  await keystore.changeMaster(async ({ slots }, { unlocked }, now) => ({
    slots: [...slots, await sealSlot(other, 'ci (new)', now, unlocked)],
    event: 'secret-added',
    mustOpen: [],
  }));
  const before = readFileSync(work('ci2'), 'utf8');
  for (let times = 0; times < 2; times++)
    expect((await machine.jwks('secret change --secret-file ci2')).status).toBe(0);
  expect(readFileSync(work('ci2'), 'utf8')).not.toBe(before);
  for (const name of ['ci', 'ci2'])
    expect((await machine.jwks(`export auth --private --yes --secret-file ${name}`)).status).toBe(0);
  expect((await machine.jwks('secret list -q')).stdout).toBe('first\nci\nci (new)\n');
  // The new one of "ci" would be called as the other is.
  expect((await machine.jwks('secret change --secret-file ci')).status).toBe(5);
});
