// Where a keystore is, or may be made: a directory or a database.
import { resolve } from 'node:path';
import { DatabasePlace } from './database-place.ts';
import { isDatabaseUrl, maybeUrl, misspelled, type UrlContext } from './database-url.ts';
import { type DirectoryContext, DirectoryPlace } from './directory-place.ts';
import type { FileSystem } from './file-system.ts';
import type { Storage } from './storage.ts';

export interface Place {
  /** What people and hints call it; never a password. */
  readonly label: string;
  /** Its directory, for what concerns files only. */
  readonly directory: string | undefined;
  /** How a host remembers it: a real path or a URL. Looks at no keystore. */
  id(): string;
  /** `absent`: there is no such place · `empty`: a keystore may be made there · `taken`: something is in it */
  look(): Promise<'absent' | 'empty' | 'taken'>;
  /** Its documents. One that is not there is exit 3; `hint`: what makes it. */
  open(hint?: string): Promise<Storage>;
  /** As `open`; makes the place first where it is absent. */
  make(): Promise<Storage>;
  /** What a keystore is refused with that is to be made where something is. */
  taken(): Error;
  /** Whether there is something that no keystore puts there. */
  hasOthers(): boolean;
}

/** A path, relative to `cwd`, or a URL. What may be a misspelled one is refused, since paths are shown to people. */
export function toPlace(text: string, context: UrlContext & DirectoryContext): Place {
  if (isDatabaseUrl(text)) return new DatabasePlace(text, context);
  const directory = resolve(context.cwd, text);
  if (maybeUrl(text) && !isDirectory(context.fs, directory)) throw misspelled();
  return new DirectoryPlace(directory, context);
}

function isDirectory(fs: FileSystem, path: string): boolean {
  try {
    return fs.stat(path)?.isDirectory() === true;
  } catch {
    return false;
  }
}
