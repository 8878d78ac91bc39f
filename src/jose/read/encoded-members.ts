// Members of foreign JWKs that are bytes in base64url (RFC 7518 section 6), with what only their writing got wrong mended.
import { decodeBase64url } from '../base64url.ts';

/** How many octets a member has: as few as its number takes, exactly so many, or any. */
export type Width = 'number' | 'any' | { readonly octets: number; readonly isNumber: boolean };

export interface Mended {
  readonly bytes: Buffer;
  readonly repairs: readonly string[];
}

/** The bytes with what was mended, or the fault as words. Text in a refusal or repair is the member's name only. */
export function decodeMember(name: string, value: unknown, width: Width): Mended | string {
  if (value === undefined) return `it has no "${name}"`;
  if (typeof value !== 'string') return `its "${name}" is no text`;
  const decoded = decodeLoosely(value);
  if (decoded === undefined) return `its "${name}" is not base64url`;
  if (decoded.bytes.length === 0) return `its "${name}" is empty`;
  const fitted = fit(decoded.bytes, width);
  if (fitted === undefined) return `its "${name}" has not the length that it must have`;
  const repairs = [decoded.repair, fitted.repair].filter((repair) => repair !== undefined);
  return { bytes: fitted.bytes, repairs: repairs.map((repair) => `"${name}" ${repair}`) };
}

/** Base64 of either alphabet, padded or not. Bits beyond the last octet must be zero: else something was cut off. */
export function decodeLoosely(
  text: string,
): { readonly bytes: Buffer; readonly repair?: string } | undefined {
  const strict = decodeBase64url(text);
  if (strict !== undefined) return { bytes: strict };
  const [, letters, padding] = /^([\w+/-]*)(={0,2})$/.exec(text) ?? [];
  const isStandard = /[+/]/.test(letters ?? '');
  if (letters === undefined || (isStandard && /[_-]/.test(letters))) return undefined;
  const bytes = decodeBase64url(letters.replaceAll('+', '-').replaceAll('/', '_'));
  if (bytes === undefined) return undefined;
  const repair = isStandard ? 'was in standard base64' : padding === '' ? undefined : 'had padding';
  return repair === undefined ? undefined : { bytes, repair };
}

function fit(bytes: Buffer, width: Width): { readonly bytes: Buffer; readonly repair?: string } | undefined {
  if (width === 'any') return { bytes };
  if (width === 'number') {
    const short = withoutZeros(bytes);
    return short.length === bytes.length ? { bytes } : { bytes: short, repair: 'began with a zero octet' };
  }
  if (bytes.length === width.octets) return { bytes };
  if (!width.isNumber) return undefined;
  const short = withoutZeros(bytes);
  if (short.length > width.octets) return undefined;
  return {
    bytes: Buffer.concat([Buffer.alloc(width.octets - short.length), short]),
    repair: bytes.length < width.octets ? 'was shorter than its curve' : 'was longer than its curve',
  };
}

function withoutZeros(bytes: Buffer): Buffer {
  const start = bytes.findIndex((byte) => byte !== 0);
  return bytes.subarray(start === -1 ? bytes.length - 1 : start);
}
