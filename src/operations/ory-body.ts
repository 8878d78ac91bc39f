// The body of an admin request, before it is known what it is.
import { refusal } from '../jose/read/faults.ts';
import { parseJson } from '../jose/read/json-text.ts';
import { mostBytes } from '../jose/read/read-keys.ts';

/** How refusals call it. */
export const where = 'body';

export function parseBody(bytes: Uint8Array): unknown {
  if (bytes.length > mostBytes) throw refusal(where, 'it is larger than 1 MiB');
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw refusal(where, 'it is not UTF-8');
  }
  return parseJson(text, where);
}
