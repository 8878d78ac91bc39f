// Seals what the slots of a keystore hold anew, each to whom it was sealed.
import { JwksError, shellWord } from '../errors.ts';
import { openSlots, type Slot, type SlotKey, sealSlot, type Unlocked } from '../keystore/master-document.ts';
import type { Secret } from '../keystore/secret.ts';
import type { Instant } from '../lifecycle/time.ts';

/** To the public keys, and to the secrets that are at hand. */
export async function sealAnew(
  slots: readonly Slot[],
  unlocked: Unlocked,
  { secrets, drop }: { readonly secrets: readonly Secret[]; readonly drop: readonly string[] },
  now: Instant,
): Promise<Slot[]> {
  const sealed: Slot[] = [];
  // A passphrase's slot gets another kid each time.
  const kids = new Map<string, string>();
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
    const anew = await sealSlot(key, slot.label, now, unlocked);
    kids.set(slot.kid, anew.kid);
    sealed.push({ ...anew, created: slot.created, replaces: slot.replaces });
  }
  if (sealed.length === 0)
    throw new JwksError('conflict', 'no secret would be left: nobody could open the keystore');
  // A change of a secret that is under way can be gone on with afterwards.
  return sealed.map((slot) => ({
    ...slot,
    replaces: slot.replaces && (kids.get(slot.replaces) ?? slot.replaces),
  }));
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
