// Self-signed X.509 certificates (RFC 5280), for servers that know keys only inside one.
import { createHash, randomBytes, webcrypto } from 'node:crypto';
import { JwksError } from '../../errors.ts';
import { encodeBase64url } from '../base64url.ts';
import { type PrivateJwk, toPublicJwk } from '../jwk.ts';
import { type LabelledDer, toPkcs8, toSpki } from './key-der.ts';

export interface CertificateRequest {
  /** A distinguished name (RFC 4514), such as `CN=auth.example.com,O=Example`. Absent: the kid as its CN. */
  readonly subject?: string | undefined;
  readonly notBefore: Date;
  readonly days: number;
}

export async function selfSign(jwk: PrivateJwk, request: CertificateRequest): Promise<LabelledDer> {
  const signing = algorithmFor(jwk);
  if (signing === undefined) {
    const what = jwk['crv'] ?? jwk.kty;
    throw new JwksError('usage', `a key of type ${what} does not sign a certificate of its own here`);
  }
  // The package needs the reflection that this one adds to `Reflect`.
  await import('reflect-metadata');
  const x509 = await import('@peculiar/x509');
  const { subtle } = webcrypto;
  const privateKey = await subtle.importKey('pkcs8', toPkcs8(jwk).der, signing, true, ['sign']);
  const publicKey = await subtle.importKey('spki', toSpki(toPublicJwk(jwk)).der, signing, true, ['verify']);
  const { notBefore, days } = request;
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: nameOf(x509, request.subject, jwk.kid),
    notBefore,
    notAfter: new Date(notBefore.getTime() + days * 86_400_000),
    signingAlgorithm: signing,
    keys: { privateKey, publicKey },
    // It vouches for no other certificate. A key usage would keep some from taking it as its own issuer.
    extensions: [new x509.BasicConstraintsExtension(false, undefined, true)],
  });
  return { label: 'CERTIFICATE', der: Buffer.from(certificate.rawData) };
}

/** The members that a JWK has of a certificate (RFC 7517 sections 4.7 and 4.9). */
export function certificateMembers({ der }: LabelledDer): {
  readonly x5c: string[];
  readonly 'x5t#S256': string;
} {
  return {
    x5c: [der.toString('base64')],
    'x5t#S256': encodeBase64url(createHash('sha256').update(der).digest()),
  };
}

/** What it is signed with; an RSA key for encryption can sign as well. */
function algorithmFor({ kty, crv }: PrivateJwk) {
  const hash: Readonly<Record<string, string>> = {
    'P-256': 'SHA-256',
    'P-384': 'SHA-384',
    'P-521': 'SHA-512',
  };
  if (kty === 'RSA') return { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
  if (kty === 'EC') return { name: 'ECDSA', namedCurve: String(crv), hash: hash[String(crv)] ?? 'SHA-256' };
  return crv === 'Ed25519' ? { name: 'Ed25519' } : undefined;
}

/** Random, positive and at most 20 octets (section 4.1.2.2). */
function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes.toString('hex');
}

function nameOf(x509: typeof import('@peculiar/x509'), subject: string | undefined, kid = 'key') {
  // As a string of its own it is taken as it is, and not read for quotes.
  if (subject === undefined) return new x509.Name([{ CN: [{ utf8String: kid }] }]);
  try {
    const name = new x509.Name(subject);
    // It leaves out what it does not understand.
    if (name.toJSON().length > 0) return name;
  } catch {
    // Told below.
  }
  throw new JwksError('usage', `"${subject}" is no distinguished name`, {
    hint: 'such as CN=auth.example.com,O=Example',
  });
}
