// Reads the public half of keys that come from outside.
import { createPublicKey, type JsonWebKey } from 'node:crypto';
import { JwksError } from '../errors.ts';
import { decodeBase64url } from './base64url.ts';
import { isKty, type PrivateJwk, type PublicJwk, requiredMembers, toPrivateJwk, toPublicJwk } from './jwk.ts';

export interface ParsedKey {
  readonly kid: string | undefined;
  /** For a symmetric key the key itself, since it has no public half and RFC 7638 computes over its value. */
  readonly jwk: PublicJwk | PrivateJwk;
}

/** FIPS 204, table 2. */
const mldsaBytes: Readonly<Record<string, number>> = {
  'ML-DSA-44': 1312,
  'ML-DSA-65': 1952,
  'ML-DSA-87': 2592,
};

/** The keys of a JWK or JWK Set as JSON. What is not sound is exit 6 with the member's name. */
export function parsePublicKeys(text: string, name: string): ParsedKey[] {
  const value = parseJson(text, name);
  const keys: unknown = Reflect.get(value, 'keys');
  return Array.isArray(keys)
    ? keys.map((key, index) => parseKey(key, `${name}, key ${index + 1},`))
    : [parseKey(value, name)];
}

function parseJson(text: string, name: string): object {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value;
  } catch {
    // What JSON.parse says quotes its input, which may be a private key.
  }
  throw new JwksError('bad-key', `${name} is not a JWK or JWK Set in JSON`);
}

function parseKey(value: unknown, name: string): ParsedKey {
  const kty: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, 'kty') : undefined;
  if (typeof value !== 'object' || value === null || !isKty(kty)) {
    throw new JwksError('bad-key', `${name} is no key of a type that is supported`);
  }
  const kid: unknown = Reflect.get(value, 'kid');
  const missing = requiredMembers(kty).find((member) => typeof Reflect.get(value, member) !== 'string');
  if (missing !== undefined) throw new JwksError('bad-key', `${name} has no "${missing}"`);
  const jwk = readMembers(value, kty, name);
  for (const member of ['n', 'e', 'x', 'y', 'pub', 'k']) {
    const text = jwk[member];
    if (text === undefined) continue;
    const bytes = typeof text === 'string' ? decodeBase64url(text) : undefined;
    const hasLeadingZero = ['n', 'e'].includes(member) && bytes?.[0] === 0;
    if (bytes === undefined || bytes.length === 0 || hasLeadingZero) {
      throw new JwksError('bad-key', `${name} has a "${member}" that is not canonical base64url`);
    }
  }
  if (jwk.kty === 'RSA' || jwk.kty === 'EC' || jwk.kty === 'OKP') refuseUnsound(jwk, name);
  if (jwk.kty === 'AKP' && decodeBase64url(String(jwk['pub']))?.length !== mldsaBytes[jwk.alg ?? '']) {
    throw new JwksError('bad-key', `${name} has an "alg" and a "pub" that do not fit`);
  }
  return { kid: typeof kid === 'string' ? kid : undefined, jwk };
}

function readMembers(value: object, kty: string, name: string): PublicJwk | PrivateJwk {
  try {
    return kty === 'oct' ? toPrivateJwk(value) : toPublicJwk(value);
  } catch (error) {
    if (!(error instanceof JwksError)) throw error;
    throw new JwksError(error.code, error.message.replace('the key', name));
  }
}

/** node:crypto refuses points off their curve, but takes short coordinates: what it makes of the key must be the key. */
function refuseUnsound(jwk: PublicJwk | PrivateJwk, name: string): void {
  try {
    const read = createPublicKey({ key: jwk as unknown as JsonWebKey, format: 'jwk' }).export({
      format: 'jwk',
    });
    const differing = ['n', 'e', 'crv', 'x', 'y'].find((member) => Reflect.get(read, member) !== jwk[member]);
    if (differing === undefined) return;
    throw new JwksError('bad-key', `${name} has a "${differing}" that is not canonical`);
  } catch (error) {
    if (error instanceof JwksError) throw error;
    throw new JwksError('bad-key', `${name} is not a sound ${jwk.kty} key`);
  }
}
