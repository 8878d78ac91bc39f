// Keys of recipients: a slot is sealed to the public half, and the private half, kept elsewhere, opens it.
import {
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  type JsonWebKey,
  type KeyObject,
} from 'node:crypto';
import { type ErrorCode, JwksError } from '../errors.ts';
import { bareKey } from '../jose/identity.ts';
import type { PublicJwk } from '../jose/jwk.ts';
import { describeCurveFault } from '../jose/prove/prove-curve.ts';
import { describeRsaFault } from '../jose/prove/prove-rsa.ts';
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
  const { jwk, ...described } = describe(key, source, 'bad-key');
  const fault = describeFault(jwk, key);
  if (fault !== undefined)
    throw new JwksError('bad-key', `a keystore cannot be sealed to the key in ${source}: ${fault}`);
  return { ...described, key, jwk };
}

/** A private key as a JWK or PEM, without a passphrase of its own. What no slot can be for is exit 4, as any wrong secret. */
export function parseRecipientSecret(text: string, source: string): RecipientKey {
  const key = attempt(() => createPrivateKey(toInput(text)));
  if (key === undefined) {
    throw new JwksError('secret', `the secret in ${source} begins like a private key, and is none`, {
      hint: 'a JWK or PEM, not encrypted',
    });
  }
  const { kid, alg } = describe(createPublicKey(key), source, 'secret');
  return { kid, alg, key };
}

function describe(key: KeyObject, source: string, code: ErrorCode): Omit<Recipient, 'key'> {
  // Of keys that JWK has no members for, such as on a Brainpool curve, nothing more can be told.
  const jwk = attempt(() => bareKey(key.export({ format: 'jwk' })));
  const alg = jwk && algorithmOf(jwk, key);
  if (jwk !== undefined && alg !== undefined) return { kid: thumbprintOf(jwk), alg, jwk };
  throw new JwksError(code, `a keystore cannot be sealed to the key in ${source}`, {
    hint: `use a key of P-256, P-384, P-521 or X25519, or of RSA with ${leastBits} bits or more`,
  });
}

function algorithmOf(jwk: PublicJwk, key: KeyObject): RecipientAlgorithm | undefined {
  // An RSASSA-PSS key is bound to signatures (RFC 4055 section 1.2).
  const isLong = (key.asymmetricKeyDetails?.modulusLength ?? 0) >= leastBits;
  if (key.asymmetricKeyType === 'rsa' && isLong) return 'RSA-OAEP-256';
  const isAgreed = ['P-256', 'P-384', 'P-521', 'X25519'].includes(String(jwk['crv']));
  return isAgreed ? 'ECDH-ES+A256KW' : undefined;
}

/** As of a key that is imported: what is sealed to a weak one anybody opens. */
function describeFault(jwk: PublicJwk, key: KeyObject): string | undefined {
  const found = { jwk, isPrivate: false, where: '', repairs: [] } as const;
  if (jwk.kty === 'RSA') return describeRsaFault(found);
  const fault = describeCurveFault(found);
  if (fault !== undefined || jwk['crv'] !== 'X25519') return fault;
  // RFC 7748 section 6.1: with a point of small order everybody would agree on the same.
  const { privateKey } = generateKeyPairSync('x25519');
  const agreed = attempt(() => diffieHellman({ privateKey, publicKey: key }));
  return agreed === undefined ? 'its "x" is of small order' : undefined;
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
