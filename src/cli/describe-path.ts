// Paths for people: the home directory as ~.
import { sep } from 'node:path';
import type { Host } from './host.ts';

export function homedirOf(host: Host): (path: string) => string {
  const home = host.env['HOME'];
  return (path) =>
    home !== undefined && home !== '' && path.startsWith(home + sep) ? `~${path.slice(home.length)}` : path;
}
