// What a copy does with the master document of a keystore that is there already.
import { JwksError } from '../errors.ts';
import { fingerprintsOf } from '../keystore/master-document.ts';
import type { Place } from '../keystore/place.ts';
import type { Reader } from '../keystore/reader.ts';
import type { StoredDocument } from '../keystore/storage.ts';
import type { TakeRequest } from './check-backup.ts';
import { isOneHistory } from './decide-restore.ts';

/**
 * - `same` byte for byte
 * - `behind` what is there is older, and the source's comes from it
 * - `ahead` what is there is newer, and comes from the source's
 */
export type Standing = 'same' | 'behind' | 'ahead';

/** How the target stands to the source. Exit 5 where neither comes from the other. */
export function decideMaster(
  there: Reader,
  own: StoredDocument,
  source: Reader,
  { label }: Place,
  { backup, origin }: TakeRequest,
): Standing {
  // Only the source is trusted: what the target says of its identities nobody has vouched for.
  const accepted = [source.fingerprint, ...fingerprintsOf(source.master)];
  if (!accepted.includes(there.fingerprint)) {
    throw new JwksError(
      'conflict',
      `the keystore at ${label} is signed by ${there.fingerprint}, and ${origin.noun} by ${source.fingerprint}`,
      { hint: 'one of them was rekeyed with a new identity: copy it to an empty place' },
    );
  }
  const [from, to] = [own.revision, backup.master.revision];
  if (from === to && Buffer.from(backup.master.bytes).equals(own.bytes)) return 'same';
  const isLater =
    from < to
      ? isOneHistory(source.master, there.master, there.masterDigest)
      : isOneHistory(there.master, source.master, source.masterDigest);
  if (from !== to && isLater) return from < to ? 'behind' : 'ahead';
  throw new JwksError(
    'conflict',
    `the master document at ${label} and that of ${origin.noun} do not follow from each other`,
    { hint: `their histories were forked: ${origin.elsewhere}` },
  );
}
