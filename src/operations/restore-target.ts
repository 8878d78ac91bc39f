// Whether a place without a master document may take a keystore: empty, or left by a restore of the same backup.
import { JwksError } from '../errors.ts';
import type { Backup } from '../keystore/backup.ts';
import type { Place } from '../keystore/place.ts';
import type { Storage } from '../keystore/storage.ts';

/** Exit 5 where anything is in it that the backup would not put there. */
export async function emptyTarget(place: Place, storage: Storage, backup: Backup): Promise<void> {
  if (place.hasOthers()) throw notEmpty(place);
  for (const name of await storage.list()) {
    const there = await storage.read(name);
    if (there === undefined || there.bytes.length === 0) continue;
    const own = backup.sets.get(name);
    const isOurs = own?.revision === there.revision && Buffer.from(own.bytes).equals(there.bytes);
    if (!isOurs) throw notEmpty(place);
  }
}

function notEmpty({ label }: Place): JwksError {
  return new JwksError('conflict', `${label} is not empty, and no keystore`, {
    hint: 'a keystore needs a place of its own',
  });
}
