// The keystore's own signing key, and the JWS (RFC 7515) it signs documents with.
import { createPublicKey, type JsonWebKey, type KeyObject, verify } from 'node:crypto';
import type { JWK } from 'jose';
import { selectKeyShape } from './algorithms.ts';
import { decodeBase64url } from './base64url.ts';
import { generateKey } from './generate.ts';
import { type PrivateJwk, type PublicJwk, toPublicJwk } from './jwk.ts';
import { readProtected } from './protected-header.ts';
import { thumbprintOf } from './thumbprint.ts';

/** RFC 8037 EdDSA over Ed25519, or ES256 for JOSE tools that do not know that. */
export const identityAlgorithms = ['EdDSA', 'ES256'] as const;
export type IdentityAlgorithm = (typeof identityAlgorithms)[number];

/** What everybody may know of an identity. */
export interface Identity {
  /** RFC 7638 thumbprint of the public key: what a reader without the secret trusts. */
  readonly fingerprint: string;
  readonly jwk: PublicJwk;
}

export interface PrivateIdentity extends Identity {
  readonly privateJwk: PrivateJwk;
}

export type DocumentType = 'jwks-set+jws' | 'jwks-master+jws';

/** Flattened JWS JSON (RFC 7515 section 7.2.2). */
export interface Signed {
  readonly protected: string;
  readonly payload: string;
  readonly signature: string;
}

export async function generateIdentity(alg: IdentityAlgorithm): Promise<PrivateIdentity> {
  return toPrivateIdentity(await generateKey(selectKeyShape({ alg }), { scheme: 'thumbprint' }));
}

export function toPrivateIdentity(privateJwk: PrivateJwk): PrivateIdentity {
  return { fingerprint: thumbprintOf(privateJwk), jwk: bareKey(privateJwk), privateJwk };
}

/** A flattened JWS of the bytes, with the public key in its header. */
export async function sign(payload: Uint8Array, typ: DocumentType, by: PrivateIdentity): Promise<Signed> {
  const { FlattenedSign, importJWK } = await import('jose');
  const alg = algorithmOf(by.jwk);
  const {
    protected: header = '',
    payload: encoded,
    signature,
  } = await new FlattenedSign(payload)
    .setProtectedHeader({ alg, kid: by.fingerprint, typ, jwk: by.jwk as unknown as JWK })
    .sign(await importJWK({ ...by.privateJwk } as JWK, alg));
  return { protected: header, payload: encoded, signature };
}

/**
 * Verifies the signatures of documents by the key in their header; whom to trust is the caller's question.
 *
 * By node:crypto and not by jose: reading is what every `list`, `export` and `serve` does, and verifying without
 * WebCrypto costs a start a twentieth less and ten thousand sets a third less.
 */
export class SignatureChecker {
  /** Verify on other threads: slower for one document, faster for many. */
  inParallel = false;
  // A keystore's documents share one header, letter for letter: it is read and its key imported once.
  readonly #signers = new Map<string, Signer | undefined>();

  /** Who signed this, or `undefined` where the signature is not good. */
  async signerOf(signed: Signed, typ: DocumentType): Promise<Identity | undefined> {
    const signer = this.#signer(signed.protected);
    const signature = decodeBase64url(signed.signature);
    if (signer === undefined || signer.typ !== typ || signature === undefined) return undefined;
    // RFC 7515 section 5.2, step 8.
    const input = Buffer.from(`${signed.protected}.${signed.payload}`);
    const isGood = await this.#verify(input, signer, signature);
    return isGood ? signer.identity : undefined;
  }

  async #verify(input: Buffer, { alg, key }: Signer, signature: Buffer): Promise<boolean> {
    // RFC 7518 section 3.4: an ECDSA signature is R and S one after the other, not DER.
    const how = { key, dsaEncoding: 'ieee-p1363' } as const;
    const hash = alg === 'ES256' ? 'sha256' : null;
    if (!this.inParallel) return verify(hash, input, how, signature);
    return new Promise((resolve, reject) => {
      verify(hash, input, how, signature, (error, isGood) =>
        error === null ? resolve(isGood) : reject(error),
      );
    });
  }

  #signer(header: string): Signer | undefined {
    if (!this.#signers.has(header)) this.#signers.set(header, readSigner(header));
    return this.#signers.get(header);
  }
}

interface Signer {
  readonly typ: string;
  readonly alg: IdentityAlgorithm;
  readonly identity: Identity;
  readonly key: KeyObject;
}

function readSigner(header: string): Signer | undefined {
  try {
    const { alg, kid, typ, jwk, ...others } = readProtected(header) ?? {};
    if (typeof jwk !== 'object' || jwk === null || Object.keys(others).length > 0) return undefined;
    const publicJwk = bareKey(jwk);
    const fingerprint = thumbprintOf(publicJwk);
    const isOurs = alg === algorithmOf(publicJwk) && ['Ed25519', 'P-256'].includes(String(publicJwk['crv']));
    if (kid !== fingerprint || !isOurs || typeof typ !== 'string') return undefined;
    const key = createPublicKey({ key: publicJwk as unknown as JsonWebKey, format: 'jwk' });
    return { typ, alg: algorithmOf(publicJwk), identity: { fingerprint, jwk: publicJwk }, key };
  } catch {
    return undefined;
  }
}

/** The members that RFC 7638 computes over, and no others: an identity has one text. */
export function bareKey(jwk: object): PublicJwk {
  const { use: _use, alg: _alg, kid: _kid, x5c: _x5c, 'x5t#S256': _x5t, ...bare } = toPublicJwk(jwk);
  return bare as unknown as PublicJwk;
}

function algorithmOf(jwk: PublicJwk): IdentityAlgorithm {
  return jwk.kty === 'EC' ? 'ES256' : 'EdDSA';
}
