// What a restore or a copy refuses because of whose keystore it is, in words.
import { JwksError, shellWord } from '../errors.ts';
import { SignatureChecker } from '../jose/identity.ts';
import type { KeystoreState } from '../keystore/backup.ts';
import { fingerprintsOf, parseMaster } from '../keystore/master-document.ts';
import type { Place } from '../keystore/place.ts';
import type { Reader } from '../keystore/reader.ts';
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

export async function refuseOtherSigner(there: Reader, { backup, source }: Request): Promise<void> {
  const { bytes, revision } = backup.master;
  const { signer } = await parseMaster(bytes, revision, new SignatureChecker());
  const accepted = [there.fingerprint, ...fingerprintsOf(there.master)];
  if (!accepted.includes(signer.fingerprint))
    throw otherIdentity(source, signer.fingerprint, there.fingerprint);
}

export function otherIdentity(source: string, found: string, expected: string): JwksError {
  return new JwksError('identity', `${source} is signed by ${found}, not by ${expected}`, {
    hint: `if that is the keystore you want: --into ${shellWord('DIR')} with --identity ${found}`,
  });
}
