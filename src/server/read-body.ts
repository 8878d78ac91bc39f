// A request body, up to a size.
import type { IncomingMessage } from 'node:http';

/** `too-large`: it has more bytes than that, and the rest is not read. `gone`: the client left before its end. */
export function readBody(
  request: IncomingMessage,
  mostBytes: number,
): Promise<Buffer | 'too-large' | 'gone'> {
  if (Number(request.headers['content-length'] ?? 0) > mostBytes) return Promise.resolve('too-large');
  return new Promise((resolve) => {
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
    const onGone = () => resolve('gone');
    request.once('error', onGone);
    request.once('close', onGone);
  });
}
