// What stands in a directory, so that a test can show that nothing of it changed.
import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Paths below the directory, sorted, each with its mode; files with their content too. */
export function snapshotOf(directory: string): Record<string, string> {
  return Object.fromEntries(
    filesBelow(directory).map((path) => {
      const stats = lstatSync(join(directory, path));
      const mode = (stats.mode & 0o777).toString(8);
      return [path, stats.isFile() ? `${mode} ${readFileSync(join(directory, path), 'base64url')}` : mode];
    }),
  );
}

/** Everything below a directory, directories too, as relative paths. */
export function filesBelow(directory: string): string[] {
  return readdirSync(directory, { recursive: true }).map(String).sort();
}

/** The permission bits of a file as `0640`. */
export function modeOf(path: string): string {
  return `0${(lstatSync(path).mode & 0o777).toString(8)}`;
}
