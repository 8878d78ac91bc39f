// Keys of recipients: a slot is sealed to the public half, and the private half, kept elsewhere, opens it.
import { createPrivateKey, createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { JwksError } from '../errors.ts';
import { bareKey } from '../jose/identity.ts';
import type { PublicJwk } from '../jose/jwk.ts';
import type { RecipientAlgorithm } from '../jose/sealing.ts';
import { thumbprintOf } from '../jose/thumbprint.ts';

/** One half of a recipient's key. */
export interface RecipientKey {
  /** RFC 7638 thumbprint. */
  readonly kid: string;
  readonly alg: RecipientAlgorithm;
  readonly key: KeyObject;
}

export interface Recipient extends RecipientKey {
  readonly jwk: PublicJwk;
}

/** The shortest RSA modulus, in bits, that a keystore is sealed to. */
const leastBits = 2048;

/** A public key as a JWK or PEM. A private one is refused: it is to stay elsewhere. */
export function parseRecipient(text: string, source: string): Recipient {
  if (looksPrivate(text)) {
    throw new JwksError('bad-key', `${source} holds a private key`, {
      hint: 'give its public half, and keep the private one where the keystore is not',
    });
  }
  const key = attempt(() => createPublicKey(toInput(text)));
  if (key === undefined) throw new JwksError('bad-key', `${source} holds no public key as a JWK or PEM`);
  const jwk = bareKey(key.export({ format: 'jwk' }));
  return { ...describe(key, jwk, source), key, jwk };
}

/** A private key as a JWK or PEM, without a passphrase of its own. */
export function parseRecipientSecret(text: string, source: string): RecipientKey {
  const key = attempt(() => createPrivateKey(toInput(text)));
  if (key === undefined) {
    throw new JwksError('secret', `the secret in ${source} begins like a private key, and is none`, {
      hint: 'a JWK or PEM, not encrypted',
    });
  }
  const jwk = bareKey(createPublicKey(key).export({ format: 'jwk' }));
  return { ...describe(key, jwk, source), key };
}

function describe(key: KeyObject, jwk: PublicJwk, source: string): Omit<RecipientKey, 'key'> {
  const kid = thumbprintOf(jwk);
  if (jwk.kty === 'RSA' && (key.asymmetricKeyDetails?.modulusLength ?? 0) >= leastBits)
    return { kid, alg: 'RSA-OAEP-256' };
  const curve = String(jwk['crv']);
  if (['P-256', 'P-384', 'P-521', 'X25519'].includes(curve)) return { kid, alg: 'ECDH-ES+A256KW' };
  throw new JwksError('bad-key', `a keystore cannot be sealed to the key in ${source}`, {
    hint: `use a key of P-256, P-384, P-521 or X25519, or of RSA with ${leastBits} bits or more`,
  });
}

function looksPrivate(text: string): boolean {
  if (/-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----/.test(text)) return true;
  return attempt(() => Object.hasOwn(JSON.parse(text) as object, 'd')) === true;
}

function toInput(text: string): string | { readonly key: JsonWebKey; readonly format: 'jwk' } {
  if (!/^\s*\{/.test(text)) return text;
  return { key: JSON.parse(text) as JsonWebKey, format: 'jwk' };
}

/** What parsers say may quote the key. */
function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
