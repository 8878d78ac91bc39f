// What makes a public key of others worthless: anybody could sign with it.
import { type PrivateJwk, type PublicJwk, toPublicJwk } from '../jwk.ts';
import { describeCurveFault } from './prove-curve.ts';
import { describePublicRsaFault } from './prove-rsa.ts';

/** The first fault as words, or `undefined`; a symmetric key has no public half to look at. */
export function describePublicFault(key: PublicJwk | PrivateJwk): string | undefined {
  if (key.kty === 'RSA') return describePublicRsaFault(key);
  if (key.kty !== 'EC' && key.kty !== 'OKP') return undefined;
  return describeCurveFault({ jwk: toPublicJwk(key), isPrivate: false, where: '', repairs: [] });
}
