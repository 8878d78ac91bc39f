// Public keys as OpenSSH writes them (RFC 4253 section 6.6, RFC 5656 section 3.1, RFC 8709 section 4).
import { JwksError } from '../../errors.ts';
import { decodeBase64url } from '../base64url.ts';
import type { PublicJwk } from '../jwk.ts';

/** The NIST curves by the names of RFC 5656 section 6.1. */
const nameOf: Readonly<Record<string, string>> = {
  'P-256': 'nistp256',
  'P-384': 'nistp384',
  'P-521': 'nistp521',
};

/** A line for `authorized_keys`, with the kid as its comment where that is one plain word. */
export function toSshLine(jwk: PublicJwk): string {
  const { type, parts } = encode(jwk);
  const blob = Buffer.concat([Buffer.from(type), ...parts].map(string)).toString('base64');
  const comment = /^[!-~]+$/.test(jwk.kid ?? '') ? [jwk.kid] : [];
  return `${[type, blob, ...comment].join(' ')}\n`;
}

function encode(jwk: PublicJwk): { readonly type: string; readonly parts: readonly Buffer[] } {
  if (jwk.kty === 'RSA')
    return { type: 'ssh-rsa', parts: [integer(octets(jwk, 'e')), integer(octets(jwk, 'n'))] };
  if (jwk.kty === 'OKP' && jwk['crv'] === 'Ed25519')
    return { type: 'ssh-ed25519', parts: [octets(jwk, 'x')] };
  const curve = jwk.kty === 'EC' ? nameOf[String(jwk['crv'])] : undefined;
  if (curve === undefined) {
    const what = typeof jwk['crv'] === 'string' ? `on ${jwk['crv']}` : `of type ${jwk.kty}`;
    throw new JwksError('usage', `SSH has no keys ${what}`);
  }
  const point = Buffer.concat([Buffer.from([4]), octets(jwk, 'x'), octets(jwk, 'y')]);
  return { type: `ecdsa-sha2-${curve}`, parts: [Buffer.from(curve), point] };
}

function octets(jwk: PublicJwk, member: string): Buffer {
  return decodeBase64url(String(jwk[member])) ?? Buffer.alloc(0);
}

function string(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/** An mpint (RFC 4251 section 5) is signed: a zero octet stands before one whose first bit is set. */
function integer(bytes: Buffer): Buffer {
  return (bytes[0] ?? 0) < 0x80 ? bytes : Buffer.concat([Buffer.alloc(1), bytes]);
}
