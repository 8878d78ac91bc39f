// Reads what a command is given as a file or on stdin; never more than a mebibyte.
import { createReadStream } from 'node:fs';
import { resolve } from 'node:path';
import { describeSystemError, JwksError, systemCode } from '../errors.ts';
import type { Host } from './host.ts';

const mostBytes = 1_048_576;

/** The text of a file; none or `-` is stdin. */
export async function readInput(host: Host, file: string | undefined): Promise<string> {
  const isStdin = file === undefined || file === '-';
  const name = isStdin ? 'standard input' : file;
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
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks));
  } catch (error) {
    if (error instanceof JwksError) throw error;
    const code = systemCode(error);
    if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA')
      throw new JwksError('bad-key', `${name} is not UTF-8 text`);
    throw new JwksError(
      code === 'ENOENT' ? 'not-found' : 'failed',
      `${name} cannot be read: ${describeSystemError(error)}`,
      {
        cause: error,
      },
    );
  }
}
