// Takes a port or a Unix socket for a server, or says why it cannot be had.
import { chmodSync, lstatSync, unlinkSync } from 'node:fs';
import { connect, type Server } from 'node:net';
import { describeSystemError, JwksError, systemCode } from '../errors.ts';

export type ListenPlace = { readonly host: string; readonly port: number } | { readonly socket: string };

/** In bytes, of a socket: what `sun_path` holds. */
const longestPath = process.platform === 'linux' ? 107 : 103;

/** Resolves when it listens. Throws `failed` where the place cannot be had: in use, not allowed, no such address. */
export async function bind(server: Server, place: ListenPlace): Promise<void> {
  if (!('socket' in place)) {
    await started(server, place, () => server.listen({ host: place.host, port: place.port }));
    return;
  }
  // libuv would cut it, and listen somewhere else.
  if (Buffer.byteLength(place.socket) > longestPath) {
    const hint = `a socket's path has at most ${longestPath} bytes`;
    throw new JwksError('failed', `the path ${place.socket} is too long for a socket`, { hint });
  }
  await removeStale(place.socket).catch((error) => {
    throw error instanceof JwksError ? error : toError(error, place);
  });
  await started(server, place, () => {
    // The file is made within `listen`: nobody else may connect, not even for a moment.
    const before = setUmask(0o177);
    try {
      server.listen({ path: place.socket });
    } finally {
      if (before !== undefined) setUmask(before);
    }
  });
  try {
    chmodSync(place.socket, 0o600);
  } catch (error) {
    server.close();
    throw toError(error, place);
  }
}

function setUmask(mask: number): number | undefined {
  try {
    return process.umask(mask);
  } catch {
    // In a worker thread it cannot be set; the mode is mended right afterwards.
    return undefined;
  }
}

function started(server: Server, place: ListenPlace, listen: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const onError = (error: Error) => reject(toError(error, place));
    server.once('error', onError);
    server.once('listening', () => {
      server.off('error', onError);
      resolve();
    });
    listen();
  });
}

/** A server that was killed leaves its socket behind, and nobody answers there. */
async function removeStale(path: string): Promise<void> {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return;
  if (!stats.isSocket()) {
    const hint = 'name a path where there is nothing yet';
    throw new JwksError('failed', `${path} is there already, and is no socket`, { hint });
  }
  if (await isAnswered(path)) throw inUse({ socket: path });
  unlinkSync(path);
}

function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect({ path });
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    // Only a refusal tells that nobody is there.
    probe.once('error', (error) => resolve(!['ECONNREFUSED', 'ENOENT'].includes(systemCode(error) ?? '')));
  });
}

function inUse(place: ListenPlace, cause?: unknown): JwksError {
  const hint =
    'socket' in place
      ? 'name another path, or stop who listens there'
      : 'name another port; 0 takes a free one';
  return new JwksError('failed', `${describePlace(place)} is in use`, { hint, cause });
}

function describePlace(place: ListenPlace): string {
  return 'socket' in place ? `the socket ${place.socket}` : `port ${place.port} of ${place.host}`;
}

function toError(error: unknown, place: ListenPlace): JwksError {
  const code = systemCode(error) ?? '';
  if (code === 'EADDRINUSE') return inUse(place, error);
  const reasons: Record<string, string> = {
    EADDRNOTAVAIL: 'this machine has no such address',
    ENOTFOUND: 'there is no such host name',
  };
  const reason = reasons[code] ?? describeSystemError(error);
  return new JwksError('failed', `cannot listen at ${describePlace(place)}: ${reason}`, { cause: error });
}
