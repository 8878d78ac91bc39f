// What unlocks a keystore: the forms a secret has as text.
import { randomBytes } from 'node:crypto';
import { JwksError } from '../errors.ts';
import { decodeBase64url, encodeBase64url } from '../jose/base64url.ts';
import { toPrivateJwk } from '../jose/jwk.ts';
import { thumbprintOf } from '../jose/thumbprint.ts';
import { parseRecipientSecret, type RecipientKey } from './recipient.ts';

/** A secret as it opens slots. `source` says in words where it came from, for errors. */
export type Secret =
  | { readonly kind: 'generated'; readonly kid: string; readonly key: Uint8Array; readonly source: string }
  | { readonly kind: 'passphrase'; readonly text: Uint8Array; readonly source: string }
  | (RecipientKey & { readonly kind: 'recipient'; readonly source: string });

const prefix = 'jwks_secret_';
export const shortestPassphrase = 16;
export const mostSecretBytes = 4_096;

/** A new generated secret: 256 random bits as `jwks_secret_` and 43 base64url characters. */
export function generateSecretText(): string {
  return prefix + encodeBase64url(randomBytes(32));
}

/**
 * Reads a secret. Its text says what it is: `jwks_secret_...` a generated one, a JWK or PEM a recipient's private
 * key, anything else a passphrase (NFC, 16 characters or more). One newline at the end is not part of it.
 */
export function parseSecret(text: string, source: string): Secret {
  if (Buffer.byteLength(text) > mostSecretBytes) {
    throw new JwksError('secret', `the secret in ${source} is longer than 4 KiB`);
  }
  const secret = text.replace(/\r?\n$/, '');
  if (secret === '') throw new JwksError('secret', `the secret in ${source} is empty`);
  if (secret.startsWith(prefix)) return parseGenerated(secret, source);
  if (/^\s*(?:\{|-----BEGIN )/.test(secret)) {
    return { kind: 'recipient', ...parseRecipientSecret(secret, source), source };
  }
  const passphrase = secret.normalize('NFC');
  if ([...passphrase].length < shortestPassphrase) {
    throw new JwksError(
      'secret',
      `the secret in ${source} is too short: a passphrase has ${shortestPassphrase} characters or more`,
    );
  }
  return { kind: 'passphrase', text: Buffer.from(passphrase), source };
}

function parseGenerated(secret: string, source: string): Secret {
  const key = decodeBase64url(secret.slice(prefix.length));
  if (key?.length !== 32) {
    throw new JwksError(
      'secret',
      `the secret in ${source} is not whole: a generated secret has ${prefix.length + 43} characters`,
    );
  }
  const kid = thumbprintOf(toPrivateJwk({ kty: 'oct', k: encodeBase64url(key) }));
  return { kind: 'generated', kid, key, source };
}
