// Looks at a keystore's directory as a backend knows it: names, owners, modes, revisions, what does not belong there.
import type { Stats } from 'node:fs';
import { join } from 'node:path';
import { describeSystemError, systemCode } from '../errors.ts';
import type { Instant } from '../lifecycle/time.ts';
import { closedFaults, type FileFault, mergeFaults, ownershipFaults } from './file-fault.ts';
import type { FileSystem } from './file-system.ts';
import { type Revision, revisionFaults } from './inspect-revisions.ts';
import { isTemporary } from './new-file.ts';
import { revisionOf } from './revision-names.ts';
import { type DocumentName, isSetDocument } from './set-id.ts';

/** A temporary file that is older is nobody's any more. In seconds. */
export const longestTemporary = 3_600;

/** What may lie beside the documents: git's, and what a mounted file system has. */
const known = ['.git', '.gitattributes', '.gitignore', 'lost+found'];

/** Everything about the files of a keystore in a directory. */
export function inspectFiles(
  fs: FileSystem,
  directory: string,
  now: Instant,
  uid: number | undefined,
): FileFault[] {
  return new FileInspection(fs, directory, now, uid).run();
}

class FileInspection {
  readonly #fs: FileSystem;
  readonly #directory: string;
  readonly #now: Instant;
  readonly #uid: number | undefined;
  readonly #faults: FileFault[] = [];
  #group = { gid: -1, bits: 0 };

  constructor(fs: FileSystem, directory: string, now: Instant, uid: number | undefined) {
    this.#fs = fs;
    this.#directory = directory;
    this.#now = now;
    this.#uid = uid;
  }

  run(): FileFault[] {
    const stats = this.#fs.stat(this.#directory);
    if (stats === undefined) return [];
    // Documents follow the directory's group, where it was given group bits.
    this.#group = { gid: stats.gid, bits: stats.mode & 0o070 };
    this.#add(
      undefined,
      ownershipFaults({
        path: this.#directory,
        label: `the keystore ${this.#directory}`,
        stats,
        allowed: 0o700 | this.#group.bits,
        uid: this.#uid,
      }),
    );
    for (const name of this.#namesIn('')) {
      if (name === 'master') this.#place('master', name);
      else if (name === 'sets') this.#sets();
      else if (!known.includes(name)) this.#stray(undefined, name);
    }
    return mergeFaults(this.#faults);
  }

  #sets(): void {
    if (!this.#isDirectory(undefined, 'sets')) return;
    for (const name of this.#namesIn('sets')) {
      const document: DocumentName = `sets/${name}`;
      if (isSetDocument(document)) this.#place(document, document);
      else this.#stray(undefined, document);
    }
  }

  /** The revisions of a document. */
  #place(name: DocumentName, label: string): void {
    if (!this.#isDirectory(name, label)) return;
    const revisions: Revision[] = [];
    const temporaries = new Set<number>();
    for (const entry of this.#namesIn(label)) {
      const own = `${label}/${entry}`;
      const stats = this.#look(own);
      if (stats === undefined) continue;
      const revision = revisionOf(entry);
      if (revision !== undefined && stats.isFile()) revisions.push({ revision, label: own, stats });
      else if (revision !== undefined) this.#notFile(name, own, stats);
      else if (isTemporary(entry) && stats.isFile()) {
        temporaries.add(stats.ino);
        this.#temporary(name, own, stats);
      } else this.#stray(name, own);
    }
    const look = {
      stats: (own: string) => this.#look(own),
      names: () => this.#namesIn(label),
      read: (own: string) => this.#read(own),
    };
    this.#faults.push(...revisionFaults(name, revisions, look));
    for (const { label: own, stats } of revisions) {
      // The names of emptied revisions tell nothing and can be nobody's.
      if (stats.size === 0) continue;
      this.#owned(name, own, stats, 0o600);
      if (stats.nlink > 1 && !temporaries.has(stats.ino)) {
        this.#fault(
          name,
          'hard-link',
          'warning',
          `${own} has ${stats.nlink} names, so a copy made with links shares it`,
          'the next change empties it under all of them: copy a keystore with cp -a, without links',
        );
      }
    }
  }

  #temporary(name: DocumentName, label: string, stats: Stats): void {
    const isOld = this.#now - stats.mtimeMs / 1000 > longestTemporary;
    const what = `${label} is a temporary file`;
    if (!isOld) {
      this.#fault(
        name,
        'temporary-file',
        'warning',
        `${what} that is less than an hour old`,
        'perhaps somebody is writing: look again later',
      );
      return;
    }
    const path = join(this.#directory, label);
    this.#faults.push({
      ...{ name, code: 'temporary-file', severity: 'warning' },
      message: `${what} that somebody left behind more than an hour ago`,
      advice: 'jwks doctor --repair removes it',
      repairs: [{ kind: 'remove', path, label }],
    });
  }

  /** A directory of our own, with its mode. */
  #isDirectory(name: DocumentName | undefined, label: string): boolean {
    const stats = this.#look(label);
    if (stats === undefined) return false;
    if (stats.isDirectory()) {
      this.#owned(name, label, stats, 0o700);
      const path = join(this.#directory, label);
      this.#add(name, closedFaults({ path, label, stats, allowed: 0o700, uid: this.#uid }));
      return true;
    }
    // What a link leads to may be read, and is never written.
    const isWay = this.#fs.stat(join(this.#directory, label))?.isDirectory() === true;
    if (isWay || !label.includes('/')) this.#notFile(name, label, stats);
    else this.#stray(undefined, label);
    return false;
  }

  #owned(name: DocumentName | undefined, label: string, stats: Stats, mode: number): void {
    const { gid, bits } = this.#group;
    const groupBits = stats.gid !== gid ? 0 : mode === 0o600 ? bits & 0o060 : bits;
    const path = join(this.#directory, label);
    const isShared = (bits & 0o020) !== 0;
    this.#add(
      name,
      ownershipFaults({ path, label, stats, allowed: mode | groupBits, uid: this.#uid, isShared }),
    );
  }

  #notFile(name: DocumentName | undefined, label: string, stats: Stats): void {
    const [code, what] = stats.isSymbolicLink()
      ? ['symbolic-link', 'is a symbolic link, and nothing is written through one']
      : ['stray-file', 'is not what its name says'];
    this.#fault(name, code, 'error', `${label} ${what}`, 'put what it leads to in its place, or remove it');
  }

  #stray(name: DocumentName | undefined, label: string): void {
    const stats = this.#look(label);
    if (stats === undefined) return;
    const [code, what] = stats.isSymbolicLink()
      ? ['symbolic-link', 'is a symbolic link']
      : ['stray-file', 'is nothing of a keystore'];
    this.#fault(
      name,
      code,
      'warning',
      `${label} ${what}`,
      'nothing reads it: look what it is, and move it away',
    );
  }

  #namesIn(label: string): string[] {
    try {
      return this.#fs.readdir(join(this.#directory, label)).sort();
    } catch (error) {
      if (systemCode(error) !== 'ENOENT')
        this.#fault(
          undefined,
          'unreadable',
          'error',
          `${join(this.#directory, label)} cannot be read: ${describeSystemError(error)}`,
          'look at its owner and mode, and at the disk',
        );
      return [];
    }
  }

  #look(label: string): Stats | undefined {
    try {
      return this.#fs.lstat(join(this.#directory, label));
    } catch (error) {
      this.#fault(
        undefined,
        'unreadable',
        'error',
        `${join(this.#directory, label)} cannot be looked at: ${describeSystemError(error)}`,
        'look at the disk',
      );
      return undefined;
    }
  }

  /** Whoever reads documents tells what cannot be read. */
  #read(label: string): Buffer | undefined {
    try {
      return this.#fs.readFile(join(this.#directory, label));
    } catch {
      return undefined;
    }
  }

  #fault(
    name: DocumentName | undefined,
    code: string,
    severity: 'error' | 'warning',
    message: string,
    advice: string,
  ): void {
    this.#faults.push({ name, code, severity, message, advice, repairs: [] });
  }

  #add(name: DocumentName | undefined, faults: readonly FileFault[]): void {
    this.#faults.push(...faults.map((fault) => ({ ...fault, name })));
  }
}
