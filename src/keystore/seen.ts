// What this host has seen of a keystore: its fingerprint by place, and the highest revision of each document.
//
// It notices documents that went back (an old backup, a reset git branch) or forked. Best effort: whoever can
// write here can also make it forget, and a host that never saw a keystore knows nothing. SECURITY.md says so.
import { join } from 'node:path';
import { JwksError } from '../errors.ts';
import type { FileSystem } from './file-system.ts';
import { discard, makeDirectory, writeTemporary } from './new-file.ts';
import { type SeenDocument, SeenFile } from './seen-file.ts';
import type { DocumentName } from './set-id.ts';

/** What one command has seen, to be remembered. */
interface Sighting {
  /** Where the keystore is. */
  readonly place: string;
  /** `undefined`: it is gone, and that was accepted. */
  readonly documents: ReadonlyMap<string, SeenDocument | undefined>;
  /** Its secret has opened it: the keystore at this place is this one. */
  readonly openedWithSecret: boolean;
  /** Older revisions than the highest count as the highest from now on. */
  readonly acceptRollback: boolean;
}

/** The state files of a host: one for each fingerprint, in a directory. Without one, nothing is remembered. */
export class SeenFiles {
  readonly #fs: FileSystem;
  readonly #directory: string | undefined;
  readonly #read = new Map<string, SeenFile>();

  constructor(fs: FileSystem, directory: string | undefined) {
    this.#fs = fs;
    this.#directory = directory;
  }

  /** The fingerprint that the keystore at this place had when it was last opened. */
  fingerprintAt(place: string): string | undefined {
    return this.#fingerprints().find((fingerprint) => this.#load(fingerprint).places.includes(place));
  }

  of(fingerprint: string): Seen {
    return new Seen(this, this.#load(fingerprint), (sighting) => this.#save(fingerprint, sighting));
  }

  #save(fingerprint: string, { place, documents, openedWithSecret, acceptRollback }: Sighting): void {
    try {
      const isKnown = !openedWithSecret || this.#load(fingerprint).places.includes(place);
      if (isKnown && documents.size === 0) return;
      // Read again: another process may have seen more since.
      this.#read.delete(fingerprint);
      const file = this.#load(fingerprint);
      const isNewer = ([name, document]: [string, SeenDocument | undefined]) =>
        acceptRollback || (document?.revision ?? 0) > (file.get(name)?.revision ?? 0);
      const newer = new Map([...documents].filter(isNewer));
      const isNewPlace = openedWithSecret && !file.places.includes(place);
      if (!isNewPlace && newer.size === 0) return;
      if (isNewPlace) this.#forget(place, fingerprint);
      this.#write(fingerprint, file.with(isNewPlace ? [...file.places, place] : file.places, newer));
    } catch {
      // Nowhere to remember is no error.
    }
  }

  /** A place has one keystore: whoever opened it with its secret says which. */
  #forget(place: string, except: string): void {
    for (const fingerprint of this.#fingerprints()) {
      const file = this.#load(fingerprint);
      if (fingerprint === except || !file.places.includes(place)) continue;
      const others = file.places.filter((known) => known !== place);
      this.#write(fingerprint, file.with(others, new Map()));
    }
  }

  #write(fingerprint: string, file: SeenFile): void {
    const path = this.#pathOf(fingerprint);
    if (path === undefined || this.#directory === undefined) return;
    makeDirectory(this.#fs, this.#directory, { mode: 0o700 });
    // Not synced: what a crash makes us forget, the next command sees again.
    const ownership = { mode: 0o600, isSynced: false };
    const temporary = writeTemporary(this.#fs, this.#directory, Buffer.from(file.toString()), ownership);
    try {
      this.#fs.rename(temporary, path);
    } catch (error) {
      discard(this.#fs, temporary);
      throw error;
    }
    this.#read.set(fingerprint, file);
  }

  #fingerprints(): string[] {
    if (this.#directory === undefined) return [];
    try {
      return this.#fs
        .readdir(this.#directory)
        .filter(isStateFile)
        .map((name) => name.slice(0, -'.json'.length));
    } catch {
      return [];
    }
  }

  #load(fingerprint: string): SeenFile {
    const known = this.#read.get(fingerprint);
    if (known !== undefined) return known;
    const file = SeenFile.parse(this.#textOf(fingerprint));
    this.#read.set(fingerprint, file);
    return file;
  }

  #textOf(fingerprint: string): string {
    const path = this.#pathOf(fingerprint);
    try {
      return path === undefined ? '' : this.#fs.readFile(path).toString();
    } catch {
      return '';
    }
  }

  #pathOf(fingerprint: string): string | undefined {
    return this.#directory === undefined ? undefined : join(this.#directory, `${fingerprint}.json`);
  }
}

/** Whether a name in the state directory is that of a file of ours. */
export function isStateFile(name: string): boolean {
  return /^[\w-]{43}\.json$/.test(name);
}

/** What was seen of the keystore with one fingerprint. */
export class Seen {
  readonly #files: SeenFiles;
  readonly #file: SeenFile;
  readonly #fresh = new Map<string, SeenDocument | undefined>();
  /** What was fresh and has been saved since the file was read. */
  readonly #saved = new Map<string, SeenDocument | undefined>();
  readonly #save: (sighting: Sighting) => void;

  constructor(files: SeenFiles, file: SeenFile, save: (sighting: Sighting) => void) {
    this.#files = files;
    this.#file = file;
    this.#save = save;
  }

  /** Exit 6 where a document is older than what was seen, or not what it was, or does not follow from it. */
  check(name: DocumentName, now: SeenDocument, previous: string | undefined): void {
    const before = this.#before(name);
    const fault = before === undefined ? undefined : faultOf(before, now, previous);
    if (fault !== undefined) {
      throw new JwksError('rolled-back', `${name} ${fault}`, {
        hint: 'if it was restored from a backup on purpose, run once with --accept-rollback',
      });
    }
    this.accept(name, now);
  }

  accept(name: DocumentName, now: SeenDocument): void {
    const before = this.#before(name);
    if (before?.revision !== now.revision || before.sha256 !== now.sha256) this.#fresh.set(name, now);
  }

  /** Exit 6 where a document that was seen is not there any more: names are never removed. */
  checkAbsent(name: DocumentName): void {
    const before = this.#before(name);
    if (before === undefined) return;
    throw new JwksError(
      'rolled-back',
      `${name} is gone, and this host has seen revision ${before.revision} of it`,
      {
        hint: 'if it was removed or an older keystore restored on purpose, run once with --accept-rollback',
      },
    );
  }

  acceptAbsent(name: DocumentName): void {
    if (this.#before(name) !== undefined) this.#fresh.set(name, undefined);
  }

  /** The same keystore after its identity has given way to this one: what was seen of it goes on to count. */
  under(fingerprint: string): Seen {
    const next = this.#files.of(fingerprint);
    for (const name of ['master', ...this.names()] as const) {
      const document = this.#before(name);
      const isNewer = (document?.revision ?? 0) > (next.#before(name)?.revision ?? 0);
      if (document !== undefined && isNewer) next.accept(name, document);
    }
    return next;
  }

  /** The sets that were seen. */
  names(): DocumentName[] {
    const names = new Set([...this.#file.names(), ...this.#saved.keys(), ...this.#fresh.keys()]);
    return [...names].filter(
      (name): name is DocumentName =>
        name.startsWith('sets/') && this.#before(name as DocumentName) !== undefined,
    );
  }

  save(how: Omit<Sighting, 'documents'>): void {
    this.#save({ ...how, documents: this.#fresh });
    for (const [name, document] of this.#fresh) this.#saved.set(name, document);
    this.#fresh.clear();
  }

  #before(name: DocumentName): SeenDocument | undefined {
    const since = [this.#fresh, this.#saved].find((map) => map.has(name));
    return since === undefined ? this.#file.get(name) : since.get(name);
  }
}

function faultOf(before: SeenDocument, now: SeenDocument, previous: string | undefined): string | undefined {
  if (now.revision < before.revision) {
    return `went back: it is revision ${now.revision}, and this host has seen revision ${before.revision}`;
  }
  if (now.revision === before.revision && now.sha256 !== before.sha256) {
    return `is not the revision ${now.revision} that this host has seen: its history was forked or it was changed`;
  }
  if (now.revision === before.revision + 1 && previous !== before.sha256) {
    return `does not follow from the revision ${before.revision} that this host has seen: its history was forked`;
  }
  return undefined;
}
