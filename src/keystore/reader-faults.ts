// What a reader refuses, in words.
import { commandLine, JwksError, shellWord } from '../errors.ts';
import { type DocumentName, type SetId, setNameOf } from './set-id.ts';

export function foreign(name: DocumentName, fingerprint: string): JwksError {
  return new JwksError(
    'damaged',
    `${name} is signed by ${fingerprint}, which is no identity of this keystore`,
    { hint: `it may come from another keystore; ${putBack(setNameOf(name))}` },
  );
}

export function notTrusted(fingerprint: string, trusted: string): JwksError {
  return new JwksError('identity', `this keystore is signed by ${fingerprint}, not by ${trusted}`, {
    hint: 'if it was replaced on purpose: a command that takes its secret (create, export --private) remembers the new one, and --identity names it',
  });
}

export function sealedElsewhere(set: SetId): JwksError {
  return new JwksError('damaged', `set "${set}" is sealed under a key that this keystore does not hold`, {
    hint: `it may come from another keystore or from before a rekey; ${putBack(set)}`,
  });
}

/** In a database as in files. */
function putBack(set: string): string {
  return `put back the one that belongs here, from a backup: ${commandLine('restore FILE', set, ' --force')}`;
}

export function noKeystore(label: string): JwksError {
  return new JwksError('not-found', `there is no keystore at ${label}`, {
    hint: `jwks init --keystore ${shellWord(label)}`,
  });
}

/** While it was open it got another identity, by a rekey or by somebody else. */
export function otherIdentity(
  before: { readonly fingerprint: string; readonly storage: { readonly label: string } },
  fingerprint: string,
): JwksError {
  return new JwksError(
    'identity',
    `the keystore at ${before.storage.label} is signed by ${fingerprint} now, until now by ${before.fingerprint}`,
    { hint: 'nothing was done; if it was rekeyed with a new identity, run it again' },
  );
}
