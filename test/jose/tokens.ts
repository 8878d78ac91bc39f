// Tokens for tests: signed by our own code, or with whatever header somebody hostile would write.

import type { PrivateJwk } from '../../src/jose/jwk.ts';
import { headerText, signingText } from '../../src/jose/token.ts';
import { makeSign } from '../../src/jose/token-signature.ts';

/** As `jwks sign` makes it. */
export async function signedBy(jwk: PrivateJwk, claims: string, header: object = {}): Promise<string> {
  const alg = jwk.alg ?? '';
  const text = signingText(headerText({ alg, typ: 'JWT', kid: jwk.kid ?? '', ...header }), claims);
  const signing = makeSign(jwk, alg)();
  signing.add(text);
  const [signature] = await signing.end();
  return `${text}.${signature}`;
}

/** Text, or a value as JSON, as a part of a token. */
export function part(value: unknown): string {
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
}

/** A token in form only. */
export function forged(header: unknown, claims: unknown = {}, signature = 'AAAA'): string {
  return `${part(header)}.${part(claims)}.${signature}`;
}
