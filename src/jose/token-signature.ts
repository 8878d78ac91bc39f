// Signatures of tokens by node:crypto: how each algorithm signs, and which algorithms a key may verify.
import {
  constants,
  createHmac,
  createPublicKey,
  createSecretKey,
  type JsonWebKey,
  type KeyObject,
  sign,
  timingSafeEqual,
  verify,
} from 'node:crypto';
import { availableParallelism } from 'node:os';
import { JwksError } from '../errors.ts';
import { algorithms } from './algorithms.ts';
import { decodeBase64url } from './base64url.ts';
import type { PrivateJwk, PublicJwk } from './jwk.ts';
import { bitsOf } from './key-bits.ts';
import { toKeyObject } from './private-key.ts';

/** Signatures under way. */
export interface Signing {
  /** Signs a text in ASCII, as tokens are. */
  readonly add: (text: string) => void;
  /** The signatures as base64url, in the order of their texts. Nothing is added afterwards. */
  readonly end: () => Promise<readonly string[]>;
}

/** RFC 7518 section 3, RFC 8037 section 3.1, RFC 9864, RFC 9964. `null`: the algorithm hashes for itself. */
function hashOf(alg: string): string | null {
  const size = /^(?:RS|PS|ES|HS)(256|384|512)$/.exec(alg)?.[1];
  return size === undefined ? null : `sha${size}`;
}

/** RFC 7518 section 3.4: R and S one after the other, not DER; section 3.5: salt as long as the hash. */
function optionsFor(alg: string, key: KeyObject) {
  return {
    key,
    dsaEncoding: 'ieee-p1363',
    ...(alg.startsWith('PS')
      ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
      : {}),
  } as const;
}

/**
 * Begins to sign, as often as it is called. With several cores other threads do it while the next text is made ready;
 * by callbacks, since with a promise for each signature those of elliptic curves take a third longer.
 */
export function makeSign(jwk: PrivateJwk, alg: string): () => Signing {
  const hash = hashOf(alg);
  const key = toKeyObject(jwk);
  if (jwk.kty === 'oct')
    return here((text) =>
      createHmac(hash ?? '', key)
        .update(text)
        .digest(),
    );
  const how = optionsFor(alg, key);
  return availableParallelism() === 1
    ? here((text) => sign(hash, toBytes(text), how))
    : elsewhere((text, done) => sign(hash, toBytes(text), how, done));
}

function here(signOne: (text: string) => Buffer): () => Signing {
  return () => {
    const signatures: string[] = [];
    return {
      add: (text) => void signatures.push(signOne(text).toString('base64url')),
      end: async () => signatures,
    };
  };
}

type Done = (error: Error | null, signature: Buffer) => void;

function elsewhere(signOne: (text: string, done: Done) => void): () => Signing {
  return () => {
    const signatures: string[] = [];
    let added = 0;
    let left = 0;
    let fault: Error | null = null;
    let settle = () => {};
    return {
      add(text) {
        const index = added++;
        left++;
        signOne(text, (error, signature) => {
          left--;
          if (error === null) signatures[index] = signature.toString('base64url');
          else fault ??= error;
          settle();
        });
      },
      end: () =>
        new Promise((resolve, reject) => {
          settle = () => {
            if (left > 0) return;
            if (fault === null) resolve(signatures);
            else reject(fault);
          };
          settle();
        }),
    };
  };
}

function toBytes(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}

/**
 * Whether it is the signature of the text by that key and algorithm (RFC 7515 section 5.2); whether the key may verify
 * by it, `verifyingAlgorithms` says.
 * @throws JwksError `unsupported` where this Node cannot tell
 */
export function isSignature(
  jwk: PublicJwk | PrivateJwk,
  alg: string,
  input: Buffer,
  signature: Buffer,
): boolean {
  const hash = hashOf(alg);
  if (jwk.kty === 'oct') {
    const value = decodeBase64url(String(jwk['k'] ?? '')) ?? Buffer.alloc(0);
    const ours = createHmac(hash ?? '', createSecretKey(value))
      .update(input)
      .digest();
    return ours.length === signature.length && timingSafeEqual(ours, signature);
  }
  return verify(hash, input, optionsFor(alg, importPublic(jwk, alg)), signature);
}

function importPublic(jwk: PublicJwk | PrivateJwk, alg: string): KeyObject {
  try {
    return createPublicKey({ key: jwk as unknown as JsonWebKey, format: 'jwk' });
  } catch (cause) {
    throw new JwksError('unsupported', `Node ${process.versions.node} cannot verify ${alg}`, { cause });
  }
}

/**
 * The algorithms that a key may verify, whatever a token says (RFC 8725 section 3.1): its own, or where it has none
 * those that fit its type. None where it is for something else, or too short (RFC 7518 sections 3.2 and 3.3).
 */
export function verifyingAlgorithms(jwk: PublicJwk | PrivateJwk): string[] {
  if (jwk.use !== undefined && jwk.use !== 'sig') return [];
  const bits = bitsOf(jwk);
  return algorithms
    .filter(({ use, kty, curves }) => {
      if (use !== 'sig' || kty !== jwk.kty) return false;
      return curves.length === 0 || curves.some((name) => name === jwk['crv']);
    })
    .map(({ alg }) => alg)
    .filter((alg) => jwk.alg === alg || (jwk.alg === undefined && jwk.kty !== 'AKP'))
    .filter((alg) => {
      if (jwk.kty === 'RSA') return bits >= 2048;
      return jwk.kty !== 'oct' || bits >= Number(alg.slice(2));
    });
}
