// What the secret opens of the master document, kept up with a rekey.
import { JwksError } from '../errors.ts';
import { type Master, type Opened, openSlots, type Slot, type Unlocked } from './master-document.ts';
import type { Reader } from './reader.ts';
import type { Secret } from './secret.ts';

export class OpenSlot {
  readonly #reader: Reader;
  readonly #secret: Secret;
  #master: Master;
  #opened: Opened;
  #refreshed: Promise<void> = Promise.resolve();

  /** A secret that opens no slot is exit 4. */
  static async open(reader: Reader, secret: Secret): Promise<OpenSlot> {
    const { master } = reader;
    return new OpenSlot(reader, secret, master, await unlock(reader, master, secret));
  }

  private constructor(reader: Reader, secret: Secret, master: Master, opened: Opened) {
    this.#reader = reader;
    this.#secret = secret;
    this.#master = master;
    this.#opened = opened;
  }

  get unlocked(): Unlocked {
    return this.#opened.unlocked;
  }

  /** The one that the secret opens. */
  get slot(): Slot {
    return this.#opened.slot;
  }

  get secret(): Secret {
    return this.#secret;
  }

  /** One after another: nobody may go on with master keys that another call has found replaced, or could not open. */
  refresh(): Promise<void> {
    const refresh = async () => {
      await this.#reader.reloadMaster();
      const { master } = this.#reader;
      if (master === this.#master) return;
      this.#opened = await unlock(this.#reader, master, this.#secret);
      this.#master = master;
    };
    this.#refreshed = this.#refreshed.then(refresh, refresh);
    return this.#refreshed;
  }
}

async function unlock(reader: Reader, master: Master, secret: Secret): Promise<Opened> {
  const opened = await openSlots(master.slots, secret);
  if (opened === undefined) {
    throw new JwksError(
      'secret',
      `the secret in ${secret.source} does not open the keystore at ${reader.storage.label}`,
      {
        hint: 'name the right one with --secret-file, or JWKS_SECRET_FILE',
      },
    );
  }
  const { identity, before } = opened.unlocked;
  if (![identity.fingerprint, before?.fingerprint].includes(reader.fingerprint)) {
    throw new JwksError(
      'damaged',
      `the master document is signed by ${reader.fingerprint}, which is not this keystore's identity`,
      {
        hint: 'somebody else has written it: put back the one that belongs here, or restore a backup elsewhere with jwks restore FILE --into PLACE',
      },
    );
  }
  return opened;
}
