// Opens what a restore or a copy takes, with the secret, and proves every key of it before anything is written.
import { JwksError } from '../errors.ts';
import { type KeystoreState, toStorage } from '../keystore/backup.ts';
import { Keystore } from '../keystore/keystore.ts';
import { Reader } from '../keystore/reader.ts';
import { parseSecret, type Secret } from '../keystore/secret.ts';
import { SeenFiles } from '../keystore/seen.ts';
import { type DocumentName, documentOf, type SetId } from '../keystore/set-id.ts';
import type { StoredDocument } from '../keystore/storage.ts';
import { type Behind, findBehind, stateOf } from './going-back.ts';
import type { Access } from './open.ts';
import { anotherBackup, withHint } from './open-backup.ts';
import { fromBackup, type Origin } from './origin.ts';
import { type ProvedSets, proveSets } from './prove-keystore.ts';
import { otherIdentity, refuseMislabelled } from './restore-faults.ts';

export interface RestoreRequest {
  readonly backup: KeystoreState;
  /** What messages call it. */
  readonly source: string;
  /** Only these; none: all. */
  readonly sets: readonly SetId[];
  /** Into a keystore that has some of them. */
  readonly force: boolean;
}

/** The same, from wherever it is taken. */
export interface TakeRequest extends RestoreRequest {
  readonly origin: Origin;
  /** What is put at a place that this host does not know is remembered apart from what it has seen elsewhere. */
  readonly isApart: boolean;
}

export interface CheckedBackup extends ProvedSets {
  readonly identity: string;
  readonly isPinned: boolean;
  /** In memory, open. */
  readonly keystore: Keystore;
}

/**
 * Opens a backup with the secret and proves every key of it. Writes nothing and looks at no keystore; `behind`: what
 * this host has seen later states of.
 */
export async function checkBackup(
  access: Access,
  request: RestoreRequest,
): Promise<CheckedBackup & { readonly behind: readonly Behind[] }> {
  const checked = await checkTaken(access, { ...request, origin: fromBackup, isApart: true });
  const documents = chooseSets(request);
  const states = checked.sets.flatMap(({ manifest }) => {
    const document = documents.get(documentOf(manifest.set));
    return document === undefined
      ? []
      : [[documentOf(manifest.set), stateOf(document, manifest.previous)] as const];
  });
  const master = stateOf(request.backup.master, checked.keystore.reader.master.previous);
  const { fs, stateDirectory, place } = access;
  const seen = new SeenFiles(fs, stateDirectory).of(checked.identity, place.id());
  const isWhole = request.sets.length === 0;
  return { ...checked, behind: findBehind(seen, new Map([['master', master], ...states]), isWhole) };
}

/** The same of what was taken from wherever. */
export function checkTaken(access: Access, request: TakeRequest): Promise<CheckedBackup> {
  const hint = request.origin.isCopied ? request.origin.whenDamaged : anotherBackup;
  return withHint(hint, check(access, request));
}

async function check(access: Access, request: TakeRequest): Promise<CheckedBackup> {
  const { backup, source, origin } = request;
  const expected = pinnedAt(access);
  const storage = toStorage(source, backup.master, chooseSets(request));
  const options = { storage, seenFiles: forgetful(access), acceptRollback: false };
  const reader = await Reader.open(options, undefined);
  refuseMislabelled(reader, request);
  if (expected !== undefined && expected !== reader.fingerprint)
    throw otherIdentity(source, reader.fingerprint, expected);
  const keystore = await Keystore.open(options, await secretFor(access), access.author, expected);
  const verified = await proveSets(keystore, origin.whenDamaged);
  return { ...verified, identity: reader.fingerprint, isPinned: expected !== undefined, keystore };
}

export function chooseSets({
  backup,
  source,
  sets,
}: RestoreRequest): ReadonlyMap<DocumentName, StoredDocument> {
  if (sets.length === 0) return backup.sets;
  return new Map(
    sets.map((id) => {
      const document = backup.sets.get(documentOf(id));
      if (document === undefined) throw new JwksError('not-found', `${source} has no set "${id}"`);
      return [documentOf(id), document];
    }),
  );
}

export function pinnedAt({ fs, place, identity, stateDirectory }: Access): string | undefined {
  return identity ?? new SeenFiles(fs, stateDirectory).fingerprintAt(place.id());
}

/** What a backup holds is no sighting of the keystore. */
export function forgetful({ fs }: Access): SeenFiles {
  return new SeenFiles(fs, undefined);
}

export async function secretFor(access: Access): Promise<Secret> {
  const found = (await access.findSecret()) ?? (await access.askSecret());
  if (found !== undefined) return parseSecret(found.text, found.source);
  throw new JwksError('secret', 'a backup is opened with a secret of its keystore, and none is set', {
    hint: 'name it with --secret-file, JWKS_SECRET_FILE or JWKS_SECRET',
  });
}
