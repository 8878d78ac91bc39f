// Whether a document says that it follows from another, read without checking either: it only ever keeps a file from
// being emptied.
import { createHash } from 'node:crypto';
import { decodeBase64url, encodeBase64url } from '../jose/base64url.ts';

/** `undefined`: it is no document that can be read. */
export function saysToFollow(bytes: Uint8Array, before: Uint8Array): boolean | undefined {
  const said = read(bytes);
  return said && said.previous === encodeBase64url(createHash('sha256').update(before).digest());
}

function read(bytes: Uint8Array): { readonly previous?: unknown } | undefined {
  try {
    const { aad, payload } = JSON.parse(Buffer.from(bytes).toString());
    const said = JSON.parse(String(decodeBase64url(aad ?? payload)));
    return Number.isSafeInteger(said.revision) ? said : undefined;
  } catch {
    return undefined;
  }
}
