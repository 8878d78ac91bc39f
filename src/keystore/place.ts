// Where a keystore is, or may be made: a directory or a database.
import { resolve } from 'node:path';
import { DatabasePlace } from './database-place.ts';
import { isDatabaseUrl, type UrlContext } from './database-url.ts';
import { type DirectoryContext, DirectoryPlace } from './directory-place.ts';
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

/** A path, relative to `cwd`, or a URL. */
export function toPlace(text: string, context: UrlContext & DirectoryContext): Place {
  return isDatabaseUrl(text)
    ? new DatabasePlace(text, context)
    : new DirectoryPlace(resolve(context.cwd, text), context);
}
