// The certificates of a key (RFC 7517 sections 4.7 to 4.9): are they readable, in time, and of this key?
import { createHash, createPublicKey, type JsonWebKey, type KeyObject, X509Certificate } from 'node:crypto';
import { decodeBase64url, encodeBase64url } from '../base64url.ts';
import type { Fault } from './finding.ts';
import { textsOf } from './json-text.ts';
import type { LintedKey } from './linted-key.ts';

const digests = [
  { member: 'x5t', hash: 'sha1', octets: 20 },
  { member: 'x5t#S256', hash: 'sha256', octets: 32 },
] as const;

/** `now` in seconds. */
export function lintCertificates(key: LintedKey, now: number): Fault[] {
  const texts = textsOf(key.record.get('x5c'));
  const chain = (texts ?? []).map(readCertificate);
  const [first] = chain;
  return [
    ...(texts === undefined ? [] : lintChain(key, chain, now)),
    ...digests.flatMap((digest) => lintDigest(key, digest, first)),
  ];
}

/** Standard base64 (RFC 4648 section 4) of DER, without line ends. */
function readCertificate(text: string): X509Certificate | undefined {
  const der = Buffer.from(text, 'base64');
  if (der.length === 0 || der.toString('base64') !== text) return undefined;
  try {
    return new X509Certificate(der);
  } catch {
    return undefined;
  }
}

function lintChain(key: LintedKey, chain: readonly (X509Certificate | undefined)[], now: number): Fault[] {
  const member = 'x5c';
  if (chain.length === 0) return [{ code: 'x5c-invalid', member, what: '"x5c" is empty' }];
  return chain.flatMap((certificate, index): Fault[] => {
    const name = `certificate ${index + 1}`;
    if (certificate === undefined) {
      return [{ code: 'x5c-invalid', member, what: `${name} is not DER in standard base64` }];
    }
    const previous = chain[index - 1];
    const isLost = previous !== undefined && !certifies(certificate, previous);
    return [
      ...(index === 0 ? lintMatch(key, certificate) : []),
      ...lintTime(certificate, name, now),
      ...(isLost ? [{ code: 'x5c-chain', member, what: `${name} did not issue ${index}` } as const] : []),
    ];
  });
}

function certifies(issuer: X509Certificate, subject: X509Certificate): boolean {
  try {
    return subject.checkIssued(issuer) && subject.verify(issuer.publicKey);
  } catch {
    return false;
  }
}

function lintTime(certificate: X509Certificate, name: string, now: number): Fault[] {
  const [from, to] = [certificate.validFrom, certificate.validTo].map((date) => Date.parse(date) / 1000);
  if (to !== undefined && now > to)
    return [{ code: 'x5c-expired', member: 'x5c', what: `${name} has expired` }];
  if (from === undefined || !(now < from)) return [];
  return [{ code: 'x5c-not-yet', member: 'x5c', what: `${name} is not valid yet` }];
}

function lintMatch(key: LintedKey, certificate: X509Certificate): Fault[] {
  const own = keyObjectOf(key);
  if (own === undefined) return [];
  try {
    const { publicKey } = certificate;
    // A certificate can say that its RSA key is for PSS only, which a JWK cannot: OpenSSL takes these for two types.
    if (publicKey.asymmetricKeyType === 'rsa-pss' && key.kty === 'RSA') return [];
    if (publicKey.equals(own)) return [];
  } catch {
    // Types that cannot be compared, or a key that OpenSSL does not know.
  }
  return [{ code: 'x5c-mismatch', member: 'x5c', what: 'the certificate is for another key' }];
}

/** The key with its encoding repaired; `undefined` where it is none, which other rules tell. */
function keyObjectOf(key: LintedKey): KeyObject | undefined {
  const jwk: Record<string, string> = {
    kty: key.kty ?? '',
    ...(key.crv === undefined ? {} : { crv: key.crv }),
  };
  for (const name of ['n', 'e', 'x', 'y']) {
    const bytes = key.bytes(name);
    if (bytes !== undefined) jwk[name] = encodeBase64url(bytes);
  }
  try {
    return createPublicKey({ key: jwk as JsonWebKey, format: 'jwk' });
  } catch {
    return undefined;
  }
}

function lintDigest(
  key: LintedKey,
  { member, hash, octets }: (typeof digests)[number],
  certificate: X509Certificate | undefined,
): Fault[] {
  const text = key.text(member);
  if (text === undefined) return [];
  const bytes = decodeBase64url(text);
  if (bytes?.length !== octets) {
    return [{ code: 'x5t-invalid', member, what: `"${member}" is not ${octets} octets in base64url` }];
  }
  if (certificate === undefined) return [];
  const isSame = createHash(hash).update(certificate.raw).digest().equals(bytes);
  return isSame ? [] : [{ code: 'x5t-mismatch', member, what: `"${member}" does not match "x5c"` }];
}
