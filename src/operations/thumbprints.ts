// RFC 7638 thumbprints of the keys in a text.
import { JwksError } from '../errors.ts';
import { parsePublicKeys } from '../jose/parse-public.ts';
import { thumbprintOf } from '../jose/thumbprint.ts';

export interface Thumbprint {
  readonly kid: string | undefined;
  readonly thumbprint: string;
}

/** Reads a JWK or a JWK Set, private or public; a key with another encoding than the canonical one is exit 6. */
export function thumbprintsIn(text: string, name: string): Thumbprint[] {
  const keys = parsePublicKeys(text, name);
  if (keys.length === 0) throw new JwksError('bad-key', `${name} holds no key`);
  return keys.map(({ jwk, kid }) => ({ kid, thumbprint: thumbprintOf(jwk) }));
}
