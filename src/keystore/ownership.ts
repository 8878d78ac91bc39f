// Whose files we rely on: nobody but their user and root may be able to change them.
import type { Stats } from 'node:fs';
import { JwksError, shellWord } from '../errors.ts';

/** `uid` of the effective user; `undefined` where the system has no such thing, and then nothing is checked. */
export function refuseForeign(path: string, stats: Stats, uid: number | undefined, what: string): void {
  if (uid === undefined) return;
  if (stats.uid !== uid && stats.uid !== 0) {
    throw new JwksError(
      'untrusted-file',
      `${what} ${path} belongs to user ${stats.uid}, and this is user ${uid}`,
      {
        hint: 'run jwks as its owner, or give it to this user with chown',
      },
    );
  }
  if ((stats.mode & 0o002) !== 0) {
    throw new JwksError(
      'untrusted-file',
      `${what} ${path} can be written by everybody (owner: user ${stats.uid})`,
      {
        hint: `chmod o-w ${shellWord(path)}`,
      },
    );
  }
}
