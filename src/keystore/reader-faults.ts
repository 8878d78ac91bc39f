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
