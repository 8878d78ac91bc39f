// Reads bytes that a command is given as a file or on stdin, whole or block by block.
import { createReadStream } from 'node:fs';
import { resolve } from 'node:path';
import { describeSystemError, JwksError, systemCode } from '../errors.ts';
import type { Session } from './session.ts';

/** The blocks of a file; none or `-` is stdin. */
export async function* readBlocks(
  { host, options }: Session,
  file: string | undefined,
): AsyncGenerator<Buffer> {
  const isStdin = file === undefined || file === '-';
  if (isStdin && host.stdin.isTTY === true)
    throw new JwksError('usage', 'there is neither a file nor anything on standard input');
  if (isStdin && options.secretFile === '-')
    throw new JwksError('usage', 'the secret is read from standard input, and so nothing else can be');
  const stream = isStdin ? host.stdin : createReadStream(resolve(host.cwd, file));
  try {
    for await (const block of stream) yield Buffer.from(block);
  } catch (error) {
    if (error instanceof JwksError) throw error;
    const name = isStdin ? 'standard input' : file;
    const code = systemCode(error) === 'ENOENT' ? 'not-found' : 'failed';
    throw new JwksError(code, `${name} cannot be read: ${describeSystemError(error)}`, { cause: error });
  }
}

/** All of it, or as much as is enough to see that it is more than `most`. */
export async function readBytes(session: Session, file: string | undefined, most: number): Promise<Buffer> {
  const blocks: Buffer[] = [];
  let size = 0;
  for await (const block of readBlocks(session, file)) {
    blocks.push(block);
    size += block.length;
    if (size > most) break;
  }
  return Buffer.concat(blocks);
}
