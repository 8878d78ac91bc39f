// A hint whether a document in files has changed, from one system call.
import type { FileSystem } from './file-system.ts';

/**
 * A new revision is a new name, so that the times of the document's directory move. Those of a network file system
 * may be a cached copy, and a file that is edited in place moves nothing here.
 */
export function stampOf(fs: FileSystem, directory: string): string | undefined {
  try {
    const stats = fs.lstat(directory);
    if (stats?.isDirectory() !== true) return undefined;
    const { mtimeMs, ctimeMs, ino } = stats;
    // Mostly they are the same, and to write out such a number takes half as long as the system call.
    return `${mtimeMs} ${ctimeMs === mtimeMs ? '' : ctimeMs} ${ino}`;
  } catch {
    // Whoever reads it hears what is wrong.
    return undefined;
  }
}
