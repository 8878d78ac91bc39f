// A keystore as a directory: one atomic step a change, without locks.
//
// Names 1.json, 2.json, ... are dense, only link(2) makes one and none is ever removed, so no revision can be made
// twice. What is superseded is emptied afterwards. Whoever is stopped or killed anywhere blocks nobody and leaves
// at most a temporary file.
import { basename, dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { JwksError, systemCode } from '../errors.ts';
import { inDoubt, mayHaveLinked, noLinks, toStorageError, unlessMissing } from './file-faults.ts';
import { stampOf } from './file-stamp.ts';
import { type FileSystem, realFileSystem } from './file-system.ts';
import { inBatches } from './in-batches.ts';
import {
  discard,
  hasNoHardLinks,
  makeDirectory,
  type Ownership,
  syncDirectory,
  writeTemporary,
} from './new-file.ts';
import { highest, makeNames, revisionPath, settle } from './revision-names.ts';
import { saysToFollow } from './said-previous.ts';
import { type DocumentName, isSetDocument } from './set-id.ts';
import type { Outcome, Shield, Storage, StoredDocument } from './storage.ts';

const mostStarts = 20;
/** So many stamps are taken before others get their turn: a few milliseconds. */
const stampsAtOnce = 1_000;

export interface FileStorageOptions {
  readonly fs?: FileSystem;
  readonly shield?: Shield | undefined;
}

export class FileStorage implements Storage {
  readonly place: string;
  readonly label: string;
  readonly #directory: string;
  readonly #fs: FileSystem;
  readonly #shield: Shield | undefined;
  readonly #group: { readonly gid: number; readonly bits: number } | undefined;

  /** Takes a directory that exists. Documents follow its group, where it was given group bits. */
  constructor(directory: string, options: FileStorageOptions = {}) {
    this.#directory = directory;
    this.#fs = options.fs ?? realFileSystem;
    this.#shield = options.shield;
    this.place = this.#attempt('be found', () => placeOf(this.#fs, directory));
    this.label = this.place;
    const made = this.#attempt('be read', () => this.#fs.stat(directory));
    const bits = (made?.mode ?? 0) & 0o070;
    this.#group = made !== undefined && bits !== 0 ? { gid: made.gid, bits } : undefined;
  }

  async list(): Promise<DocumentName[]> {
    const sets = join(this.#directory, 'sets');
    const names = this.#attempt('be read', () => unlessMissing(() => this.#fs.subdirectories(sets), []));
    // What no set id is written as is nobody's set, such as a copy by hand: doctor tells of it.
    return names.map((name): DocumentName => `sets/${name}`).filter(isSetDocument);
  }

  async read(name: DocumentName): Promise<StoredDocument | undefined> {
    return this.#attempt('be read', () => {
      const revision = highest(this.#names(this.#pathOf(name)));
      return revision === 0 ? undefined : { revision, bytes: this.#bytesOf(name, revision) };
    });
  }

  async stamps(names: readonly DocumentName[]): Promise<Map<DocumentName, string>> {
    const stamps = new Map<DocumentName, string>();
    await inBatches(names, stampsAtOnce, (name) => {
      const stamp = stampOf(this.#fs, `${this.#directory}/${name}`);
      if (stamp !== undefined) stamps.set(name, stamp);
    });
    return stamps;
  }

  async reserve(name: DocumentName): Promise<void> {
    this.#attempt('be written', () => this.#makePlace(name));
  }

  async replace(name: DocumentName, from: number, bytes: Uint8Array): Promise<Outcome> {
    for (let starts = 1; ; starts++) {
      const linked = this.#attempt('be written', () => this.#link(name, from, bytes));
      if (linked === 'conflict') return 'conflict';
      if (linked === 'linked') break;
      if (starts === mostStarts)
        throw new JwksError('failed', `the keystore ${this.#directory} cannot be written`);
      await pause(10);
    }
    // From here on the revision exists: nothing may be tried again.
    try {
      const place = this.#pathOf(name);
      syncDirectory(this.#fs, place);
      // Who made the place may have died before it was durable.
      if (from === 0) for (const above of [dirname(place), this.#directory]) syncDirectory(this.#fs, above);
    } catch {
      return 'unknown';
    }
    this.#emptySuperseded(name, from, bytes);
    return 'committed';
  }

  async seed(name: DocumentName, from: number, revision: number, bytes: Uint8Array): Promise<Outcome> {
    const place = this.#pathOf(name);
    const there = await this.read(name);
    // One that was stopped may not have made it durable, or not have emptied what is below the names that it made.
    if (there?.revision !== revision || !Buffer.from(bytes).equals(there.bytes)) {
      const make = () => makeNames(this.#fs, this.#makePlace(name), from, revision, this.#ownership(0o600));
      if (!this.#attempt('be written', make)) return 'conflict';
      const outcome = await this.replace(name, revision - 1, bytes);
      if (outcome !== 'committed') return outcome;
    }
    return settle(this.#fs, [place, dirname(place), this.#directory], revision, bytes)
      ? 'committed'
      : 'unknown';
  }

  #link(name: DocumentName, from: number, bytes: Uint8Array): 'linked' | 'conflict' | 'again' {
    const directory = this.#makePlace(name);
    const temporary = writeTemporary(this.#fs, directory, bytes, this.#ownership(0o600));
    try {
      this.#shield?.raise();
      this.#fs.link(temporary, this.#revisionPath(name, from + 1));
      return 'linked';
    } catch (error) {
      const code = systemCode(error);
      // Over NFS the reply to a link that was made can be lost: two links mean that it was ours.
      const links = this.#linksOf(temporary);
      if (links === 2) return 'linked';
      // Perhaps it was made, so a signal still waits until that is said.
      if (links === undefined && mayHaveLinked(error)) throw inDoubt(this.#directory, name, error);
      this.#shield?.lower();
      if (code === 'EEXIST') return 'conflict';
      if (code === 'ENOENT') return 'again';
      if (hasNoHardLinks(error)) throw noLinks(this.#directory, error);
      throw error;
    } finally {
      discard(this.#fs, temporary);
    }
  }

  #makePlace(name: DocumentName): string {
    const directory = this.#pathOf(name);
    // A disk that is not mounted any more: what was made now would lie below its mount point.
    if (this.#fs.stat(this.#directory) === undefined)
      throw new JwksError('not-found', `there is no keystore at ${this.#directory}`);
    // The keystore itself may be named by a link, which its owner made; what is in it may not.
    for (const path of [dirname(directory), directory].filter((one) => one !== this.#directory)) {
      makeDirectory(this.#fs, path, this.#ownership(0o700));
      // Through a link somebody who can write here could make us write anywhere.
      if (this.#fs.lstat(path)?.isDirectory() !== true)
        throw new JwksError('damaged', `${path} is not a directory of its own`);
    }
    return directory;
  }

  /** Empties r and what is below it, down to the first that is empty already, once r+1 is seen to stand. */
  #emptySuperseded(name: DocumentName, from: number, bytes: Uint8Array): void {
    let lowest = from + 1;
    try {
      // A full disk once left a short file beside one that had been emptied: what is read back decides.
      if (!this.#bytesOf(name, from + 1).equals(bytes)) return;
      const isFree = () => lowest > from || !this.#isForked(name, lowest);
      while (lowest > 1 && this.#isFull(name, lowest - 1) && isFree()) lowest--;
    } catch {
      return;
    }
    // From the lowest up: whoever stops halfway leaves no full one below an empty one, where nobody looks again.
    for (let revision = lowest; revision <= from; revision++) {
      try {
        this.#fs.truncate(this.#revisionPath(name, revision));
      } catch (error) {
        // The change is done and durable; the next one empties what this one could not. What is no file of ours is
        // passed over.
        if (!['ELOOP', 'EISDIR', 'ENOTFILE'].includes(systemCode(error) ?? '')) return;
      }
    }
  }

  #isFull(name: DocumentName, revision: number): boolean {
    return (this.#fs.lstat(this.#revisionPath(name, revision))?.size ?? 0) > 0;
  }

  /** It says to follow from another than the one below, which may hold the only keys of its history. */
  #isForked(name: DocumentName, revision: number): boolean {
    const [path, below] = [this.#revisionPath(name, revision), this.#revisionPath(name, revision - 1)];
    // What is no file of ours says nothing.
    if ([path, below].some((one) => this.#fs.lstat(one)?.isFile() !== true)) return false;
    return saysToFollow(this.#fs.readFile(path), this.#fs.readFile(below)) === false;
  }

  #bytesOf(name: DocumentName, revision: number): Buffer {
    return unlessMissing(() => this.#fs.readFile(this.#revisionPath(name, revision)), Buffer.alloc(0));
  }

  #linksOf(path: string): number | undefined {
    try {
      return this.#fs.lstat(path)?.nlink;
    } catch {
      return undefined;
    }
  }

  #names(path: string): string[] {
    return unlessMissing(() => this.#fs.readdir(path), []);
  }

  #ownership(mode: number): Ownership {
    if (this.#group === undefined) return { mode };
    const bits = mode === 0o600 ? this.#group.bits & 0o060 : this.#group.bits;
    return { mode: mode | bits, gid: this.#group.gid };
  }

  #pathOf(name: DocumentName): string {
    return join(this.#directory, name);
  }

  #revisionPath(name: DocumentName, revision: number): string {
    return revisionPath(this.#pathOf(name), revision);
  }

  #attempt<T>(what: string, action: () => T): T {
    try {
      return action();
    } catch (error) {
      throw toStorageError(error, this.#directory, what);
    }
  }
}

/** How a host knows a keystore's place again: its real path, also where nothing is there any more. */
export function placeOf(fs: FileSystem, directory: string): string {
  try {
    return fs.realpath(directory);
  } catch (error) {
    const parent = dirname(directory);
    if (systemCode(error) !== 'ENOENT' || parent === directory) throw error;
    return join(placeOf(fs, parent), basename(directory));
  }
}

/** Whether a directory holds nothing but what an `init` that was stopped leaves behind. */
export function isEmptyDirectory(fs: FileSystem, directory: string): boolean {
  return fs.readdir(directory).every((entry) => {
    if (entry !== 'master' && entry !== 'sets') return false;
    const path = join(directory, entry);
    return fs.stat(path)?.isDirectory() === true && fs.readdir(path).every((name) => name.startsWith('.'));
  });
}
