// Compact JWTs (RFC 7519): their parts, read strictly and within bounds, and the text that is signed.
import { decodeBase64url } from './base64url.ts';
import { compactJson, type JsonObject, readObject } from './token-json.ts';

/** A token is no longer than this, whoever made it. */
export const mostTokenBytes = 65_536;
/** So that with the longest header and signature (ML-DSA-87) a token is no longer than it may be. */
export const mostClaimsBytes = 40_960;

/** What a token says of itself. Nothing of it is proved. */
export interface Token {
  readonly alg: string;
  readonly kid: string | undefined;
  readonly typ: string | undefined;
  readonly claims: JsonObject;
  /** The claims as they were written, on one line. */
  readonly claimsText: string;
  /** RFC 7515 section 5.1, step 5. */
  readonly input: Buffer;
  readonly signature: Buffer;
}

export type TokenFault = 'malformed' | 'too-large' | 'encrypted' | 'unsecured' | 'critical-header';

export interface BadToken {
  readonly fault: TokenFault;
  /** Words that follow "it". Never quotes the token. */
  readonly message: string;
}

/**
 * Reads a token. One that uses an extension is refused (`crit` of RFC 7515 section 4.1.11, `b64` of RFC 7797), and one
 * without a signature; keys and addresses of keys in a header are not looked at (RFC 8725 section 3.10).
 */
export function parseToken(text: string): Token | BadToken {
  if (text.length > mostTokenBytes)
    return { fault: 'too-large', message: `is longer than ${mostTokenBytes / 1024} KiB` };
  if (/\s/.test(text)) return malformed('holds white space: one token is looked at, without line ends in it');
  const parts = text.split('.');
  if (parts.length === 5) return { fault: 'encrypted', message: 'is an encrypted message (a JWE), no token' };
  const [head = '', body = '', proof = ''] = parts;
  if (parts.length !== 3) return malformed('is no JWT: that has three parts with dots between them');
  const header = readPart(head, 'header');
  if (typeof header === 'string') return malformed(header);
  const { alg, kid, typ } = header.value;
  if (typeof alg !== 'string') return malformed('has a header without "alg"');
  if (alg.toLowerCase() === 'none')
    return { fault: 'unsecured', message: 'has no signature (its "alg" is none)' };
  if (!isTextOrAbsent(kid) || !isTextOrAbsent(typ)) return malformed('has a "kid" or "typ" that is no text');
  const extension = 'crit' in header.value ? 'crit' : header.value['b64'] === false ? 'b64' : undefined;
  if (extension !== undefined)
    return {
      fault: 'critical-header',
      message: `wants an extension that is not supported ("${extension}" in its header)`,
    };
  const claims = readPart(body, 'payload');
  if (typeof claims === 'string') return malformed(claims);
  const signature = decodeBase64url(proof);
  if (signature === undefined) return malformed('has a signature that is not base64url');
  if (signature.length === 0) return { fault: 'unsecured', message: 'has no signature' };
  return {
    alg,
    kid,
    typ,
    claims: claims.value,
    claimsText: compactJson(claims.text),
    input: Buffer.from(`${head}.${body}`),
    signature,
  };
}

export function isBad(token: Token | BadToken): token is BadToken {
  return 'fault' in token;
}

/** The header of every token that a key signs, with the dot behind it. */
export function headerText(header: {
  readonly alg: string;
  readonly typ: string;
  readonly kid: string;
}): string {
  return `${Buffer.from(JSON.stringify(header)).toString('base64url')}.`;
}

/** What is signed: `head` is of `headerText`. */
export function signingText(head: string, claims: string): string {
  return head + Buffer.from(claims).toString('base64url');
}

function readPart(
  part: string,
  name: string,
): { readonly text: string; readonly value: JsonObject } | string {
  const bytes = decodeBase64url(part);
  if (bytes === undefined) return `has a ${name} that is not base64url`;
  const text = decodeUtf8(bytes);
  const value = text === undefined ? 'is not UTF-8' : readObject(text);
  return typeof value === 'string' ? `has a ${name} that ${value}` : { text: text ?? '', value };
}

function decodeUtf8(bytes: Buffer): string | undefined {
  try {
    // A byte order mark stays, and is no JSON.
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function isTextOrAbsent(value: unknown): value is string | undefined {
  return value === undefined || typeof value === 'string';
}

function malformed(message: string): BadToken {
  return { fault: 'malformed', message };
}
