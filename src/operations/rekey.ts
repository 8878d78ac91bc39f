// A new master key, and on request a new identity, for a keystore that others go on using meanwhile.
//
// The order is what keeps it safe: first everybody can open with the new key, then every document is sealed under
// it, last the old one goes. A set's place without a document may belong to a writer who read the master document
// before: what is written there makes that writer look again. No second one begins before the first has ended;
// whoever comes meanwhile, or after one that was interrupted, ends it and then begins its own.
import { randomBytes, randomUUID } from 'node:crypto';
import { type ErrorCode, JwksError } from '../errors.ts';
import { generateIdentity, type IdentityAlgorithm } from '../jose/identity.ts';
import { headerOf } from '../jose/sealing.ts';
import type { Keystore } from '../keystore/keystore.ts';
import type { Unlocked } from '../keystore/master-document.ts';
import type { Secret } from '../keystore/secret.ts';
import { type DocumentName, documentOf, type SetId, setNameOf } from '../keystore/set-id.ts';
import { sealAnew } from './seal-slots.ts';
import { noSlot } from './secrets.ts';

export interface RekeyRequest {
  /** Those at hand, besides the one that the keystore was opened with. */
  readonly secrets: readonly Secret[];
  /** Labels of slots that nobody here can seal anew, and that are to go. */
  readonly drop: readonly string[];
  readonly newIdentity: boolean;
}

export interface Rekeyed {
  /** Another one was under way, or interrupted, and was ended first. */
  readonly isOtherEnded: boolean;
  /** Documents that were sealed anew, for this one. */
  readonly sealed: number;
  readonly slots: readonly string[];
  readonly dropped: readonly string[];
  readonly fingerprint: string;
  /** Until now, if it is another. */
  readonly before: string | undefined;
}

/** Is told how many of the sets are sealed under the new key. */
type Progress = (done: number, of: number) => void;

export async function rekey(
  keystore: Keystore,
  request: RekeyRequest,
  progress?: Progress,
): Promise<Rekeyed> {
  const { reader } = keystore;
  const dropped = refuseDrop(keystore, request.drop);
  await refuseUnopened(keystore);
  const before = reader.fingerprint;
  const all = { ...request, secrets: [keystore.slot.secret, ...request.secrets] };
  let isOtherEnded = false;
  // A key from an interrupted one is no fresh key: who took a copy since then has it.
  while (!(await begin(keystore, all))) {
    await end(keystore, all, progress);
    isOtherEnded = true;
  }
  const sealed = await end(keystore, all, progress);
  const { fingerprint } = reader;
  return {
    isOtherEnded,
    sealed,
    slots: reader.master.slots.map(({ label }) => label),
    dropped,
    fingerprint,
    before: fingerprint === before ? undefined : before,
  };
}

/** 1. Everybody can open with the new key, which seals from now on. False: another one is under way. */
async function begin(keystore: Keystore, request: RekeyRequest): Promise<boolean> {
  let isBegun = false;
  await keystore.changeMaster(async ({ slots, identities }, { unlocked }, now) => {
    isBegun = !isUnderWay(unlocked);
    if (!isBegun) return undefined;
    const next = await renew(unlocked, request.newIdentity);
    const own = next.before === undefined ? {} : { identities: [next.identity.jwk, ...identities] };
    return {
      slots: await sealAnew(slots, next, request, now),
      ...own,
      event: 'rekey-begun',
      mustOpen: [keystore.slot.secret],
    };
  });
  return isBegun;
}

/** Returns how many documents it has sealed anew. */
async function end(keystore: Keystore, request: RekeyRequest, progress?: Progress): Promise<number> {
  let sealed = 0;
  for (let isOver = false; !isOver; ) {
    // 2. and 3. Every document is sealed under the new key, until a look finds none that is not. A later look finds
    // what others made meanwhile, and would count all from the start.
    const look = await sealDocuments(keystore, sealed === 0 ? progress : undefined);
    sealed += look.written;
    if (look.written === 0) isOver = await dropOldKey(keystore, request, look.under);
  }
  return sealed;
}

/**
 * 4. The old key goes, and with it the old identity. False: the key that all was found sealed under is not the one
 * that would be left, as others have ended this one and begun the next.
 */
async function dropOldKey(keystore: Keystore, request: RekeyRequest, under: Unlocked): Promise<boolean> {
  let isOver = false;
  await keystore.changeMaster(async ({ slots, identities }, { unlocked }, now) => {
    isOver = !isUnderWay(unlocked) || isSame(unlocked, under);
    if (!isUnderWay(unlocked) || !isOver) return undefined;
    const next: Unlocked = { identity: unlocked.identity, masterKeys: [unlocked.masterKeys[0]] };
    return {
      slots: await sealAnew(slots, next, request, now),
      identities: unlocked.before === undefined ? identities : [unlocked.identity.jwk],
      signer: unlocked.identity,
      event: 'rekeyed',
      mustOpen: [keystore.slot.secret],
    };
  });
  return isOver;
}

function isUnderWay({ masterKeys, before }: Unlocked): boolean {
  return masterKeys.length > 1 || before !== undefined;
}

/** Whether both seal and sign alike. */
function isSame(a: Unlocked, b: Unlocked): boolean {
  return a.masterKeys[0].kid === b.masterKeys[0].kid && a.identity.fingerprint === b.identity.fingerprint;
}

async function renew({ identity, masterKeys }: Unlocked, newIdentity: boolean): Promise<Unlocked> {
  const fresh = { kid: randomUUID(), key: randomBytes(32) };
  const keys = [fresh, ...masterKeys] as const;
  if (!newIdentity) return { identity, masterKeys: keys };
  const alg: IdentityAlgorithm = identity.jwk.kty === 'OKP' ? 'EdDSA' : 'ES256';
  return { identity: await generateIdentity(alg), before: identity, masterKeys: keys };
}

/** Returns the labels that are to go. */
function refuseDrop({ slot, reader }: Keystore, drop: readonly string[]): string[] {
  const own = slot.slot.label;
  if (drop.includes(own)) {
    throw new JwksError(
      'conflict',
      `"${own}" is the secret that the keystore was opened with, and cannot be dropped`,
      {
        hint: 'open it with another one',
      },
    );
  }
  const labels = reader.master.slots.map(({ label }) => label);
  const unknown = drop.find((label) => !labels.includes(label));
  if (unknown !== undefined) throw noSlot(unknown, reader.master.slots);
  return labels.filter((label) => drop.includes(label));
}

/** What is wrong with a document itself. */
const faults: readonly ErrorCode[] = ['damaged', 'rolled-back'];

/** What does not open now would be lost for good with the key that might still open it. */
async function refuseUnopened(keystore: Keystore): Promise<void> {
  const broken: string[] = [];
  for (const name of await keystore.reader.storage.list()) {
    try {
      await keystore.openDocument(name);
    } catch (error) {
      // Of what cannot be read now it is not known whether it opens.
      if (!(error instanceof JwksError) || !faults.includes(error.code)) throw error;
      broken.push(`${setNameOf(name)} (${error.message})`);
    }
  }
  if (broken.length === 0) return;
  throw new JwksError('damaged', `these sets cannot be opened: ${broken.join('; ')}`, {
    hint: 'nothing was changed; put back those that belong here, or restore these sets from a backup, and run it again',
  });
}

/**
 * Writes a new revision of whatever is not sealed and signed as it should be. Where it has written none, all that
 * others can still write is sealed `under` the same or a newer key: they read the master document after the list, or
 * their base was made under it.
 */
async function sealDocuments(
  keystore: Keystore,
  progress?: Progress,
): Promise<{ readonly written: number; readonly under: Unlocked }> {
  await keystore.slot.refresh();
  const under = keystore.slot.unlocked;
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
  return { written, under };
}

async function needsSeal(keystore: Keystore, name: DocumentName): Promise<SetId | undefined> {
  const document = await keystore.reader.readDocument(name);
  // A long id has a digest for a name, which stands in for it until its writer comes.
  if (document === undefined) {
    const set = setNameOf(name) as SetId;
    return documentOf(set) === name ? set : undefined;
  }
  const { identity, masterKeys } = keystore.slot.unlocked;
  const isSealed = headerOf(document.sealed)?.kid === masterKeys[0].kid;
  return isSealed && document.signer.fingerprint === identity.fingerprint ? undefined : document.manifest.set;
}
