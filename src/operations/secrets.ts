// Who may unlock a keystore: its slots, and adding, changing and removing them.
import { JwksError, shellWord } from '../errors.ts';
import type { Keystore } from '../keystore/keystore.ts';
import { type Master, mostSlots, type Slot, type SlotKey, sealSlot } from '../keystore/master-document.ts';
import type { Reader } from '../keystore/reader.ts';

export interface SlotEntry {
  readonly label: string;
  readonly kind: Slot['kind'];
  readonly created: Slot['created'];
  /** RFC 7638 thumbprint of the key; of a passphrase a UUID. */
  readonly kid: string;
}

/** In the order of the document. Needs no secret. */
export function listSecrets(reader: Reader): SlotEntry[] {
  return reader.master.slots.map(toEntry);
}

/** What the label of a slot ends in that is to take the place of another. The label alone could be somebody's own. */
const suffix = ' (new)';

/**
 * Seals the keystore to one more secret, or to a recipient's public key. Leaves the other slots as they are.
 * `replaces`: the slot whose place it is to take, which it gets its label from.
 */
export async function addSecret(
  keystore: Keystore,
  request: { readonly key: SlotKey } & (
    | { readonly label: string | undefined; readonly replaces?: undefined }
    | { readonly replaces: Slot }
  ),
): Promise<SlotEntry> {
  const { key, replaces } = request;
  let made: Slot | undefined;
  await keystore.changeMaster(async (master, { unlocked }, now) => {
    const { slots } = master;
    const label =
      replaces === undefined ? (request.label ?? freeLabel(key.kind, slots)) : `${replaces.label}${suffix}`;
    if (replaces === undefined) refuseLabel(slots, label);
    else refuseChange(master, replaces);
    const twin = slots.find((slot) => isSealedTo(slot, key));
    if (twin !== undefined)
      throw new JwksError('conflict', `this keystore has that secret already: "${twin.label}"`);
    made = { ...(await sealSlot(key, label, now, unlocked)), replaces: replaces?.kid };
    const mustOpen = 'source' in key ? [key, keystore.slot.secret] : [keystore.slot.secret];
    return { slots: [...slots, made], event: 'secret-added', mustOpen };
  });
  if (made === undefined) throw new JwksError('internal', 'the change was not decided');
  return toEntry(made);
}

/** Takes a slot away by its label. What its secret opened before is not undone by that. */
export async function removeSecret(keystore: Keystore, label: string): Promise<SlotEntry> {
  let gone: Slot | undefined;
  await keystore.changeMaster(async ({ slots }, opened) => {
    gone = slots.find((slot) => slot.label === label);
    if (gone === undefined) throw noSlot(label, slots);
    if (slots.length === 1) {
      throw new JwksError('conflict', `"${label}" is the last secret of this keystore`, {
        hint: 'add another first: jwks secret add; without one nobody could open it',
      });
    }
    const rest = slots.filter((slot) => slot !== gone);
    const mustOpen = opened.slot.kid === gone.kid ? [] : [keystore.slot.secret];
    return { slots: rest, event: 'secret-removed', mustOpen };
  });
  if (gone === undefined) throw new JwksError('internal', 'the change was not decided');
  return toEntry(gone);
}

/** A change of a secret that was begun and is not ended. */
export interface ChangeUnderWay {
  readonly former: Slot;
  readonly anew: Slot;
}

/** The change that a slot is part of. */
export function changeUnderWay({ slots }: Master, { kid }: Slot): ChangeUnderWay | undefined {
  for (const anew of slots) {
    const former = slots.find((slot) => slot.kid === anew.replaces);
    if (former !== undefined && [former.kid, anew.kid].includes(kid)) return { former, anew };
  }
  return undefined;
}

/** Drops the slot that the one in use was made to replace. Does nothing where somebody else has done it. */
export async function dropFormer(keystore: Keystore): Promise<void> {
  await keystore.changeMaster(async ({ slots }, { slot: anew }) => {
    const former = slots.find((slot) => slot.kid === anew.replaces);
    if (former === undefined) return undefined;
    // The new one takes its place, and its label, by which scripts may name it.
    const renamed = { ...anew, label: former.label };
    const others = slots.filter((slot) => slot.kid !== anew.kid);
    const exchanged = others.map((slot) => (slot === former ? renamed : slot));
    return { slots: exchanged, event: 'secret-changed', mustOpen: [keystore.slot.secret] };
  });
}

export function openedEntry(keystore: Keystore): SlotEntry {
  return toEntry(keystore.slot.slot);
}

export function noSlot(label: string, slots: readonly Slot[]): JwksError {
  return new JwksError('not-found', `there is no secret "${label}"`, {
    hint: `there are: ${slots.map((slot) => slot.label).join(', ')}`,
  });
}

/** Whether the master document, as it was read last, has a slot for the key. Of a passphrase nothing tells it. */
export function hasSlot({ reader }: Keystore, key: SlotKey): boolean {
  return reader.master.slots.some((slot) => isSealedTo(slot, key));
}

function isSealedTo(slot: Slot, key: SlotKey): boolean {
  return key.kind !== 'passphrase' && slot.kid === key.kid;
}

/** What can be refused before there is a key. Absent: a free label is found. */
export function refuseLabel(slots: readonly Slot[], label: string | undefined): void {
  refuseMore(slots);
  if (label === undefined) return;
  // Controls, halves of surrogate pairs, and what reorders or breaks lines: it is printed beside others.
  if (label === '' || label.length > longestLabel || /\p{C}|\p{Zl}|\p{Zp}/u.test(label)) {
    throw new JwksError(
      'usage',
      `a label has 1 to ${longestLabel} characters, and none that control how it is shown`,
    );
  }
  if (label.endsWith(suffix)) {
    throw new JwksError('conflict', `a label that ends in "${suffix}" is one of jwks secret change`, {
      hint: 'name another --label',
    });
  }
  if (slots.some((slot) => slot.label === label)) {
    throw new JwksError('conflict', `there is a secret "${label}" already`, { hint: 'name another --label' });
  }
}

const longestLabel = 100;

function refuseMore(slots: readonly Slot[]): void {
  if (slots.length < mostSlots) return;
  throw new JwksError(
    'conflict',
    `this keystore has ${mostSlots} secrets already, and cannot have more, also not for a moment`,
    { hint: 'let one go that is not needed: jwks secret list, jwks secret remove LABEL' },
  );
}

function refuseChange(master: Master, former: Slot): void {
  const { slots } = master;
  if (changeUnderWay(master, former) !== undefined) throw underWay(former.label);
  if (!slots.some(({ kid }) => kid === former.kid)) throw noSlot(former.label, slots);
  const label = `${former.label}${suffix}`;
  if (slots.some((slot) => slot.label === label)) {
    throw new JwksError(
      'conflict',
      `there is a secret "${label}", which the new one would be called until then`,
      {
        hint: 'add one with another label, and remove this one: jwks secret add, jwks secret remove',
      },
    );
  }
  refuseMore(slots);
}

/** Nobody but who has its secret may end it, and nobody may take it back unasked: they may be at work. */
export function underWay(label: string): JwksError {
  return new JwksError('conflict', `another change of the secret "${label}" is under way`, {
    hint: `if it was interrupted, run it again where and as it was begun; if its new secret is lost: jwks secret remove ${shellWord(`${label}${suffix}`)}`,
  });
}

function freeLabel(kind: Slot['kind'], slots: readonly Slot[]): string {
  for (let number = 1; ; number++) {
    const label = number === 1 ? kind : `${kind}-${number}`;
    if (!slots.some((slot) => slot.label === label)) return label;
  }
}

function toEntry({ label, kind, created, kid }: Slot): SlotEntry {
  return { label, kind, created, kid };
}
