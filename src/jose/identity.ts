// The keystore's own signing key, and the JWS (RFC 7515) it signs documents with.
import { FlattenedSign, flattenedVerify, importJWK, type JWK } from 'jose';
import { decodeBase64url } from './base64url.ts';
import { type PrivateJwk, type PublicJwk, toPublicJwk } from './jwk.ts';
import { thumbprintOf } from './thumbprint.ts';
import { generateKey } from './generate.ts';
import { selectKeyShape } from './algorithms.ts';

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

export async function toPrivateIdentity(privateJwk: PrivateJwk): Promise<PrivateIdentity> {
  return { fingerprint: await thumbprintOf(privateJwk), jwk: bareKey(privateJwk), privateJwk };
}

export async function sign(payload: Uint8Array, typ: DocumentType, by: PrivateIdentity): Promise<Signed> {
  const alg = algorithmOf(by.jwk);
  const { protected: header = '', payload: encoded, signature } = await new FlattenedSign(payload)
    .setProtectedHeader({ alg, kid: by.fingerprint, typ, jwk: by.jwk as unknown as JWK })
    .sign(await importJWK({ ...by.privateJwk } as JWK, alg));
  return { protected: header, payload: encoded, signature };
}

/** Verifies the signatures of documents by the key in their header; whom to trust is the caller's question. */
export class SignatureChecker {
  // A keystore's documents share one header, letter for letter: it is read and its key imported once.
  readonly #signers = new Map<string, Promise<Signer | undefined>>();

  /** Who signed this, or `undefined` where the signature is not good. */
  async signerOf(signed: Signed, typ: DocumentType): Promise<Identity | undefined> {
    const signer = await this.#signer(signed.protected);
    if (signer === undefined || signer.typ !== typ) return undefined;
    try {
      await flattenedVerify({ ...signed }, signer.key, { algorithms: [signer.alg] });
      return signer.identity;
    } catch {
      return undefined;
    }
  }

  #signer(header: string): Promise<Signer | undefined> {
    const known = this.#signers.get(header);
    if (known !== undefined) return known;
    const signer = readSigner(header);
    this.#signers.set(header, signer);
    return signer;
  }
}

interface Signer {
  readonly typ: string;
  readonly alg: IdentityAlgorithm;
  readonly identity: Identity;
  readonly key: Awaited<ReturnType<typeof importJWK>>;
}

async function readSigner(header: string): Promise<Signer | undefined> {
  try {
    const fields = JSON.parse(decodeBase64url(header)?.toString() ?? '') as Record<string, unknown>;
    const { alg, kid, typ, jwk, ...others } = fields;
    if (typeof jwk !== 'object' || jwk === null || Object.keys(others).length > 0) return undefined;
    const publicJwk = bareKey(jwk);
    const fingerprint = await thumbprintOf(publicJwk);
    if (kid !== fingerprint || alg !== algorithmOf(publicJwk) || typeof typ !== 'string') return undefined;
    const key = await importJWK({ ...publicJwk } as JWK, algorithmOf(publicJwk));
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
