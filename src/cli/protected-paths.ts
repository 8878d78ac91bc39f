// Where a result must never be written: the keystore, and the files that a secret may be in.
import { join, resolve } from 'node:path';
import { placeOf } from '../keystore/file-storage.ts';
import { realFileSystem } from '../keystore/file-system.ts';
import type { GlobalOptions } from './global-options.ts';
import type { Host } from './host.ts';
import type { Settings } from './settings.ts';

/** Paths with their links resolved, as far as they are there. */
export function protectedPaths(host: Host, options: GlobalOptions, settings: Settings): string[] {
  const { keystore, configDirectory } = settings;
  const own = configDirectory === undefined ? undefined : join(configDirectory, 'secret');
  const paths = [keystore?.value.directory, options.secretFile, host.env['JWKS_SECRET_FILE'], own];
  return paths.flatMap((path) =>
    path === undefined || path === '-' ? [] : [realPathOf(resolve(host.cwd, path))],
  );
}

function realPathOf(path: string): string {
  try {
    return placeOf(realFileSystem, path);
  } catch {
    return path;
  }
}
