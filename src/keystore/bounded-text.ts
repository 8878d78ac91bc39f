// Text of a bounded length from whatever can be read: files, pipes, streams. What waits for a writer can be interrupted.
import { closeSync, constants, openSync, readSync, type Stats } from 'node:fs';
import type { Readable } from 'node:stream';

/** How much is taken, and what anything else is refused with. */
export interface Limits {
  readonly mostBytes: number;
  readonly tooLong: () => Error;
  readonly notText: () => Error;
}

/** Of a file of any kind but a directory, which `stats` tell. */
export async function readFileText(path: string, stats: Stats, limits: Limits): Promise<string> {
  // An open(2) that waits for a writer is not ended by Ctrl-C. Other systems may say before there is one that all
  // was read.
  if (stats.isFIFO() && process.platform === 'linux') {
    const { O_RDONLY, O_NONBLOCK } = constants;
    return readPipe(openSync(path, O_RDONLY | O_NONBLOCK), limits);
  }
  const descriptor = openSync(path, 'r');
  try {
    return readDescriptorText(descriptor, limits);
  } finally {
    closeSync(descriptor);
  }
}

/** Not in one system call that waits: Ctrl-C would not end it. Closes the descriptor. */
export function readPipe(descriptor: number, limits: Limits): Promise<string> {
  const { Socket } = process.getBuiltinModule('node:net');
  return readStreamText(new Socket({ fd: descriptor, readable: true, writable: false }), limits);
}

export function readDescriptorText(descriptor: number, limits: Limits): string {
  const bytes = Buffer.alloc(limits.mostBytes + 1);
  let size = 0;
  for (let read = 1; read > 0 && size < bytes.length; size += read) {
    read = readSync(descriptor, bytes, size, bytes.length - size, null);
  }
  if (size > limits.mostBytes) throw limits.tooLong();
  return decodeText(bytes.subarray(0, size), limits);
}

export async function readStreamText(stream: Readable, limits: Limits): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream) {
    chunks.push(Buffer.from(chunk));
    size += Buffer.byteLength(chunk);
    if (size > limits.mostBytes) throw limits.tooLong();
  }
  return decodeText(Buffer.concat(chunks), limits);
}

/** Bytes that are no UTF-8 would all become the same character, and other bytes would then be read as the same. */
export function decodeText(bytes: Uint8Array, limits: Limits): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw limits.notText();
  }
}
