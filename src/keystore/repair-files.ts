// Mends files: only what cannot lose a key, and each looked at again right before.
import { join } from 'node:path';
import type { Instant } from '../lifecycle/time.ts';
import type { Repair } from './file-fault.ts';
import type { FileSystem } from './file-system.ts';
import { longestTemporary } from './inspect-files.ts';
import { syncDirectory } from './new-file.ts';
import { digestOf } from './set-document.ts';

/** Returns in words what was done; nothing where there was nothing to do any more. System errors are thrown. */
export function repairFile(
  fs: FileSystem,
  directory: string,
  repair: Repair,
  now: Instant,
  uid: number | undefined,
): string[] {
  switch (repair.kind) {
    case 'remove': {
      const stats = fs.lstat(repair.path);
      if (stats?.isFile() !== true || now - stats.mtimeMs / 1000 <= longestTemporary) return [];
      fs.unlink(repair.path);
      return [`removed ${repair.label}`];
    }
    case 'tighten': {
      const stats = fs.lstat(repair.path);
      if (stats === undefined || stats.uid !== uid) return [];
      const mode = stats.mode & (repair.allowed | 0o7000);
      if (mode === (stats.mode & 0o7777)) return [];
      fs.chmod(repair.path, mode);
      return [`took ${repair.label} from mode ${octal(stats.mode & 0o777)} to ${octal(mode & 0o777)}`];
    }
    case 'empty':
      return emptyRevisions(fs, join(directory, repair.name), repair);
  }
}

/** From the lowest up, as a change does: whoever stops halfway leaves no full one below an empty one. */
function emptyRevisions(
  fs: FileSystem,
  place: string,
  { name, revisions, newest }: Repair & { readonly kind: 'empty' },
): string[] {
  const emptied: number[] = [];
  // What supersedes them has to be on the disk first: perhaps its writer was told that it is not.
  for (const path of [join(place, `${newest}.json`), place]) syncDirectory(fs, path);
  for (const { revision, sha256 } of revisions) {
    const path = join(place, `${revision}.json`);
    const stats = fs.lstat(path);
    // Under another name it may be somebody's backup.
    if (stats?.isFile() !== true || stats.size === 0 || stats.nlink > 1) continue;
    // What was proved superseded is what is emptied.
    if (digestOf(fs.readFile(path)) !== sha256) continue;
    fs.truncate(path);
    emptied.push(revision);
  }
  return emptied.length === 0
    ? []
    : [`emptied the superseded ${emptied.map((revision) => `${name}/${revision}.json`).join(', ')}`];
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0');
}
