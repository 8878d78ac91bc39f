// Looks at a keystore's directory from outside.
import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { FileStorage } from '../../src/keystore/file-storage.ts';
import type { DocumentName } from '../../src/keystore/set-id.ts';
import { temporaryDirectory } from './temporary.ts';

/** Every path below a directory, directories end with a slash; sorted. */
export function pathsBelow(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .map((entry) => {
      const path = join(entry.parentPath, entry.name).slice(directory.length + 1);
      return entry.isDirectory() ? `${path}/` : path;
    })
    .sort();
}

/** Octal modes by path. */
export function modesBelow(directory: string): Record<string, string> {
  return Object.fromEntries(pathsBelow(directory).map((path) => [path, modeOf(join(directory, path))]));
}

export function modeOf(path: string): string {
  return (lstatSync(path).mode & 0o7777).toString(8).padStart(4, '0');
}

/** What the revisions hold, from the first to the highest, and whether they are dense. */
export function revisionsIn(directory: string): string[] {
  const numbers = readdirSync(directory)
    .map((name) => /^(\d+)\.json$/.exec(name)?.[1])
    .filter((number) => number !== undefined)
    .map(Number)
    .sort((a, b) => a - b);
  if (numbers.some((number, index) => number !== index + 1)) throw new Error('the names are not dense');
  return numbers.map((number) => readFileSync(join(directory, `${number}.json`), 'utf8'));
}

export function temporariesBelow(directory: string): string[] {
  return pathsBelow(directory).filter((path) => /(?:^|\/)\.[^/]+$/.test(path));
}

export const set: DocumentName = 'sets/auth';
export const bytesOf = (text: string) => Buffer.from(text);

/** A keystore directory whose one set has been changed so many times. */
export async function placeWith(
  revisions: number,
): Promise<{ directory: string; place: string; storage: FileStorage }> {
  const directory = temporaryDirectory();
  const storage = new FileStorage(directory);
  for (let from = 0; from < revisions; from++) await storage.replace(set, from, bytesOf(`text ${from + 1}`));
  return { directory, place: join(directory, set), storage };
}
