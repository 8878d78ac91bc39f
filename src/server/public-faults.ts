// Why a server is not ready, as anybody may hear it: not where the keystore is, nor as whom it is read.
import type { ErrorCode } from '../errors.ts';
import { describeConflict } from '../operations/export-jwks.ts';
import type { FollowedFault } from '../operations/follow-sets.ts';

const words: Readonly<Partial<Record<ErrorCode, string>>> = {
  'not-found': 'is not there',
  damaged: 'is damaged',
  'rolled-back': 'went back to an older state',
  identity: 'is signed by another identity',
  'newer-format': 'was written by a newer version of jwks',
};

/** In words of its own, since those of an error name paths, hosts, roles and databases. */
export function describePublicly(
  faults: readonly FollowedFault[],
  conflicts: readonly string[],
): readonly string[] {
  const reasons = faults.map(({ set, error }) => {
    const what = set === undefined ? 'the keystore' : `set "${set}"`;
    return `${what} ${words[error.code] ?? 'cannot be read'}`;
  });
  return [...reasons, ...conflicts.map(describeConflict)];
}
