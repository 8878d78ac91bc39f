// A new master key, and on request a new identity, for a keystore that others go on using meanwhile.
//
// The order is what keeps it safe: first everybody can open with the new key, then every document is sealed under
// it, last the old one goes. A set's place without a document may belong to a writer who read the master document
// before: what is written there makes that writer look again.
import { randomBytes, randomUUID } from 'node:crypto';
import { JwksError, shellWord } from '../errors.ts';
import { generateIdentity, type IdentityAlgorithm } from '../jose/identity.ts';
import { headerOf } from '../jose/sealing.ts';
import type { Keystore } from '../keystore/keystore.ts';
import { openSlots, type Slot, type SlotKey, sealSlot, type Unlocked } from '../keystore/master-document.ts';
import type { Secret } from '../keystore/secret.ts';
import { type DocumentName, documentOf, type SetId, setNameOf } from '../keystore/set-id.ts';
import type { Instant } from '../lifecycle/time.ts';
import { noSlot } from './secrets.ts';

export interface RekeyRequest {
  /** Besides the one that the keystore was opened with. */
  readonly secrets: readonly Secret[];
  /** Labels of slots that nobody here can seal anew, and that are to go. */
  readonly drop: readonly string[];
  readonly newIdentity: boolean;
}

export interface Rekeyed {
  /** What one before, which was interrupted, had begun was ended. */
  readonly isResumed: boolean;
  /** Documents that were sealed anew. */
  readonly sealed: number;
  readonly slots: readonly string[];
  readonly dropped: readonly string[];
  readonly fingerprint: string;
  /** Until now, if it is another. */
  readonly before: string | undefined;
}

/** `progress` is told how many of the sets are sealed under the new key. */
export async function rekey(
  keystore: Keystore,
  request: RekeyRequest,
  progress?: (done: number, of: number) => void,
): Promise<Rekeyed> {
  const { reader } = keystore;
  await refuseUnopened(keystore);
  const before = reader.fingerprint;
  const secrets = [keystore.slot.secret, ...request.secrets];
  const isResumed = isUnderWay(keystore.slot.unlocked);
  const own = keystore.slot.slot.label;
  if (request.drop.includes(own)) {
    throw new JwksError(
      'conflict',
      `"${own}" is the secret that the keystore was opened with, and cannot be dropped`,
      {
        hint: 'open it with another one',
      },
    );
  }
  const dropped = reader.master.slots
    .map(({ label }) => label)
    .filter((label) => request.drop.includes(label));
  const unknown = request.drop.find((label) => !dropped.includes(label));
  if (unknown !== undefined && !isResumed) throw noSlot(unknown, reader.master.slots);

  // 1. Everybody can open with the new key, which seals from now on.
  if (!isResumed) {
    await keystore.changeMaster(async ({ slots, identities }, { unlocked }, now) => {
      const next = await renew(unlocked, request.newIdentity);
      const sealed = await sealAnew(slots, next, secrets, request.drop, now);
      const own = next.before === undefined ? {} : { identities: [next.identity.jwk, ...identities] };
      return { slots: sealed, ...own, event: 'rekey-begun', mustOpen: [keystore.slot.secret] };
    });
  }
  // 2. and 3. Every document is sealed under it, until a look finds none that is not.
  let sealed = 0;
  for (;;) {
    // A later look finds what others made meanwhile, and would count all from the start.
    const count = await sealDocuments(keystore, sealed === 0 ? progress : undefined);
    sealed += count;
    if (count === 0) break;
  }
  // 4. The old key goes, and with it the old identity.
  await keystore.changeMaster(async ({ slots, identities }, { unlocked }, now) => {
    if (!isUnderWay(unlocked)) return undefined;
    const next: Unlocked = { identity: unlocked.identity, masterKeys: [unlocked.masterKeys[0]] };
    const kept = unlocked.before === undefined ? identities : [unlocked.identity.jwk];
    return {
      slots: await sealAnew(slots, next, secrets, request.drop, now),
      identities: kept,
      signer: unlocked.identity,
      event: 'rekeyed',
      mustOpen: [keystore.slot.secret],
    };
  });
  const { fingerprint } = reader;
  return {
    isResumed,
    sealed,
    slots: reader.master.slots.map(({ label }) => label),
    dropped,
    fingerprint,
    before: fingerprint === before ? undefined : before,
  };
}

function isUnderWay({ masterKeys, before }: Unlocked): boolean {
  return masterKeys.length > 1 || before !== undefined;
}

async function renew({ identity, masterKeys }: Unlocked, newIdentity: boolean): Promise<Unlocked> {
  const fresh = { kid: randomUUID(), key: randomBytes(32) };
  const keys = [fresh, ...masterKeys] as const;
  if (!newIdentity) return { identity, masterKeys: keys };
  const alg: IdentityAlgorithm = identity.jwk.kty === 'OKP' ? 'EdDSA' : 'ES256';
  return { identity: await generateIdentity(alg), before: identity, masterKeys: keys };
}

/** To the public keys, and to the secrets that are at hand. */
async function sealAnew(
  slots: readonly Slot[],
  unlocked: Unlocked,
  secrets: readonly Secret[],
  drop: readonly string[],
  now: Instant,
): Promise<Slot[]> {
  const sealed: Slot[] = [];
  for (const slot of slots) {
    if (drop.includes(slot.label)) continue;
    const key = await keyOf(slot, secrets);
    if (key === undefined) {
      throw new JwksError(
        'conflict',
        `nobody here has the secret "${slot.label}", so it cannot be sealed to it again`,
        {
          hint: `name it with one more --secret-file, or let it go with --drop ${shellWord(slot.label)}`,
        },
      );
    }
    sealed.push({ ...(await sealSlot(key, slot.label, now, unlocked)), created: slot.created });
  }
  if (sealed.length === 0)
    throw new JwksError('conflict', 'no secret would be left: nobody could open the keystore');
  return sealed;
}

async function keyOf(slot: Slot, secrets: readonly Secret[]): Promise<SlotKey | undefined> {
  if (slot.public !== undefined) {
    const { parseRecipient } = await import('../keystore/recipient.ts');
    return {
      kind: 'recipient',
      ...parseRecipient(JSON.stringify(slot.public), `the secret "${slot.label}"`),
    };
  }
  for (const secret of secrets) if ((await openSlots([slot], secret)) !== undefined) return secret;
  return undefined;
}

/** What does not open now would be lost for good with the key that might still open it. */
async function refuseUnopened(keystore: Keystore): Promise<void> {
  const broken: string[] = [];
  for (const name of await keystore.reader.storage.list()) {
    try {
      const document = await keystore.reader.readDocument(name);
      if (document !== undefined) await keystore.openDocument(document);
    } catch (error) {
      if (!(error instanceof JwksError)) throw error;
      broken.push(`${setNameOf(name)} (${error.message})`);
    }
  }
  if (broken.length === 0) return;
  throw new JwksError('damaged', `these sets cannot be opened: ${broken.join('; ')}`, {
    hint: 'nothing was changed; put back the files that belong here, or restore these sets from a backup, and run it again',
  });
}

/** Writes a new revision of whatever is not sealed and signed as it should be. Returns of how many. */
async function sealDocuments(
  keystore: Keystore,
  progress?: (done: number, of: number) => void,
): Promise<number> {
  const names = await keystore.reader.storage.list();
  let written = 0;
  for (const [index, name] of names.entries()) {
    progress?.(index, names.length);
    const set = await needsSeal(keystore, name);
    if (set === undefined) continue;
    await keystore.change(
      set,
      (current) => ({
        keys: current?.manifest.keys ?? [],
        privateKeys: current?.privateKeys ?? [],
        policy: current?.manifest.policy,
        // A place without a document is one that somebody reserved: it holds nothing yet.
        deleted: current === undefined || current.manifest.deleted !== undefined,
        events: [{ event: 'rekeyed' }],
      }),
      // It is not the rules of rotation that the clock is wanted for.
      { create: true, force: true },
    );
    written += 1;
  }
  return written;
}

async function needsSeal(keystore: Keystore, name: DocumentName): Promise<SetId | undefined> {
  const document = await keystore.reader.readDocument(name);
  if (document === undefined) {
    const set = setNameOf(name) as SetId;
    // A long id has a digest for a name, which tells nothing of it.
    return documentOf(set) === name ? set : undefined;
  }
  const { identity, masterKeys } = keystore.slot.unlocked;
  const isSealed = headerOf(document.sealed)?.kid === masterKeys[0].kid;
  return isSealed && document.signer.fingerprint === identity.fingerprint ? undefined : document.manifest.set;
}
