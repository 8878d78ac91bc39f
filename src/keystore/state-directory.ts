// The directory in which a host keeps what it has seen, one file for each id. Without one there is nothing in it.
import { join } from 'node:path';
import type { FileSystem } from './file-system.ts';
import { discard, makeDirectory, writeTemporary } from './new-file.ts';
import { isStateFile } from './seen-file.ts';

export class StateDirectory {
  readonly #fs: FileSystem;
  readonly #path: string | undefined;

  constructor(fs: FileSystem, path: string | undefined) {
    this.#fs = fs;
    this.#path = path;
  }

  ids(): string[] {
    if (this.#path === undefined) return [];
    try {
      const names = this.#fs.readdir(this.#path).filter(isStateFile);
      return names.map((name) => name.slice(0, -'.json'.length));
    } catch {
      return [];
    }
  }

  /** Empty where there is none, or it cannot be read. */
  read(id: string): string {
    try {
      return this.#path === undefined ? '' : this.#fs.readFile(join(this.#path, `${id}.json`)).toString();
    } catch {
      return '';
    }
  }

  /** False: there is nowhere to write to. */
  write(id: string, text: string): boolean {
    if (this.#path === undefined) return false;
    makeDirectory(this.#fs, this.#path, { mode: 0o700 });
    // Not synced: what a crash makes us forget, the next command sees again.
    const ownership = { mode: 0o600, isSynced: false };
    const temporary = writeTemporary(this.#fs, this.#path, Buffer.from(text), ownership);
    try {
      this.#fs.rename(temporary, join(this.#path, `${id}.json`));
    } catch (error) {
      discard(this.#fs, temporary);
      throw error;
    }
    return true;
  }

  remove(id: string): void {
    if (this.#path !== undefined) discard(this.#fs, join(this.#path, `${id}.json`));
  }
}
