// A request body, up to a size.
import type { IncomingMessage } from 'node:http';
import { JwksError } from '../errors.ts';

export function readBody(request: IncomingMessage, mostBytes: number): Promise<Buffer | 'too-large'> {
  if (Number(request.headers['content-length'] ?? 0) > mostBytes) return Promise.resolve('too-large');
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= mostBytes) {
        chunks.push(chunk);
        return;
      }
      // The connection is needed for the answer: what still comes is not read, and the listener closes it.
      request.pause();
      request.removeAllListeners('data');
      resolve('too-large');
    });
    request.once('end', () => resolve(Buffer.concat(chunks)));
    const onGone = () => reject(new JwksError('failed', 'the client left before the end of the body'));
    request.once('error', onGone);
    request.once('close', onGone);
  });
}
