// Makes a keystore: an identity, the first master key, and a slot for the first secret.
import { randomBytes, randomUUID } from 'node:crypto';
import { JwksError } from '../errors.ts';
import { generateIdentity, type IdentityAlgorithm } from '../jose/identity.ts';
import { sealSlot, serializeMaster } from './master-document.ts';
import type { Author } from './reader.ts';
import type { Recipient } from './recipient.ts';
import type { Secret } from './secret.ts';
import { toActor } from './set-id.ts';
import type { Storage } from './storage.ts';

/** Returns the fingerprint, or `undefined` where somebody else made a keystore there first. */
export async function makeKeystore(
  storage: Storage,
  secret: Secret,
  author: Author,
  alg: IdentityAlgorithm,
  recipient?: Recipient,
): Promise<string | undefined> {
  const now = author.now();
  const identity = await generateIdentity(alg);
  const unlocked = { identity, masterKeys: [{ kid: randomUUID(), key: randomBytes(32) }] as const };
  const slots = [await sealSlot(secret, 'first', now, unlocked)];
  if (recipient !== undefined)
    slots.push(await sealSlot({ kind: 'recipient', ...recipient }, 'recipient', now, unlocked));
  const bytes = await serializeMaster(
    {
      revision: 1,
      updated: now,
      keystore: randomUUID(),
      identities: [identity.jwk],
      slots,
      events: [{ id: '1.1', at: now, event: 'initialized', by: toActor(author.by) }],
    },
    identity,
  );
  const outcome = await storage.replace('master', 0, bytes);
  if (outcome === 'unknown') {
    throw new JwksError(
      'unconfirmed',
      `the keystore at ${storage.label} is made but the disk did not confirm it`,
    );
  }
  return outcome === 'committed' ? identity.fingerprint : undefined;
}
