// A directory with a keystore, in which there is one key, and its secret.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FileStorage } from '../../src/keystore/file-storage.ts';
import { addKey, makeKeystoreIn } from './keystore.ts';
import { temporaryDirectory } from './temporary.ts';

export async function secretDirectory(): Promise<string> {
  const directory = temporaryDirectory();
  mkdirSync(join(directory, 'keystore'));
  const made = await makeKeystoreIn(new FileStorage(join(directory, 'keystore')));
  writeFileSync(join(directory, 'secret'), `${made.text}\n`, { mode: 0o600 });
  await addKey(await made.open());
  return directory;
}
