// Sets whose master document is lost or damaged, or that a restore left which was stopped: those of the same keystore
// are taken under the master document of a backup.
import { JwksError, shellWord } from '../errors.ts';
import { inBatches } from '../keystore/in-batches.ts';
import { Keystore } from '../keystore/keystore.ts';
import type { DocumentName } from '../keystore/set-id.ts';
import type { Storage } from '../keystore/storage.ts';
import { StorageUnder } from '../keystore/storage-under.ts';
import { type CheckedBackup, chooseSets, forgetful, secretFor, type TakeRequest } from './check-backup.ts';
import type { State } from './going-back.ts';
import type { Access } from './open.ts';
import { proveSet } from './prove-keystore.ts';
import { notEmpty } from './restore-target.ts';

export interface Adopted {
  /** The sets that are there, open under the master document of the backup. */
  readonly keystore: Keystore;
  /** Those that the restore does not concern. */
  readonly others: ReadonlyMap<DocumentName, State>;
}

/** So many are opened together. */
const together = 16;

/** `undefined`: there are none. Exit 5 where any is signed by others, or does not open: it might be the only copy. */
export async function adoptSets(
  access: Access,
  request: TakeRequest,
  storage: Storage,
  { identity }: CheckedBackup,
): Promise<Adopted | undefined> {
  const names = await storage.list();
  if (names.length === 0 && access.place.hasOthers()) throw notEmpty(access.place);
  if (names.length === 0) return undefined;
  const under = new StorageUnder(request.backup.master, storage);
  const options = { storage: under, seenFiles: forgetful(access), acceptRollback: true };
  const keystore = await Keystore.open(options, await secretFor(access), access.author, identity);
  const chosen = chooseSets(request);
  const others = new Map<DocumentName, State>();
  const faults = new Map<DocumentName, JwksError>();
  await inBatches(names, together, async (name) => {
    try {
      const there = await storage.read(name);
      if (there === undefined || there.bytes.length === 0) return;
      const { document, sha256 } = (await keystore.reader.readWhole(name)) ?? {};
      const opened = await keystore.openDocument(name);
      if (opened === undefined || document === undefined || sha256 === undefined) return;
      await proveSet(opened);
      const { revision, previous } = document.manifest;
      if (!chosen.has(name)) others.set(name, { revision, sha256, previous });
    } catch (error) {
      if (!(error instanceof JwksError)) throw error;
      faults.set(name, error);
    }
  });
  if (faults.size > 0) throw notAdopted(access, request, storage, faults);
  return { keystore, others };
}

/** So many are named. */
const most = 4;

function notAdopted(
  { place }: Access,
  { source, origin }: TakeRequest,
  storage: Storage,
  faults: ReadonlyMap<DocumentName, JwksError>,
): JwksError {
  const words = [...faults.values()].map(({ message }) => message);
  const few = words.length > most ? [...words.slice(0, most), `${words.length - most} more`] : words;
  const paths = [...faults.keys()].map((name) => shellWord(`${storage.place}/${name}`));
  const what = paths.length > most ? shellWord(storage.place) : paths.join(' ');
  return new JwksError(
    'conflict',
    `${place.label} has no master document, and sets that do not open with that of ${source}: ${few.join('; ')}`,
    {
      hint:
        place.directory === undefined
          ? origin.elsewhere
          : `take a later backup; or move ${what} away, and ${origin.again}`,
    },
  );
}
