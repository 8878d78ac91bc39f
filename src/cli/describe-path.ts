// Paths for people: the home directory as ~.
import { sep } from 'node:path';
import type { Host } from './host.ts';

export function describePath(path: string, { env }: Host): string {
  const home = env['HOME'];
  return home !== undefined && home !== '' && path.startsWith(home + sep)
    ? `~${path.slice(home.length)}`
    : path;
}
