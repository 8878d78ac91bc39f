// Keys in DER, each with the label that its PEM block bears (RFC 7468; RFC 5280, 5208, 8017, 5915).
import { createPublicKey, type JsonWebKey } from 'node:crypto';
import { JwksError } from '../../errors.ts';
import type { PrivateJwk, PublicJwk } from '../jwk.ts';
import { toKeyObject } from '../private-key.ts';

export interface LabelledDer {
  readonly label: string;
  readonly der: Buffer;
}

/** SubjectPublicKeyInfo (RFC 5280 section 4.1). */
export function toSpki(jwk: PublicJwk): LabelledDer {
  refuseSymmetric(jwk);
  return { label: 'PUBLIC KEY', der: publicKeyOf(jwk).export({ type: 'spki', format: 'der' }) };
}

/** PrivateKeyInfo (RFC 5208). */
export function toPkcs8(jwk: PrivateJwk): LabelledDer {
  refuseSymmetric(jwk);
  return { label: 'PRIVATE KEY', der: toKeyObject(jwk).export({ type: 'pkcs8', format: 'der' }) };
}

/** RSAPublicKey (RFC 8017 appendix A.1.1). */
export function toPkcs1Public(jwk: PublicJwk): LabelledDer {
  refuseOthers(jwk, 'RSA', 'PKCS#1');
  return { label: 'RSA PUBLIC KEY', der: publicKeyOf(jwk).export({ type: 'pkcs1', format: 'der' }) };
}

/** RSAPrivateKey (RFC 8017 appendix A.1.2). */
export function toPkcs1Private(jwk: PrivateJwk): LabelledDer {
  refuseOthers(jwk, 'RSA', 'PKCS#1');
  return { label: 'RSA PRIVATE KEY', der: toKeyObject(jwk).export({ type: 'pkcs1', format: 'der' }) };
}

/** ECPrivateKey (RFC 5915). */
export function toSec1(jwk: PrivateJwk): LabelledDer {
  refuseOthers(jwk, 'EC', 'SEC1');
  return { label: 'EC PRIVATE KEY', der: toKeyObject(jwk).export({ type: 'sec1', format: 'der' }) };
}

function publicKeyOf(jwk: PublicJwk) {
  return createPublicKey({ key: jwk as unknown as JsonWebKey, format: 'jwk' });
}

function refuseSymmetric({ kty }: PublicJwk | PrivateJwk): void {
  if (kty === 'oct') throw new JwksError('usage', 'a symmetric key is written as a JWK only');
}

function refuseOthers({ kty }: PublicJwk | PrivateJwk, wanted: string, form: string): void {
  if (kty !== wanted)
    throw new JwksError('usage', `${form} is for ${wanted} keys, and this one is of type ${kty}`);
}
