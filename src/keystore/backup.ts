// A backup as a file: the documents of a keystore as they stand, each still sealed and signed.
import * as v from 'valibot';
import { JwksError } from '../errors.ts';
import { formatInstant, type Instant } from '../lifecycle/time.ts';
import { mostBytes } from './file-system.ts';
import { refuseNewer } from './manifest.ts';
import { MemoryStorage } from './memory-storage.ts';
import { instantText, parseAs, revisionNumber, toCanonicalJson } from './schema.ts';
import type { DocumentName } from './set-id.ts';
import type { StoredDocument } from './storage.ts';

/** A keystore's documents as they stood together. */
export interface KeystoreState {
  /** The UUID of the keystore. */
  readonly keystore: string;
  /** The fingerprint that signs its master document. */
  readonly identity: string;
  readonly master: StoredDocument;
  readonly sets: ReadonlyMap<DocumentName, StoredDocument>;
}

export interface Backup extends KeystoreState {
  readonly created: Instant;
}

export const backupType = 'jwks-backup+json';
/** A backup is no larger. */
export const mostBackupBytes = 256 * 1024 * 1024;

const format = 'jwks-backup';
const version = 1;

const documentSchema = v.strictObject({ revision: revisionNumber, document: v.string() });
const backupSchema = v.strictObject({
  format: v.literal(format),
  version: v.literal(version),
  created: instantText,
  keystore: v.pipe(v.string(), v.uuid()),
  identity: v.pipe(v.string(), v.regex(/^[\w-]{43}$/)),
  documents: v.record(v.string(), documentSchema),
});

/** As text, so that a document's bytes and with them its hash stay what they are. */
export function serializeBackup({ created, keystore, identity, master, sets }: Backup): Buffer {
  const documents = [['master', master] as const, ...sets].map(
    ([name, { revision, bytes }]) => [name, { revision, document: Buffer.from(bytes).toString() }] as const,
  );
  const bytes = Buffer.from(
    toCanonicalJson({
      format,
      version,
      created: formatInstant(created),
      keystore,
      identity,
      documents: Object.fromEntries(documents),
    }),
  );
  if (bytes.length > mostBackupBytes)
    throw new JwksError('failed', 'a backup of it would be larger than 256 MiB');
  return bytes;
}

/** What is in a backup, its form checked and nothing else. `source` names it in an error. */
export function parseBackup(value: unknown, source: string): Backup {
  refuseOther(value, source);
  refuseNewer(value, source);
  const { documents, created, keystore, identity } = parseAs(backupSchema, value, source);
  const { master, ...sets } = documents;
  if (master === undefined) throw new JwksError('damaged', `${source} is damaged: it has no master document`);
  return {
    created,
    keystore,
    identity,
    master: toStored(master, source),
    sets: new Map(
      Object.entries(sets).map(([name, document]) => {
        if (!isSetName(name))
          throw new JwksError('damaged', `${source} is damaged: it has a document of no set`);
        return [name, toStored(document, source)];
      }),
    ),
  };
}

/** Some of its documents as a keystore in memory, under a master document. */
export function toStorage(
  place: string,
  master: StoredDocument,
  sets: ReadonlyMap<DocumentName, StoredDocument>,
): MemoryStorage {
  return new MemoryStorage(place, [['master', master], ...sets]);
}

function refuseOther(value: unknown, source: string): void {
  if (typeof value === 'object' && value !== null && Reflect.get(value, 'format') === format) return;
  throw new JwksError('damaged', `${source} is no backup of a keystore`);
}

function toStored(
  { revision, document }: v.InferOutput<typeof documentSchema>,
  source: string,
): StoredDocument {
  const bytes = Buffer.from(document);
  if (bytes.length > mostBytes)
    throw new JwksError('damaged', `${source} is damaged: a document is too large`);
  return { revision, bytes };
}

function isSetName(name: string): name is `sets/${string}` {
  return /^sets\/[^/.][^/]*$/.test(name);
}
