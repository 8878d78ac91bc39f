// What a reader refuses, in words.
import { JwksError, shellWord } from '../errors.ts';
import type { DocumentName } from './set-id.ts';

export function foreign(name: DocumentName, fingerprint: string): JwksError {
  return new JwksError(
    'damaged',
    `${name} is signed by ${fingerprint}, which is no identity of this keystore`,
    { hint: 'it may come from another keystore; put back the file that belongs here' },
  );
}

export function noKeystore(place: string): JwksError {
  return new JwksError('not-found', `there is no keystore at ${place}`, {
    hint: `jwks init --keystore ${shellWord(place)}`,
  });
}

/** While it was open it got another identity, by a rekey or by somebody else. */
export function otherIdentity(
  before: { readonly fingerprint: string; readonly storage: { readonly place: string } },
  fingerprint: string,
): JwksError {
  return new JwksError(
    'identity',
    `the keystore at ${before.storage.place} is signed by ${fingerprint} now, until now by ${before.fingerprint}`,
    { hint: 'nothing was done; if it was rekeyed with a new identity, run it again' },
  );
}
