// What this host has seen of a keystore: its fingerprint by place, and the highest revision of each document.
//
// It notices documents that went back (an old backup, a reset git branch) or forked. All places of a keystore share one
// memory, so that a copy of it by hand is known for what it is; what `restore --into` put elsewhere on purpose has its
// own, in a second file: an old state there must not count here, nor a later one lock this. Best effort: whoever can
// write here can also make it forget, and a host that never saw a keystore knows nothing. SECURITY.md says so.
import { JwksError } from '../errors.ts';
import type { FileSystem } from './file-system.ts';
import { apartId, faultBetween, fingerprintOf, isApart, type SeenDocument, SeenFile } from './seen-file.ts';
import type { DocumentName } from './set-id.ts';
import { StateDirectory } from './state-directory.ts';

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

/** The state files of a host, in a directory: `<fingerprint>[.<place>].json`. Without one, nothing is remembered. */
export class SeenFiles {
  readonly #directory: StateDirectory;
  readonly #read = new Map<string, SeenFile>();

  constructor(fs: FileSystem, directory: string | undefined) {
    this.#directory = new StateDirectory(fs, directory);
  }

  /** The fingerprint that the keystore at this place had when it was last opened. */
  fingerprintAt(place: string): string | undefined {
    const id = this.#directory.ids().find((one) => this.#load(one).places.includes(place));
    return id && fingerprintOf(id);
  }

  /** Whether the keystore has been seen at this place, or at none. */
  knows(fingerprint: string, place: string): boolean {
    const { places } = this.#load(fingerprint);
    return places.length === 0 || places.includes(place) || this.isApart(fingerprint, place);
  }

  /** Whether this place has a memory of its own. */
  isApart(fingerprint: string, place: string): boolean {
    return this.#load(apartId(fingerprint, place)).places.includes(place);
  }

  /** What counts at a place. */
  of(fingerprint: string, place?: string): Seen {
    const isOwn = place !== undefined && this.isApart(fingerprint, place);
    return this.#seen(isOwn ? apartId(fingerprint, place) : fingerprint, place);
  }

  /** As `of`; a place that is not known has a memory of its own, where others of this keystore are. */
  apart(fingerprint: string, place: string): Seen {
    if (this.knows(fingerprint, place)) return this.of(fingerprint, place);
    return this.#seen(apartId(fingerprint, place), place);
  }

  #seen(id: string, place: string | undefined): Seen {
    return new Seen(this, this.#load(id), place, (sighting) => this.#save(id, sighting));
  }

  #save(id: string, { place, documents, openedWithSecret, acceptRollback }: Sighting): void {
    try {
      const isKnown = !openedWithSecret || this.#load(id).places.includes(place);
      if (isKnown && documents.size === 0) return;
      // Read again: another process may have seen more since.
      this.#read.delete(id);
      const file = this.#load(id);
      const isNewer = ([name, document]: [string, SeenDocument | undefined]) =>
        acceptRollback || (document?.revision ?? 0) > (file.get(name)?.revision ?? 0);
      const newer = new Map([...documents].filter(isNewer));
      const isNewPlace = openedWithSecret && !file.places.includes(place);
      if (!isNewPlace && newer.size === 0) return;
      if (isNewPlace) this.#forget(place, id);
      this.#write(id, file.with(isNewPlace ? [...file.places, place] : file.places, newer));
    } catch {
      // Nowhere to remember is no error.
    }
  }

  /** A place has one keystore: whoever opened it with its secret says which. */
  #forget(place: string, except: string): void {
    for (const id of this.#directory.ids()) {
      const file = this.#load(id);
      if (id === except || !file.places.includes(place)) continue;
      const others = file.places.filter((known) => known !== place);
      if (others.length > 0 || !isApart(id)) this.#write(id, file.with(others, new Map()));
      else this.#remove(id);
    }
  }

  /** It is no past of what may come to its place later. */
  #remove(id: string): void {
    this.#directory.remove(id);
    this.#read.delete(id);
  }

  #write(id: string, file: SeenFile): void {
    if (this.#directory.write(id, file.toString())) this.#read.set(id, file);
  }

  #load(id: string): SeenFile {
    const known = this.#read.get(id);
    if (known !== undefined) return known;
    const file = SeenFile.parse(this.#directory.read(id));
    this.#read.set(id, file);
    return file;
  }
}

/** What was seen of the keystore with one fingerprint. */
export class Seen {
  readonly #files: SeenFiles;
  /** With what has been saved since it was read. */
  #file: SeenFile;
  readonly #place: string | undefined;
  readonly #fresh = new Map<string, SeenDocument | undefined>();
  readonly #save: (sighting: Sighting) => void;

  constructor(
    files: SeenFiles,
    file: SeenFile,
    place: string | undefined,
    save: (sighting: Sighting) => void,
  ) {
    this.#files = files;
    this.#file = file;
    this.#place = place;
    this.#save = save;
  }

  /** Exit 6 where a document is older than what was seen, or not what it was, or does not follow from it. */
  check(name: DocumentName, now: SeenDocument, previous: string | undefined): void {
    const fault = this.faultOf(name, now, previous);
    if (fault !== undefined) {
      throw new JwksError('rolled-back', `${name} ${fault}`, {
        hint: 'if it was restored from a backup on purpose, run once with --accept-rollback',
      });
    }
    this.accept(name, now);
  }

  /** How it went back or forked, in words that go on from its name. */
  faultOf(name: DocumentName, now: SeenDocument, previous: string | undefined): string | undefined {
    const before = this.get(name);
    return before === undefined ? undefined : faultBetween(before, now, previous);
  }

  accept(name: DocumentName, now: SeenDocument): void {
    const before = this.get(name);
    if (before?.revision !== now.revision || before.sha256 !== now.sha256) this.#fresh.set(name, now);
  }

  /** Exit 6 where a document that was seen is not there any more: names are never removed. */
  checkAbsent(name: DocumentName): void {
    const before = this.get(name);
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
    if (this.get(name) !== undefined) this.#fresh.set(name, undefined);
  }

  /** The same keystore after its identity has given way to this one: what was seen of it goes on to count. */
  under(fingerprint: string): Seen {
    const next = this.#files.of(fingerprint, this.#place);
    for (const name of ['master', ...this.names()] as const) {
      const document = this.get(name);
      const isNewer = (document?.revision ?? 0) > (next.get(name)?.revision ?? 0);
      if (document !== undefined && isNewer) next.accept(name, document);
    }
    return next;
  }

  /** The sets that were seen. */
  names(): DocumentName[] {
    const names = new Set(this.#file.names());
    for (const [name, document] of this.#fresh) {
      if (document === undefined) names.delete(name);
      else names.add(name);
    }
    return [...names].filter((name): name is DocumentName => name.startsWith('sets/'));
  }

  save(how: Omit<Sighting, 'documents'>): void {
    this.#save({ ...how, documents: this.#fresh });
    // Also where there is nowhere to save it.
    if (this.#fresh.size > 0) this.#file = this.#file.with(this.#file.places, this.#fresh);
    this.#fresh.clear();
  }

  /** The highest revision of it that was seen. */
  get(name: DocumentName): SeenDocument | undefined {
    return this.#fresh.has(name) ? this.#fresh.get(name) : this.#file.get(name);
  }
}
