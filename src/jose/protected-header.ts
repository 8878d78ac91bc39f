// The protected header of a JWS or JWE, as documents and messages have it (RFC 7515 and RFC 7516, section 4).
import { decodeBase64url } from './base64url.ts';

/** Its members, or `undefined` where it is not a JSON object as base64url. Nothing of it is proved. */
export function readProtected(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const header: unknown = JSON.parse(decodeBase64url(text)?.toString() ?? '');
    return typeof header === 'object' && header !== null ? (header as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
