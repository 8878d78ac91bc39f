// Reads a keystore without decrypting anything: every document is checked against the identity.
import { JwksError } from '../errors.ts';
import { SignatureChecker } from '../jose/identity.ts';
import { inBatches } from './in-batches.ts';
import type { CheckedManifest, KnownManifests } from './known-manifests.ts';
import type { Manifest } from './manifest.ts';
import { fingerprintsOf, type Master, parseMaster } from './master-document.ts';
import { readChecked } from './read-checked.ts';
import { foreign, noKeystore, notTrusted, otherIdentity } from './reader-faults.ts';
import type { Seen, SeenFiles } from './seen.ts';
import type { SeenDocument } from './seen-file.ts';
import { digestOf, parseSetDocument, type SetDocument } from './set-document.ts';
import { type DocumentName, documentOf, type SetId } from './set-id.ts';
import type { Storage, StoredDocument } from './storage.ts';

export type { Author } from './author.ts';

export interface ReaderOptions {
  readonly storage: Storage;
  readonly seenFiles: SeenFiles;
  /** Take documents that are older than what this host has seen, and remember those. */
  readonly acceptRollback: boolean;
}

/** Up to so many documents it is not worth while to verify signatures on other threads. */
const few = 32;
/** So many are read at a time: enough to keep the other threads busy. */
const batch = 256;

type OnFault = (name: DocumentName, fault: JwksError) => void;

export class Reader {
  readonly storage: Storage;
  #fingerprint: string;
  #isTrusted: boolean;
  #master: Master;
  #accepted: ReadonlySet<string>;
  readonly #checker: SignatureChecker;
  #seen: Seen;
  readonly #acceptRollback: boolean;
  #masterDigest = '';

  /**
   * Reads the master document. `trusted`: the fingerprint that must have signed it; absent, nothing is known of
   * the signer. A keystore that is not there is exit 3; another signer is exit 4 that names it.
   */
  static async open(options: ReaderOptions, trusted: string | undefined): Promise<Reader> {
    const checker = new SignatureChecker();
    const read = await readChecked(options.storage, 'master', async (document) => {
      const { master, signer } = await parseMaster(document.bytes, document.revision, checker);
      if (trusted !== undefined && trusted !== signer.fingerprint)
        throw notTrusted(signer.fingerprint, trusted);
      const seen = options.seenFiles.of(signer.fingerprint, options.storage.place);
      const reader = new Reader(options, checker, seen, signer.fingerprint, trusted !== undefined, master);
      reader.#take(document, master, signer.fingerprint);
      return reader;
    });
    if (read === undefined) throw noKeystore(options.storage.label);
    return read;
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
    this.#fingerprint = fingerprint;
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

  /** The RFC 7638 thumbprint of the identity that signs the master document. */
  get fingerprint(): string {
    return this.#fingerprint;
  }

  /** SHA-256 of the master document as it stands. */
  get masterDigest(): string {
    return this.#masterDigest;
  }

  get master(): Master {
    return this.#master;
  }

  /** Reads the master document again; returns whether there is a newer one. */
  async reloadMaster(): Promise<boolean> {
    const before = this.#master.revision;
    const read = await readChecked(this.storage, 'master', async (document) => {
      // The document that was checked already, byte for byte.
      if (digestOf(document.bytes) === this.#masterDigest) return this.#master;
      const { master, signer } = await parseMaster(document.bytes, document.revision, this.#checker);
      if (!this.#accepted.has(signer.fingerprint)) throw otherIdentity(this, signer.fingerprint);
      // In here: one that another call has overtaken meanwhile must not count as gone back.
      this.#take(document, master, signer.fingerprint);
      return master;
    });
    if (read === undefined) throw noKeystore(this.storage.label);
    return this.#master.revision !== before;
  }

  /** A set's document, or `undefined` where there is none (or an empty place for one). */
  readSet(id: SetId): Promise<SetDocument | undefined> {
    return this.readDocument(documentOf(id));
  }

  async readDocument(name: DocumentName): Promise<SetDocument | undefined> {
    return (await this.readWhole(name))?.document;
  }

  readForChange(id: SetId): Promise<{ document: SetDocument; sha256: string } | undefined> {
    return this.readWhole(documentOf(id));
  }

  /** As `readDocument`, with the SHA-256 of the file, which the next revision refers to. */
  readWhole(name: DocumentName): Promise<{ document: SetDocument; sha256: string } | undefined> {
    return this.#read(name, async (stored, sha256) => {
      const document = await this.parse(name, stored);
      // Of the very bytes that were read: other changes may read the same document meanwhile.
      return { document, sha256, manifest: document.manifest };
    });
  }

  /** All sets' manifests, deleted ones too, by set id. What cannot be read ends it, unless `onFault` takes it. */
  async readManifests(onFault?: OnFault, known?: KnownManifests): Promise<Manifest[]> {
    const manifests = await this.readEach(await this.names(), onFault, known);
    return [...manifests.values()].sort((a, b) => (a.set < b.set ? -1 : 1));
  }

  /** All sets, also those that this host has seen before: one that is gone is a fault of its own. */
  async names(): Promise<DocumentName[]> {
    return [...new Set([...(await this.storage.list()), ...this.#seen.names()])];
  }

  /** Those of `names` that are not there any more. */
  async goneNames(): Promise<DocumentName[]> {
    const there = new Set(await this.storage.list());
    return this.#seen.names().filter((name) => !there.has(name));
  }

  /**
   * The manifests of these documents, without those that are absent or that `onFault` took. Of what is `known`, only
   * what may have changed is read again.
   */
  async readEach(
    names: readonly DocumentName[],
    onFault?: OnFault,
    known?: KnownManifests,
  ): Promise<Map<DocumentName, Manifest>> {
    const plan = await known?.plan(this.storage, names, ({ signer }) => this.#accepted.has(signer));
    const manifests = plan?.kept ?? new Map<DocumentName, Manifest>();
    const readOne = async (name: DocumentName): Promise<void> => {
      try {
        // Without the sealed halves: of ten thousand sets they would take more memory than all the rest.
        const checked = await this.#readManifest(name, known?.get(name));
        known?.note(name, checked, plan?.due.get(name));
        if (checked !== undefined) manifests.set(name, checked.manifest);
      } catch (error) {
        known?.note(name, undefined);
        if (onFault === undefined || !(error instanceof JwksError)) throw error;
        onFault(name, error);
      }
    };
    const due = plan === undefined ? names : [...plan.due.keys()];
    this.#checker.inParallel = due.length > few;
    await inBatches(due, batch, readOne);
    return manifests;
  }

  /** A set's document whose signature is good, by an identity of this keystore. */
  async parse(name: DocumentName, { bytes, revision }: StoredDocument): Promise<SetDocument> {
    const document = await parseSetDocument(bytes, name, revision, this.#checker);
    const { fingerprint } = document.signer;
    // A rekey may have begun a new identity since.
    if (!this.#accepted.has(fingerprint)) await this.reloadMaster();
    if (!this.#accepted.has(fingerprint)) throw foreign(name, fingerprint);
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

  /** A manifest that was checked; `before` is what was found when it was last read. */
  #readManifest(name: DocumentName, before?: CheckedManifest): Promise<CheckedManifest | undefined> {
    return this.#read(name, async (stored, sha256) => {
      const isSame = before?.sha256 === sha256 && before.manifest.revision === stored.revision;
      // Byte for byte the document whose signature was good, by one who may still sign.
      if (isSame && this.#accepted.has(before.signer)) return before;
      const { manifest, signer } = await this.parse(name, stored);
      return { manifest, signer: signer.fingerprint, sha256 };
    });
  }

  async #read<T extends { readonly manifest: Manifest }>(
    name: DocumentName,
    check: (stored: StoredDocument, sha256: string) => Promise<T>,
  ): Promise<T | undefined> {
    const read = await readChecked(this.storage, name, async (stored) => {
      const sha256 = digestOf(stored.bytes);
      const checked = await check(stored, sha256);
      // In here, since one that seems to have gone back may only have been overtaken while it was read.
      this.#note(name, { revision: stored.revision, sha256 }, checked.manifest.previous);
      return checked;
    });
    if (read === undefined) this.#seen[this.#acceptRollback ? 'acceptAbsent' : 'checkAbsent'](name);
    return read;
  }

  #take({ revision, bytes }: StoredDocument, master: Master, signer: string): void {
    const sha256 = digestOf(bytes);
    this.#note('master', { revision, sha256 }, master.previous);
    this.#masterDigest = sha256;
    this.#master = master;
    // After a rekey the identity from before is not accepted any more, and what was seen under it still counts.
    if (signer !== this.#fingerprint) this.#seen = this.#seen.under(signer);
    this.#fingerprint = signer;
    this.#accepted = new Set([signer, ...fingerprintsOf(master)]);
  }

  #note(name: DocumentName, now: SeenDocument, previous: string | undefined): void {
    if (this.#acceptRollback) this.#seen.accept(name, now);
    else this.#seen.check(name, now, previous);
  }
}
