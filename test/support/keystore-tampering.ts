// A keystore with a set of two keys, whose documents a test replaces as somebody who can write files would.
import { documentOf, parseSetId } from '../../src/keystore/set-id.ts';
import type { StoredDocument } from '../../src/keystore/storage.ts';
import { addKey, auth, memoryKeystore, mustRead } from './keystore.ts';
import { TamperedStorage } from './tampered-storage.ts';

export const setName = documentOf(auth);

/** A keystore with a set of two keys, and a storage in which its documents can be replaced. */
export async function tamperedKeystore() {
  const made = await memoryKeystore();
  const keystore = await made.open();
  await addKey(keystore);
  await addKey(keystore);
  await addKey(keystore, parseSetId('other'));
  const storage = new TamperedStorage(made.storage);
  return {
    made,
    storage,
    set: await mustRead(made.storage, setName),
    master: await mustRead(made.storage, 'master'),
    /** From the secret to the private halves, with all memory of earlier revisions put aside. */
    openSet: async () => (await made.open({ storage, acceptRollback: true })).openSet(auth),
    unlocked: await made.unlocked(),
  };
}

// biome-ignore lint/suspicious/noExplicitAny: a test takes documents apart as it likes.
export function jsonOf({ bytes }: StoredDocument): any {
  return JSON.parse(Buffer.from(bytes).toString());
}
