// One secret in place of another, in the order that cannot lose both: the new one on the disk, a slot for it, its file,
// a look whether it opens, and only then the old slot and the copy of the old file go.
//
// The slot is what makes a change the only one: a second one at the same time, here or on another host, finds it, and
// ends the first where its new secret is at hand, else is refused. No step of one that slept meanwhile does harm.
import { JwksError } from '../errors.ts';
import type { Keystore } from '../keystore/keystore.ts';
import { openSlots, type Slot } from '../keystore/master-document.ts';
import { generateSecretText, parseSecret, type Secret } from '../keystore/secret.ts';
import {
  addSecret,
  type ChangeUnderWay,
  changeUnderWay,
  dropFormer,
  openedEntry,
  type SlotEntry,
  underWay,
} from './secrets.ts';

/** How a secret is kept in a file; a passphrase is kept by a person. */
export interface Keeping {
  /** As it is read by the next command; `undefined`: there is no such file. */
  readonly read: () => Promise<string | undefined>;
  /** Makes the new secret durable where nobody uses it yet; refuses what stands in the way. */
  readonly prepare: (kid: string, text: string) => void;
  /** Takes that back, as far as it can: what it is taken back for is told. */
  readonly abandon: (kid: string, text: string) => void;
  /** Whether the secret of a slot was prepared, and waits. */
  readonly isPrepared: (kid: string) => boolean;
  /** What was prepared is what `read` gives from now on. */
  readonly exchange: (kid: string) => void;
  /** What was kept of the one from before. */
  readonly former: () => string | undefined;
  /** It goes for good. Returns whether it is gone. */
  readonly forget: (text: string) => boolean;
}

export interface SecretChange {
  /** The new secret; absent: one is generated. */
  readonly text?: string | undefined;
  readonly source: string;
  /** Where the new one is kept. */
  readonly keeping: Keeping | undefined;
  /** The file that the one in use came from, by which a change that was interrupted is ended. */
  readonly own?: Keeping | undefined;
  /** Opens the keystore anew with a secret. */
  readonly open: (secret: Secret) => Promise<Keystore>;
  /** Whether something else may still need the secret from before, so that what was kept of it stays. */
  readonly isNeeded?: ((secret: Secret) => Promise<boolean>) | undefined;
}

export interface ChangedSecret {
  readonly entry: SlotEntry;
  /** One that was interrupted was ended. Without `isMade` it was what was asked for, and no other secret was made. */
  readonly isResumed: boolean;
  readonly isMade: boolean;
  /** What was kept of the secret from before is still there. */
  readonly isFormerKept: boolean;
}

export async function changeSecret(keystore: Keystore, change: SecretChange): Promise<ChangedSecret> {
  const { source, keeping } = change;
  const text = change.text ?? generateSecretText();
  const secret = toKey(parseSecret(text, source));
  const way = changeUnderWay(keystore.reader.master, keystore.slot.slot);
  if (way === undefined) {
    const made = await makeChange(keystore, { ...change, text }, secret);
    return { ...made, isResumed: false, isMade: true };
  }
  const hand = await findHand(keystore, way, change, secret);
  if (hand === undefined) throw underWay(way.former.label);
  const ended = await endChange(way, hand, change);
  const isAsked =
    keeping === undefined
      ? hand.keeping === undefined && (await opens(way.anew, secret))
      : hand.keeping === keeping;
  if (isAsked) return { ...ended, isResumed: true, isMade: false };
  const made = await makeChange(ended.keystore, { ...change, text }, secret);
  return { ...made, isResumed: true, isMade: true };
}

/** What the new secret of a change is taken from. */
interface Hand {
  readonly secret: Secret | undefined;
  readonly keeping: Keeping | undefined;
}

async function findHand(
  keystore: Keystore,
  { anew }: ChangeUnderWay,
  { own, keeping }: SecretChange,
  asked: Secret,
): Promise<Hand | undefined> {
  if (keystore.slot.slot.kid === anew.kid) return { secret: keystore.slot.secret, keeping: own };
  if (own?.isPrepared(anew.kid) === true) return { secret: undefined, keeping: own };
  for (const one of new Set([own, keeping])) {
    const text = await one?.read();
    if (text !== undefined && (await opens(anew, parseQuietly(text))))
      return { secret: undefined, keeping: one };
  }
  return (await opens(anew, asked)) ? { secret: asked, keeping: undefined } : undefined;
}

async function makeChange(
  keystore: Keystore,
  change: SecretChange & { readonly text: string },
  secret: Secret,
) {
  const { keeping, own, text } = change;
  const former = keystore.slot.slot;
  if (keeping !== undefined && keeping === own && former.kind === 'recipient') {
    throw new JwksError(
      'usage',
      'a private key of a recipient is in use, and its file is not to be replaced',
      {
        hint: 'name a file for a secret in its place with --new-secret-file, or seal to another key with jwks secret add --recipient',
      },
    );
  }
  if (await opens(former, secret)) throw new JwksError('conflict', 'that is the secret in use');
  await forgetReplaced(former, change);
  const kid = secret.kind === 'passphrase' ? '' : secret.kid;
  keeping?.prepare(kid, text);
  let anew: SlotEntry;
  try {
    anew = await addSecret(keystore, { key: secret, replaces: former });
  } catch (error) {
    if (!(await mayStand(keystore, kid, error))) keeping?.abandon(kid, text);
    throw inBetween(error);
  }
  return endChange({ former, anew }, { secret, keeping }, change);
}

/** What one that was interrupted at its very end has left: the slot in use tells which secret it took the place of. */
async function forgetReplaced({ replaces }: Slot, { keeping, isNeeded }: SecretChange): Promise<void> {
  const old = keeping?.former();
  const secret = old === undefined ? undefined : parseQuietly(old);
  if (old === undefined || secret?.kind !== 'generated' || secret.kid !== replaces) return;
  if ((await isNeeded?.(secret)) !== true) keeping?.forget(old);
}

/** Every step may have been done by somebody else who has found the same change. */
async function endChange(
  { former, anew }: { readonly former: Slot; readonly anew: Pick<Slot, 'kid'> },
  { keeping, ...hand }: Hand,
  { source, open, isNeeded }: SecretChange,
) {
  const now = await keeping?.read();
  const isFormer = now !== undefined && (await opens(former, parseQuietly(now)));
  if (isFormer) keeping?.exchange(anew.kid);
  const text = await keeping?.read();
  const secret = text === undefined ? hand.secret : parseSecret(text, source);
  if (secret === undefined) throw new JwksError('failed', `the new secret in ${source} is gone again`);
  const keystore = await open(secret).catch((error: unknown) => {
    throw inBetween(error);
  });
  if (keystore.slot.slot.kid !== anew.kid) throw inBetween(undefined);
  const old = keeping?.former();
  const oldSecret = old === undefined ? undefined : parseQuietly(old);
  const isOurs = await opens(former, oldSecret);
  await dropFormer(keystore).catch((error: unknown) => {
    throw inBetween(error);
  });
  const isKept = isOurs && oldSecret !== undefined && (await isNeeded?.(oldSecret)) === true;
  const isGone = !isOurs || old === undefined || isKept || keeping?.forget(old) === true;
  return { keystore, entry: openedEntry(keystore), isFormerKept: isKept || !isGone };
}

/** Whether the slot of a change that failed may be there all the same. */
async function mayStand({ reader }: Keystore, kid: string, error: unknown): Promise<boolean> {
  if (!(error instanceof JwksError) || error.code === 'unconfirmed') return true;
  try {
    await reader.reloadMaster();
    return reader.master.slots.some((slot) => slot.kid === kid);
  } catch {
    return true;
  }
}

/** The secret that had opened the keystore opens it no longer. */
function inBetween(error: unknown): unknown {
  if (error !== undefined && !(error instanceof JwksError && error.code === 'secret')) return error;
  return new JwksError('conflict', 'somebody else has changed the same secret meanwhile', {
    cause: error,
    hint: 'look whether the secret in use opens the keystore, and run it again',
  });
}

async function opens(slot: Slot, secret: Secret | undefined): Promise<boolean> {
  return secret !== undefined && (await openSlots([slot], secret)) !== undefined;
}

function parseQuietly(text: string): Secret | undefined {
  try {
    return parseSecret(text, 'a file');
  } catch {
    return undefined;
  }
}

function toKey(secret: Secret): Secret {
  if (secret.kind === 'recipient') throw new JwksError('usage', 'a private key is no secret to change to');
  return secret;
}
