// Changes the master document: who may unlock the keystore, and with which keys it is sealed and signed.
import { setTimeout as pause } from 'node:timers/promises';
import { JwksError } from '../errors.ts';
import { SignatureChecker } from '../jose/identity.ts';
import { nowFor } from '../lifecycle/clock.ts';
import type { Instant } from '../lifecycle/time.ts';
import { mostEvents } from './manifest.ts';
import {
  type Master,
  openSlots,
  parseMaster,
  type Slot,
  serializeMaster,
  type Unlocked,
} from './master-document.ts';
import type { OpenSlot } from './open-slot.ts';
import type { Author, Reader } from './reader.ts';
import type { Secret } from './secret.ts';
import { toActor } from './set-id.ts';

export interface MasterChange {
  readonly slots: readonly Slot[];
  /** Absent: as they are. Newest first. */
  readonly identities?: Master['identities'] | undefined;
  /** Absent: who signed it until now. */
  readonly signer?: Unlocked['identity'] | undefined;
  readonly event: string;
  /** Secrets that must open the new document before it is written. */
  readonly mustOpen: readonly Secret[];
}

/** Asked again when somebody else changed the document meanwhile. Undefined: nothing is to be changed. */
export type DecideMaster = (
  master: Master,
  opened: { readonly unlocked: Unlocked; readonly slot: Slot },
  now: Instant,
) => Promise<MasterChange | undefined>;

const patience = 60_000;

/** Returns the document as it stands afterwards, which was read again and opened. */
export async function changeMaster(
  reader: Reader,
  slot: OpenSlot,
  author: Author,
  decide: DecideMaster,
): Promise<Master> {
  const giveUp = performance.now() + patience;
  for (;;) {
    await slot.refresh();
    const { master, masterDigest: previous } = reader;
    const { unlocked } = slot;
    const now = nowFor(author.now(), master.updated);
    const change = await decide(master, { unlocked, slot: slot.slot }, now);
    if (change === undefined) return master;
    const revision = master.revision + 1;
    const event = { id: `${revision}.1`, at: now, event: change.event, by: toActor(author.by) };
    const next: Master = {
      ...master,
      revision,
      previous,
      updated: now,
      identities: change.identities ?? master.identities,
      slots: change.slots,
      events: [...master.events, event].slice(-mostEvents),
    };
    const bytes = await serializeMaster(next, change.signer ?? signerOf(reader, unlocked));
    await prove(bytes, revision, change.mustOpen);
    // Others changed it while passphrases were derived, perhaps.
    const outcome =
      reader.masterDigest === previous
        ? await reader.storage.replace('master', master.revision, bytes)
        : 'conflict';
    if (outcome === 'unknown') {
      throw new JwksError(
        'unconfirmed',
        `revision ${revision} of the master document is written but the disk did not confirm it`,
        {
          hint: 'look at it with jwks secret list before anything is done again',
        },
      );
    }
    if (outcome === 'committed') {
      reader.noteWritten('master', revision, bytes);
      await slot.refresh().catch((error: unknown) => {
        // The secret in hand was the one that was taken away.
        if (error instanceof JwksError && error.code === 'secret') return;
        throw new JwksError(
          'unconfirmed',
          `revision ${revision} of the master document is written, and cannot be read again`,
          {
            hint: 'look at it with jwks secret list before anything is done again',
            cause: error,
          },
        );
      });
      return reader.master;
    }
    if (performance.now() > giveUp) {
      throw new JwksError(
        'conflict',
        'the master document was changed by others for a minute without a pause',
        {
          hint: 'nothing was changed; run it again',
        },
      );
    }
    await pause(Math.random() * 100);
  }
}

/** Whom readers trust: it goes on signing until they were told of another one. */
export function signerOf(reader: Reader, { identity, before }: Unlocked): Unlocked['identity'] {
  return before !== undefined && before.fingerprint === reader.fingerprint ? before : identity;
}

async function prove(bytes: Uint8Array, revision: number, secrets: readonly Secret[]): Promise<void> {
  const { master, signer } = await parseMaster(bytes, revision, new SignatureChecker());
  for (const secret of secrets) {
    const opened = await openSlots(master.slots, secret);
    if (opened === undefined) throw new JwksError('internal', 'a slot that was just made does not open');
    // Nobody could open a keystore whose slots do not hold its signer.
    const { identity, before } = opened.unlocked;
    if (![identity.fingerprint, before?.fingerprint].includes(signer.fingerprint))
      throw new JwksError('internal', 'a slot that was just made does not hold who signs');
  }
}
