// Tells pipes that Node made for itself from those that were handed over: a number that nobody opened may be one.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** The end that writes is in this process: who reads it waits for ever. Where there is no /proc it is not known. */
export function isOwnPipe(descriptor: number): boolean {
  const name = ofProcess(descriptor, readlinkSync);
  if (name?.startsWith('pipe:') !== true) return false;
  return readdirSync('/proc/self/fd').some(
    (other) => ofProcess(other, readlinkSync) === name && writes(other),
  );
}

function writes(descriptor: string): boolean {
  const [, mode] = /^flags:\s*\d*(\d)$/m.exec(ofProcess(descriptor, readFileSync, 'fdinfo') ?? '') ?? [];
  return mode !== undefined && '1256'.includes(mode);
}

function ofProcess(
  descriptor: number | string,
  read: (path: string, encoding: 'utf8') => string,
  directory = 'fd',
): string | undefined {
  try {
    return read(`/proc/self/${directory}/${descriptor}`, 'utf8');
  } catch {
    return undefined;
  }
}
