// Opens every document of a keystore and proves every private key; what is damaged is named, and the rest goes on.
import { JwksError } from '../errors.ts';
import { headerOf } from '../jose/sealing.ts';
import { inBatches } from '../keystore/in-batches.ts';
import { Keystore } from '../keystore/keystore.ts';
import type { Manifest } from '../keystore/manifest.ts';
import type { OpenSlot } from '../keystore/open-slot.ts';
import { Reader, type ReaderOptions } from '../keystore/reader.ts';
import { parseSecret } from '../keystore/secret.ts';
import type { FoundSecret } from '../keystore/secret-sources.ts';
import { SeenFiles } from '../keystore/seen.ts';
import type { SeenDocument } from '../keystore/seen-file.ts';
import { type DocumentName, documentOf } from '../keystore/set-id.ts';
import { describeUnfinished } from './inspect-rekey.ts';
import { type DocumentFault, damageOf, inspectKeys, readBare, wordsOf } from './inspect-set.ts';
import type { Access } from './open.ts';

/** What was found in the documents. */
export interface Documents {
  readonly faults: readonly DocumentFault[];
  readonly manifests: readonly Manifest[];
  /** Absent: it could not be read. */
  readonly reader: Reader | undefined;
  /** Those that the secret opened and in which nothing was wrong, as they stood. */
  readonly opened: ReadonlyMap<DocumentName, SeenDocument>;
  /** What the secret opens; absent: nothing. */
  readonly slot: OpenSlot | undefined;
  /** Private keys that were proved. */
  readonly proved: number;
}

/** So many sets are opened at a time. */
const together = 16;

export async function inspectDocuments(
  access: Access,
  options: ReaderOptions,
  found: FoundSecret | undefined,
): Promise<Documents> {
  return new DocumentInspection(access, options).run(found);
}

/** Whether the secret should be that of this keystore: it was named, or it is the user's own and so is the keystore. */
export function mustOpen(
  { isSecretNamed, isDefault }: Access,
  { seenFiles, storage }: ReaderOptions,
): boolean {
  return isSecretNamed || isDefault || seenFiles.fingerprintAt(storage.place) !== undefined;
}

class DocumentInspection {
  readonly #access: Access;
  #options: ReaderOptions;
  readonly #faults: DocumentFault[] = [];
  readonly #opened = new Map<DocumentName, SeenDocument>();
  readonly #sealedUnder = new Map<string, string[]>();
  #slot: OpenSlot | undefined;
  #proved = 0;
  readonly #mustOpen: boolean;
  /** What this host remembers is not what is here. */
  #isForeign = false;

  constructor(access: Access, options: ReaderOptions) {
    this.#access = access;
    this.#options = options;
    this.#mustOpen = mustOpen(access, options);
  }

  async run(found: FoundSecret | undefined): Promise<Documents> {
    const pinned =
      this.#access.identity ?? this.#options.seenFiles.fingerprintAt(this.#options.storage.place);
    const checked = await this.#openReader(pinned);
    const reader = checked === undefined ? undefined : await this.#unlock(checked, found);
    const manifests =
      reader === undefined
        ? await readBare(this.#options.storage, pinned, this.#faults)
        : await this.#readAll(reader);
    if (reader !== undefined) {
      await inBatches(manifests, together, (manifest) => this.#openOne(reader, manifest));
      await this.#compareMaster(reader, manifests);
      this.#findUnfinished();
      if (!this.#isForeign) reader.remember(this.#slot !== undefined);
    }
    if (this.#slot === undefined) {
      this.#fault(
        undefined,
        'not-opened',
        'warning',
        'without the secret no sealed half was opened and no private key was proved; name it with --secret-file or JWKS_SECRET_FILE',
      );
    }
    return {
      faults: this.#faults,
      manifests,
      reader,
      opened: this.#opened,
      slot: this.#slot,
      proved: this.#proved,
    };
  }

  /** The master document; where it is another than this host remembers, that is said, and it is read all the same. */
  async #openReader(pinned: string | undefined): Promise<Reader | undefined> {
    try {
      return await Reader.open(this.#options, pinned);
    } catch (error) {
      this.#hold('master', error);
      if (!(error instanceof JwksError) || !['identity', 'rolled-back'].includes(error.code))
        return undefined;
    }
    this.#isForeign = true;
    this.#options = { ...this.#options, seenFiles: new SeenFiles(this.#access.fs, undefined) };
    try {
      return await Reader.open(this.#options, undefined);
    } catch (error) {
      this.#hold('master', error);
      return undefined;
    }
  }

  async #unlock(reader: Reader, found: FoundSecret | undefined): Promise<Reader> {
    const { author, identity } = this.#access;
    if (!reader.isTrusted && found === undefined) {
      this.#fault(
        undefined,
        'unchecked',
        'warning',
        'neither a fingerprint nor a secret vouches for this keystore; name one with --identity or --secret-file',
      );
    }
    if (found === undefined) return reader;
    try {
      const secret = parseSecret(found.text, found.source);
      const expected = this.#isForeign ? identity : reader.isTrusted ? reader.fingerprint : identity;
      const keystore = await Keystore.open(this.#options, secret, author, expected);
      this.#slot = keystore.slot;
      const { master, masterDigest } = keystore.reader;
      this.#note('master', { revision: master.revision, sha256: masterDigest });
      return keystore.reader;
    } catch (error) {
      // The user's own secret may be that of another keystore.
      const isWrong = error instanceof JwksError && error.code === 'secret';
      this.#hold('master', error, isWrong && !this.#mustOpen ? 'warning' : 'error');
      return reader;
    }
  }

  async #readAll(reader: Reader): Promise<Manifest[]> {
    const faults: (readonly [DocumentName, JwksError])[] = [];
    const manifests = await reader
      .readManifests((name, error) => void faults.push([name, error]))
      .catch((error: unknown) => {
        // The sets cannot be listed.
        this.#hold(undefined, error);
        return [];
      });
    for (const [name, error] of faults)
      this.#hold(name, (await damageOf(reader, this.#slot, name, error)) ?? error);
    return manifests;
  }

  async #openOne(reader: Reader, { set }: Manifest): Promise<void> {
    const name = documentOf(set);
    try {
      const read = await reader.readForChange(set);
      if (read === undefined) return;
      const { document, sha256 } = read;
      const kid = String(headerOf(document.sealed)?.kid);
      this.#sealedUnder.set(kid, [...(this.#sealedUnder.get(kid) ?? []), set]);
      if (this.#slot === undefined) return;
      const { faults, proved, isGood } = await inspectKeys(name, document, this.#slot.unlocked.masterKeys);
      this.#faults.push(...faults);
      this.#proved += proved;
      if (isGood) this.#note(name, { revision: document.manifest.revision, sha256 });
    } catch (error) {
      this.#hold(name, error);
    }
  }

  async #compareMaster(reader: Reader, manifests: readonly Manifest[]): Promise<void> {
    try {
      await reader.reloadMaster();
    } catch (error) {
      this.#hold('master', error);
    }
    const { revision } = reader.master;
    for (const { set, master } of manifests) {
      if (master <= revision) continue;
      this.#fault(
        documentOf(set),
        'master-behind',
        'error',
        `set "${set}" was written under revision ${master} of the master document, and revision ${revision} is here; put back the newer one`,
      );
    }
  }

  #findUnfinished(): void {
    const left = describeUnfinished(this.#sealedUnder, this.#slot?.unlocked);
    if (left === undefined) return;
    const message = `${left}: a rekey was not finished; jwks rekey finishes it`;
    this.#fault('master', 'rekey-unfinished', 'warning', message);
  }

  #note(name: DocumentName, document: SeenDocument): void {
    if (!this.#isForeign) this.#opened.set(name, document);
  }

  #fault(name: DocumentName | undefined, code: string, severity: 'error' | 'warning', message: string): void {
    this.#faults.push({ name, code, severity, message });
  }

  #hold(name: DocumentName | undefined, error: unknown, severity: 'error' | 'warning' = 'error'): void {
    if (!(error instanceof JwksError)) throw error;
    if (name === 'master' && error.code === 'not-found') {
      const what = 'there is no master document, and without it no secret opens anything';
      this.#fault(name, 'no-master', severity, `${what}; put it back from a backup`);
      return;
    }
    const message = wordsOf(error);
    if (this.#faults.some((fault) => fault.message === message)) return;
    this.#fault(name, error.code, severity, message);
  }
}
