// One secret in place of another, in the order that cannot lose both: a slot for the new one, its file, a look whether
// it opens, and only then the old slot and its file go.
import { JwksError } from '../errors.ts';
import type { Keystore } from '../keystore/keystore.ts';
import { parseSecret, type Secret } from '../keystore/secret.ts';
import { addSecret, dropFormer, openedEntry, removeSecret, type SlotEntry } from './secrets.ts';

/** How the new secret is kept; a passphrase is kept by a person. */
export interface Keeping {
  /** Durable when it returns, the one from before kept beside it. */
  readonly store: (text: string) => void;
  /** As it is read by the next command. */
  readonly read: () => Promise<string>;
  /** The one from before goes for good. */
  readonly forget: () => void;
}

export interface SecretChange {
  /** The text of the new secret. */
  readonly text: string;
  readonly source: string;
  readonly keeping: Keeping | undefined;
  /** Opens the keystore anew with a secret. */
  readonly open: (secret: Secret) => Promise<Keystore>;
}

const suffix = ' (new)';

/** `isResumed`: it ended one that was interrupted, and made no other secret. */
export async function changeSecret(
  keystore: Keystore,
  { text, source, keeping, open }: SecretChange,
): Promise<{ readonly entry: SlotEntry; readonly isResumed: boolean }> {
  const opened = openedEntry(keystore);
  // Its file was exchanged already, or we would not have opened with it.
  if (opened.label.endsWith(suffix)) {
    const former = keystore.reader.master.slots.find(({ label }) => `${label}${suffix}` === opened.label);
    if (former !== undefined) {
      const { label, kind, created, kid } = former;
      await dropFormer(keystore, { label, kind, created, kid }, keystore.slot.secret);
      keeping?.forget();
      return { entry: { ...opened, label }, isResumed: true };
    }
  }
  const label = `${opened.label}${suffix}`;
  // Of one that was interrupted before its secret was kept: nobody has it.
  if (keystore.reader.master.slots.some((slot) => slot.label === label)) await removeSecret(keystore, label);
  const entry = await addSecret(keystore, { key: toKey(parseSecret(text, source)), label });
  keeping?.store(text);
  const secret = parseSecret((await keeping?.read()) ?? text, source);
  const anew = await open(secret);
  if (anew.slot.slot.label !== label)
    throw new JwksError('failed', `what was written to ${source} is not what it holds`);
  await dropFormer(anew, opened, secret);
  keeping?.forget();
  return { entry: { ...entry, label: opened.label }, isResumed: false };
}

function toKey(secret: Secret): Secret {
  if (secret.kind === 'recipient') throw new JwksError('usage', 'a private key is no secret to change to');
  return secret;
}
