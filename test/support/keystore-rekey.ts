// Changes the master key of a keystore by hand, step by step.
import { randomBytes, randomUUID } from 'node:crypto';
import { SignatureChecker } from '../../src/jose/identity.ts';
import {
  type MasterKey,
  parseMaster,
  sealSlot,
  serializeMaster,
} from '../../src/keystore/master-document.ts';
import type { MemoryStorage } from '../../src/keystore/memory-storage.ts';
import { digestOf } from '../../src/keystore/set-document.ts';
import { type MadeKeystore, mustRead, noon } from './keystore.ts';

/** The first step of a rekey (or, with `keep` 0, its last): a master document with a new key in front. */
export async function rekey(
  { storage, secret, unlocked }: MadeKeystore<MemoryStorage>,
  keep = 1,
): Promise<string> {
  const { bytes, revision } = await mustRead(storage, 'master');
  const { master } = await parseMaster(bytes, revision, new SignatureChecker());
  const { identity, masterKeys } = await unlocked();
  const fresh: MasterKey = { kid: randomUUID(), key: randomBytes(32) };
  const slot = await sealSlot(secret, 'first', noon, {
    identity,
    masterKeys: [fresh, ...masterKeys.slice(0, keep)],
  });
  const next = { ...master, revision: revision + 1, previous: digestOf(bytes), slots: [slot] };
  const outcome = await storage.replace('master', revision, await serializeMaster(next, identity));
  if (outcome !== 'committed') throw new Error(outcome);
  return fresh.kid;
}
