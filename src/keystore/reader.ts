// Reads a keystore without decrypting anything: every document is checked against the identity.
import { JwksError, shellWord } from '../errors.ts';
import { SignatureChecker } from '../jose/identity.ts';
import type { Instant } from '../lifecycle/time.ts';
import type { Manifest } from './manifest.ts';
import { fingerprintsOf, type Master, parseMaster } from './master-document.ts';
import type { Seen, SeenFiles } from './seen.ts';
import { digestOf, parseSetDocument, type SetDocument } from './set-document.ts';
import { type DocumentName, documentOf, type SetId } from './set-id.ts';
import type { Storage, StoredDocument } from './storage.ts';

export interface ReaderOptions {
  readonly storage: Storage;
  readonly seenFiles: SeenFiles;
  /** Take documents that are older than what this host has seen, and remember those. */
  readonly acceptRollback: boolean;
}

const mostLooks = 50;
/** Up to so many documents it is not worth while to verify signatures on other threads. */
const few = 32;
/** So many are read at a time: enough to keep the other threads busy. */
const batch = 256;

export class Reader {
  readonly storage: Storage;
  /** The RFC 7638 thumbprint of the identity that signs this keystore. */
  readonly fingerprint: string;
  #isTrusted: boolean;
  #master: Master;
  #accepted: ReadonlySet<string>;
  readonly #checker: SignatureChecker;
  readonly #seen: Seen;
  readonly #acceptRollback: boolean;
  readonly #digests = new Map<DocumentName, string>();

  /**
   * Reads the master document. `trusted`: the fingerprint that must have signed it; absent, nothing is known of
   * the signer. A keystore that is not there is exit 3; another signer is exit 4 that names it.
   */
  static async open(options: ReaderOptions, trusted: string | undefined): Promise<Reader> {
    const checker = new SignatureChecker();
    const read = await readChecked(options.storage, 'master', async (document) => {
      const { master, signer } = await parseMaster(document.bytes, document.revision, checker);
      if (trusted !== undefined && trusted !== signer.fingerprint) {
        throw new JwksError(
          'identity',
          `this keystore is signed by ${signer.fingerprint}, not by ${trusted}`,
          {
            hint: 'if it was replaced on purpose: a command that takes its secret (create, export --private) remembers the new one, and --identity names it',
          },
        );
      }
      const seen = options.seenFiles.of(signer.fingerprint);
      const reader = new Reader(options, checker, seen, signer.fingerprint, trusted !== undefined, master);
      reader.#take(document, master);
      return reader;
    });
    if (read === undefined) throw noKeystore(options.storage.place);
    return read.value;
  }

  private constructor(
    options: ReaderOptions,
    checker: SignatureChecker,
    seen: Seen,
    fingerprint: string,
    isTrusted: boolean,
    master: Master,
  ) {
    this.storage = options.storage;
    this.fingerprint = fingerprint;
    this.#isTrusted = isTrusted;
    this.#acceptRollback = options.acceptRollback;
    this.#checker = checker;
    this.#seen = seen;
    this.#master = master;
    this.#accepted = new Set([fingerprint]);
  }

  /** Whether the signer is one that was named, remembered or proved by the secret, not just what a file says. */
  get isTrusted(): boolean {
    return this.#isTrusted;
  }

  /** The secret has opened a slot that holds this identity. */
  trust(): void {
    this.#isTrusted = true;
  }

  get master(): Master {
    return this.#master;
  }

  /** Reads the master document again; returns whether there is a newer one. */
  async reloadMaster(): Promise<boolean> {
    const before = this.#master.revision;
    const read = await readChecked(this.storage, 'master', async (document) => {
      // The document that was checked already, byte for byte.
      if (digestOf(document.bytes) === this.#digests.get('master')) return;
      const { master, signer } = await parseMaster(document.bytes, document.revision, this.#checker);
      if (!this.#accepted.has(signer.fingerprint)) throw foreign('master', signer.fingerprint);
      // In here: one that another call has overtaken meanwhile must not count as gone back.
      this.#take(document, master);
    });
    if (read === undefined) throw noKeystore(this.storage.place);
    return this.#master.revision !== before;
  }

  /** A set's document, or `undefined` where there is none (or an empty place for one). */
  async readSet(id: SetId): Promise<SetDocument | undefined> {
    return this.#read(documentOf(id));
  }

  /** As `readSet`, with the SHA-256 of the file, which the next revision refers to. */
  async readForChange(id: SetId): Promise<{ document: SetDocument; sha256: string } | undefined> {
    const read = await this.#readStored(documentOf(id));
    // Of the very bytes that were read: other changes may read the same document meanwhile.
    return read && { document: read.value, sha256: digestOf(read.document.bytes) };
  }

  /**
   * All sets' manifests, also of deleted ones, by set id. One that cannot be read ends it, unless `onFault` takes it.
   */
  async readManifests(onFault?: (name: DocumentName, fault: JwksError) => void): Promise<Manifest[]> {
    const manifestOf = async (name: DocumentName): Promise<Manifest | undefined> => {
      try {
        // Without the sealed halves: of ten thousand sets they would take more memory than all the rest.
        return (await this.#read(name))?.manifest;
      } catch (error) {
        if (onFault === undefined || !(error instanceof JwksError)) throw error;
        onFault(name, error);
        return undefined;
      }
    };
    // Also those that this host has seen before: one that is gone is a fault of its own.
    const names = [...new Set([...(await this.storage.list()), ...this.#seen.names()])];
    this.#checker.inParallel = names.length > few;
    const manifests: Manifest[] = [];
    for (let next = 0; next < names.length; next += batch) {
      const some = names.slice(next, next + batch).map(manifestOf);
      manifests.push(...(await Promise.all(some)).filter((manifest) => manifest !== undefined));
    }
    return manifests.sort((a, b) => compare(a.set, b.set));
  }

  /** A set's document whose signature is good, by an identity of this keystore. */
  async parse(name: DocumentName, { bytes, revision }: StoredDocument): Promise<SetDocument> {
    const document = await parseSetDocument(bytes, name, revision, this.#checker);
    if (!this.#accepted.has(document.signer.fingerprint)) throw foreign(name, document.signer.fingerprint);
    return document;
  }

  /** What was written by us counts as seen. */
  noteWritten(name: DocumentName, revision: number, bytes: Uint8Array): void {
    this.#seen.accept(name, { revision, sha256: digestOf(bytes) });
  }

  /** Remembers on this host what was seen. Call it once, when a command is done with the keystore. */
  remember(openedWithSecret: boolean): void {
    if (!this.#isTrusted) return;
    this.#seen.save({ place: this.storage.place, openedWithSecret, acceptRollback: this.#acceptRollback });
  }

  async #read(name: DocumentName): Promise<SetDocument | undefined> {
    return (await this.#readStored(name))?.value;
  }

  async #readStored(
    name: DocumentName,
  ): Promise<{ readonly document: StoredDocument; readonly value: SetDocument } | undefined> {
    const read = await readChecked(this.storage, name, async (stored) => {
      const document = await this.parse(name, stored);
      // In here, since one that seems to have gone back may only have been overtaken while it was read.
      this.#note(name, stored, document.manifest.previous);
      return document;
    });
    if (read === undefined) this.#noteAbsent(name);
    return read;
  }

  #take(document: StoredDocument, master: Master): void {
    this.#note('master', document, master.previous);
    this.#master = master;
    this.#accepted = new Set([this.fingerprint, ...fingerprintsOf(master)]);
  }

  #noteAbsent(name: DocumentName): void {
    if (this.#acceptRollback) this.#seen.acceptAbsent(name);
    else this.#seen.checkAbsent(name);
  }

  #note(name: DocumentName, { bytes, revision }: StoredDocument, previous: string | undefined): void {
    const now = { revision, sha256: digestOf(bytes) };
    this.#digests.set(name, now.sha256);
    if (this.#acceptRollback) this.#seen.accept(name, now);
    else this.#seen.check(name, now, previous);
  }
}

/**
 * Reads the highest revision and checks it. What fails is damage only if it is still the highest: else a writer
 * has just superseded and emptied it, and we look again.
 */
async function readChecked<T>(
  storage: Storage,
  name: DocumentName,
  check: (document: StoredDocument) => Promise<T>,
): Promise<{ readonly document: StoredDocument; readonly value: T } | undefined> {
  let failed: number | undefined;
  for (let looks = 1; ; looks++) {
    const document = await storage.read(name);
    if (document === undefined) return undefined;
    try {
      return { document, value: await check(document) };
    } catch (error) {
      if (document.revision === failed || looks === mostLooks) throw error;
      failed = document.revision;
    }
  }
}

function foreign(name: DocumentName, fingerprint: string): JwksError {
  return new JwksError(
    'damaged',
    `${name} is signed by ${fingerprint}, which is no identity of this keystore`,
    {
      hint: 'it may come from another keystore; put back the file that belongs here',
    },
  );
}

export function noKeystore(place: string): JwksError {
  return new JwksError('not-found', `there is no keystore at ${place}`, {
    hint: `jwks init --keystore ${shellWord(place)}`,
  });
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The clock and the name of whoever makes a change. */
export interface Author {
  now(): Instant;
  readonly by: string;
}
