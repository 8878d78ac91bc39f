// Reads what a command is given as a file or on stdin; never more than a mebibyte.
import { createReadStream } from 'node:fs';
import { resolve } from 'node:path';
import { describeSystemError, JwksError, systemCode } from '../errors.ts';
import type { Host } from './host.ts';

const mostBytes = 1_048_576;

/** The text of a file; none or `-` is stdin. */
export async function readInput(host: Host, file: string | undefined): Promise<string> {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(await readBytes(host, file));
  } catch (error) {
    if (systemCode(error) !== 'ERR_ENCODING_INVALID_ENCODED_DATA') throw error;
    throw new JwksError('bad-key', `${nameOf(file)} is not UTF-8 text`);
  }
}

function nameOf(file: string | undefined): string {
  return file === undefined || file === '-' ? 'standard input' : file;
}

/** As `readInput`, whatever is in it. */
export async function readBytes(host: Host, file: string | undefined): Promise<Buffer> {
  const isStdin = file === undefined || file === '-';
  const name = nameOf(file);
  if (isStdin && host.stdin.isTTY === true) {
    throw new JwksError('usage', 'there is neither a file nor anything on standard input');
  }
  const stream = isStdin ? host.stdin : createReadStream(resolve(host.cwd, file));
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of stream) {
      chunks.push(Buffer.from(chunk));
      size += Buffer.byteLength(chunk);
      if (size > mostBytes) throw new JwksError('bad-key', `${name} is larger than 1 MiB`);
    }
    return Buffer.concat(chunks);
  } catch (error) {
    if (error instanceof JwksError) throw error;
    const code = systemCode(error);
    throw new JwksError(
      code === 'ENOENT' ? 'not-found' : 'failed',
      `${name} cannot be read: ${describeSystemError(error)}`,
      {
        cause: error,
      },
    );
  }
}
