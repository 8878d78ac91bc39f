// What a restore or a copy refuses because of whose keystore it is, in words.
import { JwksError, shellOperand, shellWord } from '../errors.ts';
import { SignatureChecker } from '../jose/identity.ts';
import type { KeystoreState } from '../keystore/backup.ts';
import { fingerprintsOf, parseMaster } from '../keystore/master-document.ts';
import type { Place } from '../keystore/place.ts';
import type { Reader } from '../keystore/reader.ts';
import type { SetStep } from './decide-restore.ts';
import type { Access } from './open.ts';
import type { Origin } from './origin.ts';

interface Request {
  readonly backup: KeystoreState;
  readonly source: string;
  readonly origin: Origin;
}

export function refuseMislabelled(reader: Reader, { backup, source }: Request): void {
  if (reader.fingerprint === backup.identity && reader.master.keystore === backup.keystore) return;
  throw new JwksError('damaged', `${source} is damaged: its master document is that of another keystore`);
}

export function refuseOtherKeystore(there: Reader, { label }: Place, { backup, origin }: Request): void {
  if (there.master.keystore === backup.keystore) return;
  throw new JwksError(
    'conflict',
    `another keystore is at ${label}: ${there.fingerprint}, not ${backup.identity}`,
    {
      hint: origin.isCopied
        ? 'copy it to a place of its own'
        : 'restore it into a place of its own with --into',
    },
  );
}

/** Returns who signs the master document of the backup. */
export async function refuseOtherSigner(there: Reader, { backup, source }: Request): Promise<string> {
  const { bytes, revision } = backup.master;
  const { signer } = await parseMaster(bytes, revision, new SignatureChecker());
  const accepted = [there.fingerprint, ...fingerprintsOf(there.master)];
  if (!accepted.includes(signer.fingerprint))
    throw otherIdentity(source, signer.fingerprint, there.fingerprint);
  return signer.fingerprint;
}

export function otherIdentity(source: string, found: string, expected: string): JwksError {
  return new JwksError('identity', `${source} is signed by ${found}, not by ${expected}`, {
    hint: `if that is the keystore you want: --into ${shellWord('DIR')} with --identity ${found}`,
  });
}

/** What stands as it is in the backup is no hindrance for the rest: an earlier attempt may have written it. */
export function refuseOverwriting(
  steps: readonly SetStep[],
  { place: { label } }: Access,
  { source }: Request,
): void {
  const others = steps.filter(({ isThere, isSame }) => isThere && !isSame);
  const isDone = steps.length > 0 && steps.every(({ isSame }) => isSame);
  if (others.length === 0 && !isDone) return;
  const quoted = (some: readonly SetStep[]) => some.map(({ set }) => `"${set}"`).join(', ');
  if (isDone)
    throw new JwksError('conflict', `the keystore at ${label} has ${quoted(steps)} as in ${source} already`);
  const deleted = others.filter(({ action }) => action === 'deleted');
  if (deleted.length === others.length)
    throw new JwksError('conflict', `${quoted(deleted)} was deleted from the keystore at ${label}`, {
      hint: `what was deleted does not come back where it was; elsewhere it does: jwks restore ${fileWord(source)} --into DIR ${deleted.map(({ set }) => shellOperand(set)).join(' ')}`,
    });
  throw new JwksError('conflict', `the keystore at ${label} has ${quoted(others)} already`, {
    hint: 'with --force the higher revision of each is kept, and what is revoked in either stays so',
  });
}

/** A backup as it is named on a command line. */
export function fileWord(source: string): string {
  return source === 'standard input' ? '-' : shellWord(source);
}
