// What this host has seen of a keystore: its fingerprint by place, and the highest revision of each document.
//
// It notices documents that went back (an old backup, a reset git branch) or forked. Best effort: whoever can
// write here can also make it forget, and a host that never saw a keystore knows nothing. SECURITY.md says so.
import { join } from 'node:path';
import { JwksError } from '../errors.ts';
import type { FileSystem } from './file-system.ts';
import { discard, makeDirectory, writeTemporary } from './new-file.ts';
import type { DocumentName } from './set-id.ts';

export interface SeenDocument {
  readonly revision: number;
  /** Base64url of SHA-256 over the whole file. */
  readonly sha256: string;
}

interface SeenFile {
  readonly places: string[];
  readonly documents: Record<string, SeenDocument>;
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
    return new Seen(this.#load(fingerprint).documents, (place, documents, moved) => {
      this.#save(fingerprint, place, documents, moved);
    });
  }

  #save(
    fingerprint: string,
    place: string,
    seen: Map<string, SeenDocument>,
    openedWithSecret: boolean,
  ): void {
    const path = this.#pathOf(fingerprint);
    if (path === undefined) return;
    try {
      this.#read.delete(fingerprint);
      const { places, documents } = this.#load(fingerprint);
      const isKnown = places.includes(place);
      if (isKnown && seen.size === 0) return;
      for (const [name, entry] of seen) documents[name] = entry;
      const kept = openedWithSecret && !isKnown ? [...places, place] : places;
      if (openedWithSecret && !isKnown) this.#forget(place, fingerprint);
      if (kept.length > 0) this.#write(fingerprint, { places: kept, documents });
    } catch {
      // Nowhere to remember is no error.
    }
  }

  /** A place has one keystore: whoever opened it with its secret says which. */
  #forget(place: string, except: string): void {
    for (const fingerprint of this.#fingerprints()) {
      const { places, documents } = this.#load(fingerprint);
      if (fingerprint === except || !places.includes(place)) continue;
      this.#write(fingerprint, { places: places.filter((known) => known !== place), documents });
    }
  }

  #write(fingerprint: string, content: SeenFile): void {
    const path = this.#pathOf(fingerprint);
    if (path === undefined || this.#directory === undefined) return;
    makeDirectory(this.#fs, this.#directory, { mode: 0o700 });
    const temporary = writeTemporary(this.#fs, this.#directory, Buffer.from(`${JSON.stringify(content)}\n`), {
      mode: 0o600,
    });
    try {
      this.#fs.rename(temporary, path);
    } catch (error) {
      discard(this.#fs, temporary);
      throw error;
    }
    this.#read.set(fingerprint, content);
  }

  #fingerprints(): string[] {
    if (this.#directory === undefined) return [];
    try {
      return this.#fs
        .readdir(this.#directory)
        .filter((name) => /^[\w-]{43}\.json$/.test(name))
        .map((name) => name.slice(0, -'.json'.length));
    } catch {
      return [];
    }
  }

  #load(fingerprint: string): SeenFile {
    const known = this.#read.get(fingerprint);
    if (known !== undefined) return known;
    const read = this.#parse(this.#pathOf(fingerprint));
    this.#read.set(fingerprint, read);
    return read;
  }

  #parse(path: string | undefined): SeenFile {
    try {
      if (path === undefined) throw new Error('nowhere');
      const { places, documents } = JSON.parse(this.#fs.readFile(path).toString()) as Partial<SeenFile>;
      const isSound = Array.isArray(places) && typeof documents === 'object' && documents !== null;
      if (isSound) return { places, documents };
    } catch {
      // What cannot be read was not seen.
    }
    return { places: [], documents: {} };
  }

  #pathOf(fingerprint: string): string | undefined {
    return this.#directory === undefined ? undefined : join(this.#directory, `${fingerprint}.json`);
  }
}

/** What was seen of the keystore with one fingerprint. */
export class Seen {
  readonly #documents: Readonly<Record<string, SeenDocument>>;
  readonly #fresh = new Map<string, SeenDocument>();
  readonly #save: (place: string, documents: Map<string, SeenDocument>, openedWithSecret: boolean) => void;

  constructor(
    documents: Readonly<Record<string, SeenDocument>>,
    save: (place: string, documents: Map<string, SeenDocument>, openedWithSecret: boolean) => void,
  ) {
    this.#documents = documents;
    this.#save = save;
  }

  /** Exit 6 where a document is older than what was seen, or not what it was, or does not follow from it. */
  check(name: DocumentName, now: SeenDocument, previous: string | undefined): void {
    const before =
      this.#fresh.get(name) ?? (Object.hasOwn(this.#documents, name) ? this.#documents[name] : undefined);
    const fault = before === undefined ? undefined : faultOf(before, now, previous);
    if (fault !== undefined) {
      throw new JwksError('rolled-back', `${name} ${fault}`, {
        hint: 'if it was restored from a backup on purpose, run once with --accept-rollback',
      });
    }
    this.accept(name, now);
  }

  accept(name: DocumentName, now: SeenDocument): void {
    const before = this.#fresh.get(name) ?? this.#documents[name];
    if (before?.revision !== now.revision || before.sha256 !== now.sha256) this.#fresh.set(name, now);
  }

  /** Remembers. `openedWithSecret`: and that the keystore at this place is this one. */
  save(place: string, openedWithSecret: boolean): void {
    this.#save(place, this.#fresh, openedWithSecret);
    this.#fresh.clear();
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
