// Names of sets and keys as people give them, and the document names that sets have in a keystore.
import { createHash } from 'node:crypto';
import { JwksError } from '../errors.ts';

declare const setId: unique symbol;
/** A name of a set: NFC text of 1 to 128 characters without control characters. */
export type SetId = string & { readonly [setId]: true };

/** Where a document lies in a keystore: `master`, or `sets/` and the encoded set id. */
export type DocumentName = 'master' | `sets/${string}`;

const control = /\p{Cc}|\p{Cs}/u;
const reserved = ['jwk', 'jwks'];

/** Refuses what cannot be a set id with a usage error that says why. Anything else is just a name. */
export function parseSetId(text: string): SetId {
  const fault = faultOf(text, 128);
  if (fault !== undefined) throw new JwksError('usage', `this cannot be a set id: ${fault}`);
  if (reserved.includes(text)) {
    throw new JwksError('usage', `"${text}" cannot be a set id`, {
      hint: 'the word is skipped in front of one, as in: jwks create jwks SET',
    });
  }
  if (isDigest(`sets/${text}`))
    throw new JwksError(
      'usage',
      'this cannot be a set id: it stands for one that is too long for a file name',
    );
  return text as SetId;
}

/** Refuses what cannot be a kid: 1 to 256 characters without control characters. */
export function parseKeyId(text: string): string {
  const fault = faultOf(text, 256);
  if (fault !== undefined) throw new JwksError('usage', `this cannot be a key id: ${fault}`);
  return text;
}

/** Refuses what cannot be a note in a history: 1 to 1 000 characters without control characters. */
export function parseNote(text: string): string {
  const fault = faultOf(text.normalize('NFC'), 1_000);
  if (fault !== undefined) throw new JwksError('usage', `this cannot be a note: ${fault}`);
  return text.normalize('NFC');
}

/** Who says to have made a change, fit for a history: at most 256 characters, control characters taken out. */
export function toActor(text: string): string {
  return [...text.replace(/[\p{Cc}\p{Cs}]/gu, '')].slice(0, 256).join('');
}

function faultOf(text: string, most: number): string | undefined {
  const length = [...text].length;
  if (length === 0) return 'it is empty';
  if (length > most) return `it has ${length} characters, ${most} are the most`;
  if (control.test(text)) return 'it has a control character or half a surrogate pair';
  if (text !== text.normalize('NFC')) return 'it is not in Unicode normal form C';
  return undefined;
}

const windowsDevice = /^(?:con|prn|aux|nul|com[1-9]|lpt[1-9])(?:\.|$)/;
const longestName = 200;

/**
 * The document of a set. Bytes outside `a-z 0-9 . _ -` become `%XX` (capitals too, since some file systems fold
 * case), as do a leading or trailing dot and the first byte of a Windows device name; a result over 200 bytes
 * becomes `~` and the SHA-256 of the id in hexadecimal. The manifest has the id itself, or that where a rekey has
 * found the place empty.
 */
export function documentOf(id: SetId): DocumentName {
  if (isStandIn(id)) return `sets/${id}`;
  let name = '';
  for (const byte of Buffer.from(id)) {
    const character = String.fromCharCode(byte);
    name += /[a-z0-9._-]/.test(character) ? character : escapeByte(byte);
  }
  if (name.startsWith('.') || windowsDevice.test(name)) name = escapeByte(name.charCodeAt(0)) + name.slice(1);
  if (name.endsWith('.')) name = `${name.slice(0, -1)}%2E`;
  if (name.length > longestName) name = `~${createHash('sha256').update(id).digest('hex')}`;
  return `sets/${name}`;
}

/** Whether it stands for a set id that nobody has told: the file name of a long one. */
export function isStandIn(id: SetId): boolean {
  return isDigest(`sets/${id}`);
}

/** Whether a name tells no set id. */
export function isDigest(name: DocumentName): boolean {
  return /^sets\/~[0-9a-f]{64}$/.test(name);
}

/** Whether a set can have a document of this name. */
export function isSetDocument(name: DocumentName): boolean {
  const id = setNameOf(name);
  return faultOf(id, 128) === undefined && documentOf(id as SetId) === name;
}

/** The set id that a document's name tells: where that was too long, only the name. For messages. */
export function setNameOf(name: DocumentName): string {
  const encoded = name.replace(/^sets\//, '');
  try {
    return decodeURIComponent(encoded);
  } catch {
    return encoded;
  }
}

function escapeByte(byte: number): string {
  return `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
}
