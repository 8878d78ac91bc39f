// Secrets where they may be found: files, a directory as systemd mounts it, and everything else not set.
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { SecretSources } from '../../src/keystore/secret-sources.ts';
import { temporaryDirectory } from './temporary.ts';

export function sources(more: Partial<SecretSources> = {}): SecretSources {
  return { stdin: () => Readable.from(['from stdin']), uid: process.geteuid?.(), ...more };
}

export function secretFile(text = 'from a file', mode = 0o600): string {
  const path = join(temporaryDirectory(), 'jwks-secret');
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

/** A directory as systemd mounts it, 0440 for its files. */
export function credentials(): string {
  const directory = temporaryDirectory();
  writeFileSync(join(directory, 'jwks-secret'), 'from systemd');
  chmodSync(join(directory, 'jwks-secret'), 0o440);
  return directory;
}
