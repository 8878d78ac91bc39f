// Who may unlock a keystore: its slots, and adding, changing and removing them.
import { JwksError } from '../errors.ts';
import type { Keystore } from '../keystore/keystore.ts';
import { mostSlots, type Slot, type SlotKey, sealSlot } from '../keystore/master-document.ts';
import type { Reader } from '../keystore/reader.ts';
import type { Secret } from '../keystore/secret.ts';

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

/** Seals the keystore to one more secret, or to a recipient's public key. Leaves the other slots as they are. */
export async function addSecret(
  keystore: Keystore,
  request: { readonly key: SlotKey; readonly label: string | undefined },
): Promise<SlotEntry> {
  const { key } = request;
  let made: Slot | undefined;
  await keystore.changeMaster(async ({ slots }, { unlocked }, now) => {
    const label = request.label ?? freeLabel(key.kind, slots);
    refuseLabel(slots, label);
    const twin = slots.find((slot) => isSealedTo(slot, key));
    if (twin !== undefined)
      throw new JwksError('conflict', `this keystore has that secret already: "${twin.label}"`);
    made = await sealSlot(key, label, now, unlocked);
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

/** Drops the slot that the keystore was opened with, in favour of a secret that opens another one already. */
export async function dropFormer(keystore: Keystore, former: SlotEntry, secret: Secret): Promise<void> {
  await keystore.changeMaster(async ({ slots }) => {
    const rest = slots.filter(({ kid }) => kid !== former.kid);
    const anew = rest.find((slot) => isSecretOf(slot, secret, rest));
    if (rest.length === slots.length || anew === undefined) return undefined;
    // The new one takes its place, and its label, by which scripts may name it.
    const renamed = { ...anew, label: former.label };
    const others = slots.filter((slot) => slot !== anew);
    const exchanged = others.map((slot) => (slot.kid === former.kid ? renamed : slot));
    return { slots: exchanged, event: 'secret-changed', mustOpen: [secret] };
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

function isSecretOf(slot: Slot, secret: Secret, slots: readonly Slot[]): boolean {
  if (secret.kind !== 'passphrase') return slot.kid === secret.kid;
  // The newest of that kind: the one that was added for it.
  return slots.filter(({ kind }) => kind === 'passphrase').at(-1) === slot;
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
  if (slots.length >= mostSlots) {
    throw new JwksError('conflict', `this keystore has ${mostSlots} secrets already, and cannot have more`);
  }
  if (slots.some((slot) => slot.label === label)) {
    throw new JwksError('conflict', `there is a secret "${label}" already`, { hint: 'name another --label' });
  }
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
