// A keystore with all that a copy has to keep, and what is in one, to be compared.
import { parseSetId } from '../../src/keystore/set-id.ts';
import type { Storage } from '../../src/keystore/storage.ts';
import { addKey, auth, type MadeKeystore, makeKeystoreIn } from './keystore.ts';

export const longId = parseSetId('É'.repeat(100));

/**
 * Three sets with four private keys: one of several revisions with a key that was destroyed, one with an id whose
 * name is a hash. A fourth is deleted, and the place of a fifth is reserved and holds nothing.
 */
export async function copyableKeystore<S extends Storage>(storage: S): Promise<MadeKeystore<S>> {
  const made = await makeKeystoreIn(storage);
  const keystore = await made.open();
  const gone = parseSetId('gone');
  for (const set of [auth, parseSetId('pay'), auth, auth, longId, gone]) await addKey(keystore, set);
  await keystore.change(auth, (current) => {
    const [first, ...rest] = current?.manifest.keys ?? [];
    if (current === undefined || first === undefined) return undefined;
    const at = current.manifest.updated;
    const revoked = { at, reason: 'keyCompromise' } as const;
    return {
      keys: [...rest, { ...first, held: false, jwk: undefined, revoked }],
      privateKeys: current.privateKeys,
      policy: undefined,
      events: [{ event: 'revoked', kid: first.kid }],
    };
  });
  await keystore.change(gone, (current) => ({
    keys: (current?.manifest.keys ?? []).map((key) => ({ ...key, held: false, jwk: undefined })),
    privateKeys: [],
    policy: undefined,
    deleted: true,
    events: [{ event: 'deleted' }],
  }));
  await storage.reserve('sets/reserved');
  return made;
}

/** What a keystore holds: each document with its revision and its bytes. Reserved places hold nothing. */
export async function documentsIn(storage: Storage): Promise<Record<string, string>> {
  const documents: Record<string, string> = {};
  for (const name of ['master' as const, ...(await storage.list()).sort()]) {
    const stored = await storage.read(name);
    if (stored !== undefined && stored.bytes.length > 0)
      documents[name] = `${stored.revision} ${Buffer.from(stored.bytes).toString()}`;
  }
  return documents;
}
