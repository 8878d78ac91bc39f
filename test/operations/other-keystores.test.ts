// Which other keystores a secret unlocks: what cannot be looked at counts as unknown, and hides no other.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { DirectoryPlace } from '../../src/keystore/directory-place.ts';
import { FileStorage } from '../../src/keystore/file-storage.ts';
import { type FileSystem, realFileSystem } from '../../src/keystore/file-system.ts';
import { generateSecretText, parseSecret } from '../../src/keystore/secret.ts';
import { openKeystore } from '../../src/operations/open.ts';
import { readOtherKeystores, unlockedBy } from '../../src/operations/other-keystores.ts';
import { interferedFileSystem, systemError } from '../support/faulty-file-system.ts';
import { accessIn, makeKeystoreIn, secretOf } from '../support/keystore.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const stranger = parseSecret(generateSecretText(), 'a test');

/** A host that remembers keystores in the directories of these names. */
async function hostWith(...names: string[]) {
  const home = temporaryDirectory();
  const state = join(home, 'state', 'jwks');
  const secrets = [];
  for (const name of names) {
    const directory = join(home, name);
    mkdirSync(directory, { mode: 0o700 });
    const made = await makeKeystoreIn(new FileStorage(directory));
    await openKeystore(accessIn(home, { directory, findSecret: secretOf(made.text) }), undefined);
    secrets.push({ secret: made.secret, file: join(state, `${made.fingerprint}.json`) });
  }
  const look = (own = '', fs: FileSystem = realFileSystem) => {
    const placeAt = (path: string) => new DirectoryPlace(path, { ...accessIn(home), fs });
    return readOtherKeystores({ fs, stateDirectory: state }, own, placeAt);
  };
  return { home, state, secrets, look, at: (name: string) => join(home, name) };
}

test('the places of those that the secret opens, but the own one', async () => {
  const { look, at, secrets } = await hostWith('a', 'b');
  const [{ secret }] = secrets as [(typeof secrets)[number]];
  const all = await look();
  expect([[...all.slots.keys()].sort(), all.unknown]).toEqual([[at('a'), at('b')], []]);
  expect([await unlockedBy(secret, all), await unlockedBy(stranger, all)]).toEqual([[at('a')], []]);
  expect([...(await look(at('a'))).slots.keys()]).toEqual([at('b')]);
});

test('a keystore that is gone is none', async () => {
  const { look, at } = await hostWith('a');
  rmSync(at('a'), { recursive: true });
  expect(await look()).toEqual({ slots: new Map(), unknown: [] });
});

test('a keystore that does not open is unknown', async () => {
  const { look, at } = await hostWith('a', 'b');
  writeFileSync(join(at('a'), 'master', '1.json'), '{}');
  const { slots, unknown } = await look();
  expect([[...slots.keys()], unknown]).toEqual([[at('b')], [at('a')]]);
});

test.each(['is damaged', 'cannot be read'])('a file of what was seen that %s is unknown', async (how) => {
  const { look, at, secrets } = await hostWith('a', 'b', 'c');
  const { file = '' } = secrets[1] ?? {};
  if (how === 'is damaged') writeFileSync(file, '{"places":');
  const fs = interferedFileSystem(({ operation, args }, proceed) => {
    if (how !== 'is damaged' && operation === 'readFile' && args[0] === file) throw systemError('EACCES');
    return proceed();
  });
  const { slots, unknown } = await look('', fs);
  expect([[...slots.keys()].sort(), unknown]).toEqual([[at('a'), at('c')], [file]]);
});

test('a place for such files that cannot be read is unknown; that there is none is not', async () => {
  const { look, state } = await hostWith('a');
  const fs = interferedFileSystem(({ operation, args }, proceed) => {
    if (operation === 'readdir' && args[0] === state) throw systemError('EACCES');
    return proceed();
  });
  expect((await look('', fs)).unknown).toEqual([state]);
  rmSync(state, { recursive: true });
  expect(await look()).toEqual({ slots: new Map(), unknown: [] });
  const host = { fs: realFileSystem, stateDirectory: undefined };
  expect(await readOtherKeystores(host, '', () => expect.unreachable())).toEqual({
    slots: new Map(),
    unknown: [],
  });
});
