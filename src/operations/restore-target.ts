// Whether a place without a master document may take a copy: empty, or left by one that was stopped. The keystore that
// is copied may have been changed since.
import { JwksError } from '../errors.ts';
import type { KeystoreState } from '../keystore/backup.ts';
import { inBatches } from '../keystore/in-batches.ts';
import type { Manifest } from '../keystore/manifest.ts';
import type { Place } from '../keystore/place.ts';
import type { Reader } from '../keystore/reader.ts';
import { digestOf } from '../keystore/set-document.ts';
import { type DocumentName, documentOf } from '../keystore/set-id.ts';
import type { Storage, StoredDocument } from '../keystore/storage.ts';
import { follows } from './decide-restore.ts';

/** What is to be written, and whose signatures are good. */
interface Coming extends KeystoreState {
  readonly manifests: readonly Manifest[];
  readonly reader: Reader;
}

/** So many documents are looked at together. */
const together = 64;

/** Exit 5 where anything is in it that what comes would not have put there. */
export async function emptyTarget(place: Place, storage: Storage, coming: Coming): Promise<void> {
  if (place.hasOthers()) throw notEmpty(place);
  const manifests = new Map(coming.manifests.map((manifest) => [documentOf(manifest.set), manifest]));
  await inBatches(await storage.list(), together, async (name) => {
    const there = await storage.read(name);
    if (there === undefined || there.bytes.length === 0) return;
    const own = coming.sets.get(name);
    const isOurs = own?.revision === there.revision && Buffer.from(own.bytes).equals(there.bytes);
    if (!isOurs && !(await isEarlier(name, there, manifests.get(name), coming))) throw notEmpty(place);
  });
}

/** An earlier revision of the same set, which leads to the one that comes. */
async function isEarlier(
  name: DocumentName,
  there: StoredDocument,
  manifest: Manifest | undefined,
  { reader }: Coming,
): Promise<boolean> {
  if (manifest === undefined || there.revision >= manifest.revision) return false;
  try {
    const { manifest: earlier } = await reader.parse(name, there);
    return follows(manifest, earlier, digestOf(there.bytes));
  } catch (error) {
    if (!(error instanceof JwksError)) throw error;
    return false;
  }
}

export function notEmpty({ label }: Place): JwksError {
  return new JwksError('conflict', `${label} is not empty, and no keystore`, {
    hint: 'a keystore needs a place of its own',
  });
}
