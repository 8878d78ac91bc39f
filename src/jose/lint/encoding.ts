// How the members of a key are written: base64url without padding (RFC 7515 section 2), as short as may be.
import { decodeBase64url } from '../base64url.ts';
import type { Fault } from './finding.ts';
import type { LintedKey } from './linted-key.ts';

/** The bytes of a text in either alphabet, padded or not. `undefined` where it is neither, or empty. */
export function decodeLeniently(text: string): Buffer | undefined {
  const bare = text.replace(/={1,2}$/, '');
  const isBase64 = bare !== '' && /^[\w+/-]*$/.test(bare) && bare.length % 4 !== 1;
  return isBase64 ? Buffer.from(bare, 'base64url') : undefined;
}

/** Members that hold octets, by key type; those of an unknown type are not looked at. */
const octets: ReadonlyMap<string | undefined, readonly string[]> = new Map([
  ['RSA', ['n', 'e']],
  ['EC', ['x', 'y']],
  ['OKP', ['x']],
  ['AKP', ['pub']],
]);

export function lintEncoding(key: LintedKey): Fault[] {
  const members = octets.get(key.kty) ?? [];
  return members.flatMap((member) => {
    const text = key.text(member);
    return text === undefined ? [] : inspect(key, member, text);
  });
}

function inspect(key: LintedKey, member: string, text: string): Fault[] {
  const faults: Fault[] = [];
  const bytes = decodeLeniently(text);
  if (bytes === undefined)
    return [{ code: 'encoding-characters', member, what: `"${member}" cannot be decoded` }];
  if (text.endsWith('=')) faults.push({ code: 'encoding-padding', member, what: `"${member}" is padded` });
  if (/[+/]/.test(text))
    faults.push({ code: 'encoding-alphabet', member, what: `"${member}" has + or / in it` });
  const bare = text.replace(/=+$/, '').replaceAll('+', '-').replaceAll('/', '_');
  if (decodeBase64url(bare) === undefined)
    faults.push({ code: 'encoding-bits', member, what: `"${member}" ends in spare bits that are set` });
  if (key.kty === 'RSA' && bytes[0] === 0)
    faults.push({ code: 'leading-zero', member, what: `"${member}" begins with a zero octet` });
  return faults;
}
