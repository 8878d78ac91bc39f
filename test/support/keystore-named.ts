// A keystore at a place that is named, with its secret set, and one set in it.
import { generateSecretText } from '../../src/keystore/secret.ts';
import { type Access, initKeystore, openKeystore } from '../../src/operations/open.ts';
import { accessIn, addKey, type DirectoryAccess, secretOf } from './keystore.ts';
import { temporaryDirectory } from './temporary.ts';

/** `locked` is the same access without the secret; this host remembers nothing unless it is told where. */
export async function namedKeystore(more: Partial<Access> = {}) {
  const home = temporaryDirectory();
  const text = generateSecretText();
  const access = accessIn(home, {
    isDefault: false,
    stateDirectory: undefined,
    findSecret: secretOf(text),
    ...more,
  });
  const made = await initKeystore({ ...access, stateDirectory: undefined }, 'EdDSA');
  await addKey(await openKeystore({ ...access, stateDirectory: undefined }, undefined));
  const locked: DirectoryAccess = { ...access, findSecret: async () => undefined };
  return { access, locked, fingerprint: made.identity, home, text };
}
