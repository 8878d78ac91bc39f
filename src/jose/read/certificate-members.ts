// The certificate members of a JWK (RFC 7517 sections 4.7 and 4.9): whether they are the key's, and how they are written.
import { createHash, X509Certificate } from 'node:crypto';
import { encodeBase64url } from '../base64url.ts';
import { decodeLoosely } from './encoded-members.ts';
import { memberOf } from './json-text.ts';
import { isSameKey, membersOf } from './key-object.ts';

/** Longer chains are nowhere; each certificate costs a look. */
export const mostCertificates = 16;

/** Puts `x5c` and `x5t#S256` into `jwk` where `value` has them, and says what was mended; else the fault as words. */
export function describeCertificateFault(
  value: object,
  jwk: Record<string, unknown>,
  repairs: string[],
): string | undefined {
  const chain = memberOf(value, 'x5c');
  let leaf: Buffer | undefined;
  if (chain !== undefined) {
    const certificates = readChain(chain, repairs);
    if (typeof certificates === 'string') return certificates;
    leaf = certificates[0]?.raw;
    const certified = certificates[0] && membersCertified(certificates[0]);
    if (certified === undefined || !isSameKey(certified, jwk)) return 'its "x5c" certifies another key';
    jwk['x5c'] = certificates.map(({ raw }) => raw.toString('base64'));
  }
  const hash = memberOf(value, 'x5t#S256');
  if (hash === undefined) return undefined;
  const found = readHash(hash, repairs);
  if (found === undefined) return 'its "x5t#S256" is no SHA-256 in base64url';
  const isAnothers = leaf !== undefined && !createHash('sha256').update(leaf).digest().equals(found);
  if (isAnothers) return 'its "x5t#S256" is not that of its "x5c"';
  jwk['x5t#S256'] = encodeBase64url(found);
  return undefined;
}

/** What node:crypto cannot make a key of is no key of ours. */
export function membersCertified(certificate: X509Certificate): Record<string, unknown> | undefined {
  try {
    const members = membersOf(certificate.publicKey);
    return typeof members === 'string' ? undefined : members;
  } catch {
    return undefined;
  }
}

function readChain(chain: unknown, repairs: string[]): X509Certificate[] | string {
  if (!Array.isArray(chain) || chain.length === 0) return 'its "x5c" is no list of certificates';
  if (chain.length > mostCertificates) return `its "x5c" has more than ${mostCertificates} certificates`;
  const certificates: X509Certificate[] = [];
  for (const text of chain) {
    const certificate = typeof text === 'string' ? readCertificate(text) : undefined;
    if (certificate === undefined) return `certificate ${certificates.length + 1} of its "x5c" is none`;
    // Section 4.7: standard base64 of the DER, the one member that is not base64url.
    if (certificate.raw.toString('base64') !== text) repairs.push('"x5c" was not in standard base64');
    certificates.push(certificate);
  }
  return certificates;
}

function readCertificate(text: string): X509Certificate | undefined {
  const bytes = decodeLoosely(text.replace(/[\r\n]/g, ''))?.bytes;
  if (bytes === undefined) return undefined;
  try {
    const certificate = new X509Certificate(bytes);
    return certificate.raw.equals(bytes) ? certificate : undefined;
  } catch {
    return undefined;
  }
}

function readHash(text: unknown, repairs: string[]): Buffer | undefined {
  const decoded = typeof text === 'string' ? decodeLoosely(text) : undefined;
  if (decoded?.repair !== undefined) repairs.push(`"x5t#S256" ${decoded.repair}`);
  if (decoded?.bytes.length === 32) return decoded.bytes;
  // Several products encode the hexadecimal digits of the hash.
  const digits = decoded?.bytes.toString('latin1') ?? '';
  if (!/^[0-9a-f]{64}$/i.test(digits)) return undefined;
  repairs.push('"x5t#S256" was in hexadecimal');
  return Buffer.from(digits, 'hex');
}
