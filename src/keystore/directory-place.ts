// A keystore's place in the file system.
import { join } from 'node:path';
import { describeSystemError, JwksError, shellWord, systemCode } from '../errors.ts';
import { FileStorage, isEmptyDirectory, placeOf } from './file-storage.ts';
import type { FileSystem } from './file-system.ts';
import { makeDirectory } from './new-file.ts';
import { refuseForeign } from './ownership.ts';
import type { Place } from './place.ts';
import type { Shield, Storage } from './storage.ts';

export interface DirectoryContext {
  readonly fs: FileSystem;
  readonly uid: number | undefined;
  readonly shield: Shield | undefined;
}

export class DirectoryPlace implements Place {
  readonly label: string;
  readonly directory: string;
  readonly #context: DirectoryContext;

  /** Takes an absolute path, where nothing need be yet. */
  constructor(directory: string, context: DirectoryContext) {
    this.label = directory;
    this.directory = directory;
    this.#context = context;
  }

  id(): string {
    return this.#attempt('be found', () => placeOf(this.#context.fs, this.directory));
  }

  async look(): Promise<'absent' | 'empty' | 'taken'> {
    const stats = this.#stats();
    if (stats === undefined) return 'absent';
    if (!stats.isDirectory()) return 'taken';
    const isEmpty = this.#attempt('be read', () => isEmptyDirectory(this.#context.fs, this.directory));
    return isEmpty ? 'empty' : 'taken';
  }

  async open(hint = `jwks init --keystore ${shellWord(this.directory)}`): Promise<Storage> {
    const stats = this.#stats();
    if (stats === undefined)
      throw new JwksError('not-found', `there is no keystore at ${this.directory}`, { hint });
    if (!stats.isDirectory()) throw this.#notDirectory();
    refuseForeign(this.directory, stats, this.#context.uid, 'the keystore');
    return this.#storage();
  }

  async make(): Promise<Storage> {
    if (this.#stats() === undefined && this.#attempt('be found', () => this.#isLink()))
      throw new JwksError('not-found', `${this.directory} is a symbolic link to nothing`, {
        hint: `make the directory that it leads to, or remove the link: rm ${shellWord(this.directory)}`,
      });
    this.#attempt('be made', () => makeDirectory(this.#context.fs, this.directory, { mode: 0o700 }));
    return this.open();
  }

  taken(): JwksError {
    if (this.#stats()?.isDirectory() === false) return this.#notDirectory();
    const isOurs =
      this.#attempt('be read', () => this.#context.fs.stat(join(this.directory, 'master'))) !== undefined;
    return new JwksError('conflict', `${this.directory} is not empty`, {
      hint: isOurs ? 'there is a keystore in it already' : 'a keystore needs a directory of its own',
    });
  }

  hasOthers(): boolean {
    const entries = this.#attempt('be read', () => this.#context.fs.readdir(this.directory));
    return entries.some((entry) => entry !== 'master' && entry !== 'sets');
  }

  #storage(): FileStorage {
    const { fs, shield } = this.#context;
    return new FileStorage(this.directory, { fs, shield });
  }

  #isLink(): boolean {
    return this.#context.fs.lstat(this.directory)?.isSymbolicLink() === true;
  }

  #stats(): ReturnType<FileSystem['stat']> {
    return this.#attempt('be found', () => {
      try {
        return this.#context.fs.stat(this.directory);
      } catch (error) {
        // A part of the path is a file: there is nothing behind it.
        if (systemCode(error) === 'ENOTDIR') return undefined;
        throw error;
      }
    });
  }

  #notDirectory(): JwksError {
    return new JwksError('damaged', `${this.directory} is not a directory, and so no keystore`);
  }

  /** What the file system says becomes an error of ours. */
  #attempt<T>(what: string, action: () => T): T {
    try {
      return action();
    } catch (cause) {
      if (cause instanceof JwksError) throw cause;
      const message = `the keystore ${this.directory} cannot ${what}: ${describeSystemError(cause)}`;
      throw new JwksError('failed', message, { cause });
    }
  }
}
