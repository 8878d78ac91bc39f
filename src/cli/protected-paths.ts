// Where a result must never be written: the keystore, and all else that jwks relies on itself.
import { join, resolve } from 'node:path';
import { placeOf } from '../keystore/file-storage.ts';
import { realFileSystem } from '../keystore/file-system.ts';
import { formerFile } from '../keystore/secret-file.ts';
import { userFiles } from './config-files.ts';
import type { GlobalOptions } from './global-options.ts';
import type { Host } from './host.ts';
import { follow } from './output-file.ts';
import type { Settings } from './settings.ts';

/** Paths with their links resolved, as far as they are there: the keystore, secrets, configuration, audit and state. */
export function protectedPaths(
  host: Host,
  options: GlobalOptions & { readonly newSecretFile?: string },
  settings: Settings,
): string[] {
  const { keystore, configDirectory, stateDirectory, audit, files } = settings;
  const { secretFile, secretFiles = [], newSecretFile } = options;
  const own = configDirectory === undefined ? undefined : join(configDirectory, 'secret');
  const secrets = [secretFile, ...secretFiles, newSecretFile, host.env['JWKS_SECRET_FILE'], own];
  const paths = [
    keystore?.value.directory,
    audit?.value,
    stateDirectory,
    ...files,
    ...userFiles(configDirectory),
  ];
  const real = (path: string | undefined) =>
    path === undefined || path === '' ? [] : realPathsOf(resolve(host.cwd, path));
  const secretPaths = secrets.filter((path) => path !== '-').flatMap(real);
  // While a secret is exchanged, the one from before is kept beside it.
  return [...paths.flatMap(real), ...secretPaths, ...secretPaths.map(formerFile)];
}

/** Where it is, and where a link would lead that leads nowhere yet. */
function realPathsOf(path: string): string[] {
  try {
    return [placeOf(realFileSystem, path), follow(realFileSystem, path)];
  } catch {
    return [path];
  }
}
