// A keystore of many sets, made by the library and so exactly as the command would make it.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateSecret, makeKeystore } from '../dist/index.js';

/** Fills the default keystore of a home with so many sets of one ES256 key; does nothing where one is. */
export async function makeStore({ HOME: home }, sets) {
  const directory = join(home, '.local', 'share', 'jwks');
  if (existsSync(directory)) return;
  const config = join(home, '.config', 'jwks');
  mkdirSync(config, { recursive: true });
  writeFileSync(join(config, 'secret'), `${generateSecret()}\n`, { mode: 0o600 });
  const secret = readFileSync(join(config, 'secret'), 'utf8');
  const stateDirectory = join(home, '.local', 'state', 'jwks');
  const keystore = await makeKeystore({ keystore: directory, secret, stateDirectory });
  for (let set = 0; set < sets; set++)
    await keystore.create(`set-${String(set).padStart(5, '0')}`, { alg: 'ES256' });
}
