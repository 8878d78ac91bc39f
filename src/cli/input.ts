// Reads text and key files that a command is given; never more than a mebibyte.
import { JwksError, systemCode } from '../errors.ts';
import { readBytes } from './read-bytes.ts';
import type { Session } from './session.ts';

const mostBytes = 1_048_576;

/** The text of a file; none or `-` is stdin. */
export async function readInput(session: Session, file: string | undefined): Promise<string> {
  const bytes = await readWhole(session, file);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    if (systemCode(error) !== 'ERR_ENCODING_INVALID_ENCODED_DATA') throw error;
    throw new JwksError('bad-key', `${nameOf(file)} is not UTF-8 text`);
  }
}

/** As `readInput`, whatever is in it. */
export async function readWhole(session: Session, file: string | undefined): Promise<Buffer> {
  const bytes = await readBytes(session, file, mostBytes);
  if (bytes.length > mostBytes) throw new JwksError('bad-key', `${nameOf(file)} is larger than 1 MiB`);
  return bytes;
}

/** Whether an operand that may be a file is a URL. */
export function isUrl(text: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(text);
}

function nameOf(file: string | undefined): string {
  return file === undefined || file === '-' ? 'standard input' : file;
}
