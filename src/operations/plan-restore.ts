// Decides what a restore does with each set of a backup, and proves all of it before anything is written.
import { JwksError, shellWord } from '../errors.ts';
import { SignatureChecker } from '../jose/identity.ts';
import { type Backup, toStorage } from '../keystore/backup.ts';
import { Keystore } from '../keystore/keystore.ts';
import { fingerprintsOf, parseMaster } from '../keystore/master-document.ts';
import { Reader } from '../keystore/reader.ts';
import { parseSecret, type Secret } from '../keystore/secret.ts';
import { SeenFiles } from '../keystore/seen.ts';
import { type DocumentName, documentOf, type SetId } from '../keystore/set-id.ts';
import type { Storage, StoredDocument } from '../keystore/storage.ts';
import { decideSet, type SetStep } from './decide-restore.ts';
import type { Access } from './open.ts';
import { proveSets, type Verified } from './open-backup.ts';
import { emptyTarget } from './restore-target.ts';

export interface RestoreRequest {
  readonly backup: Backup;
  /** What messages call it. */
  readonly source: string;
  /** Only these; none: all. */
  readonly sets: readonly SetId[];
  /** Into a keystore that has some of them. */
  readonly force: boolean;
}

export interface RestorePlan {
  /** Where, as people call it. */
  readonly label: string;
  /** The fingerprint of the keystore. */
  readonly identity: string;
  /** It was named, or this host remembers it. */
  readonly isPinned: boolean;
  /** What is to be written first where there is no keystore yet. */
  readonly master: StoredDocument | undefined;
  readonly storage: Storage | undefined;
  /** The keystore that is there, open; absent where there is none. */
  readonly keystore: Keystore | undefined;
  readonly steps: readonly SetStep[];
  readonly untried: readonly string[];
}

/** Opens a backup with the secret and proves every key of it. Writes nothing and looks at no keystore. */
export async function checkBackup(
  access: Access,
  request: RestoreRequest,
): Promise<Verified & { readonly identity: string; readonly isPinned: boolean }> {
  const { backup, source } = request;
  const expected = pinnedAt(access);
  const sets = chooseSets(request);
  const storage = await toStorage(source, backup.master, sets);
  const options = { storage, seenFiles: forgetful(access), acceptRollback: false };
  const reader = await Reader.open(options, undefined);
  refuseMislabelled(reader, request);
  if (expected !== undefined && expected !== reader.fingerprint)
    throw otherIdentity(source, reader.fingerprint, expected);
  const keystore = await Keystore.open(options, await secretFor(access), access.author, expected);
  const verified = await proveSets(keystore);
  return { ...verified, identity: reader.fingerprint, isPinned: expected !== undefined };
}

/** What a restore would do. Refuses (exit 5) where something is there already and `force` is not set. */
export async function planRestore(access: Access, request: RestoreRequest): Promise<RestorePlan> {
  const { place } = access;
  const storage = (await place.look()) === 'absent' ? undefined : await place.open();
  const master = await storage?.read('master');
  // An empty one is a name that a restore made which was stopped.
  if (storage === undefined || master === undefined || master.bytes.length === 0)
    return planNew(access, request, storage);
  return planInto(access, request, storage, master);
}

async function planNew(
  access: Access,
  request: RestoreRequest,
  storage: Storage | undefined,
): Promise<RestorePlan> {
  const { identity, isPinned, sets, untried } = await checkBackup(access, request);
  const documents = chooseSets(request);
  if (storage !== undefined) await emptyTarget(access.place, storage, request.backup);
  const steps: SetStep[] = [];
  for (const { manifest } of sets) {
    const document = mustGet(documents, documentOf(manifest.set));
    steps.push(
      await decideSet({ storage, keystore: undefined, document, manifest, clock: access.author.now() }),
    );
  }
  const { label } = access.place;
  const { master } = request.backup;
  return { label, identity, isPinned, master, storage, keystore: undefined, steps, untried };
}

async function planInto(
  access: Access,
  request: RestoreRequest,
  storage: Storage,
  master: StoredDocument,
): Promise<RestorePlan> {
  const { fs, place, stateDirectory, acceptRollback, author } = access;
  const { backup, source } = request;
  const seenFiles = new SeenFiles(fs, stateDirectory);
  const strict = { storage, seenFiles, acceptRollback };
  const there = await Reader.open(strict, undefined);
  if (there.master.keystore !== backup.keystore) {
    throw new JwksError(
      'conflict',
      `another keystore is at ${place.label}: ${there.fingerprint}, not ${backup.identity}`,
      {
        hint: 'restore it into a place of its own with --into',
      },
    );
  }
  const expected = pinnedAt(access);
  if (expected !== undefined) await Reader.open(strict, expected);
  await refuseOtherSigner(there, request);
  const documents = chooseSets(request);
  const secret = await secretFor(access);
  const open = (from: Storage, isRollbackAccepted: boolean) =>
    Keystore.open(
      { storage: from, seenFiles: forgetful(access), acceptRollback: isRollbackAccepted },
      secret,
      author,
      expected ?? (secret.kind === 'recipient' ? undefined : there.fingerprint),
    );
  // The sets of the backup must open with what the keystore's own master document holds.
  const { sets, untried } = await proveSets(await open(await toStorage(source, master, documents), false));
  const keystore = await open(storage, true);
  const steps: SetStep[] = [];
  for (const { manifest } of sets) {
    const document = mustGet(documents, documentOf(manifest.set));
    steps.push(await decideSet({ storage, keystore, document, manifest, clock: author.now() }));
  }
  if (!request.force) refuseOverwriting(steps, access, request);
  const identity = there.fingerprint;
  const isPinned = expected !== undefined;
  return { label: place.label, identity, isPinned, master: undefined, storage, keystore, steps, untried };
}

/** What stands as it is in the backup is no hindrance for the rest: an earlier attempt may have written it. */
function refuseOverwriting(
  steps: readonly SetStep[],
  { place: { label } }: Access,
  { source }: RestoreRequest,
): void {
  const others = steps.filter(({ isThere, isSame }) => isThere && !isSame);
  const isDone = steps.length > 0 && steps.every(({ isSame }) => isSame);
  if (others.length === 0 && !isDone) return;
  const names = (isDone ? steps : others).map(({ set }) => `"${set}"`).join(', ');
  throw new JwksError(
    'conflict',
    isDone
      ? `the keystore at ${label} has ${names} as in ${source} already`
      : `the keystore at ${label} has ${names} already`,
    {
      hint: isDone
        ? undefined
        : 'with --force the higher revision of each is kept, and what is revoked in either stays so',
    },
  );
}

function chooseSets({ backup, source, sets }: RestoreRequest): ReadonlyMap<DocumentName, StoredDocument> {
  if (sets.length === 0) return backup.sets;
  return new Map(
    sets.map((id) => {
      const document = backup.sets.get(documentOf(id));
      if (document === undefined) throw new JwksError('not-found', `${source} has no set "${id}"`);
      return [documentOf(id), document];
    }),
  );
}

function pinnedAt({ fs, place, identity, stateDirectory }: Access): string | undefined {
  return identity ?? new SeenFiles(fs, stateDirectory).fingerprintAt(place.id());
}

/** What a backup holds is no sighting of the keystore. */
function forgetful({ fs }: Access): SeenFiles {
  return new SeenFiles(fs, undefined);
}

async function secretFor(access: Access): Promise<Secret> {
  const found = (await access.findSecret()) ?? (await access.askSecret());
  if (found !== undefined) return parseSecret(found.text, found.source);
  throw new JwksError('secret', 'a backup is opened with a secret of its keystore, and none is set', {
    hint: 'name it with --secret-file, JWKS_SECRET_FILE or JWKS_SECRET',
  });
}

function refuseMislabelled(reader: Reader, { backup, source }: RestoreRequest): void {
  if (reader.fingerprint === backup.identity && reader.master.keystore === backup.keystore) return;
  throw new JwksError('damaged', `${source} is damaged: its master document is that of another keystore`);
}

async function refuseOtherSigner(there: Reader, { backup, source }: RestoreRequest): Promise<void> {
  const { bytes, revision } = backup.master;
  const { signer } = await parseMaster(bytes, revision, new SignatureChecker());
  const accepted = [there.fingerprint, ...fingerprintsOf(there.master)];
  if (!accepted.includes(signer.fingerprint))
    throw otherIdentity(source, signer.fingerprint, there.fingerprint);
}

function otherIdentity(source: string, found: string, expected: string): JwksError {
  return new JwksError('identity', `${source} is signed by ${found}, not by ${expected}`, {
    hint: `if that is the keystore you want: --into ${shellWord('DIR')} with --identity ${found}`,
  });
}

function mustGet(documents: ReadonlyMap<DocumentName, StoredDocument>, name: DocumentName): StoredDocument {
  const document = documents.get(name);
  if (document === undefined) throw new JwksError('internal', `${name} is not in the backup`);
  return document;
}
