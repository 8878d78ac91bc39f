// A directory in which other programs make keys.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inject } from 'vitest';
import { passphrase } from './read-support.ts';

export const directory = mkdtempSync(join(inject('runDirectory'), 'read-'));

/** Runs a program in the directory; `false` where it is not there or does not do it. */
export function run(name: string, ...argv: string[]): boolean {
  return spawnSync(name, argv, { cwd: directory, stdio: 'ignore' }).status === 0;
}
export const file = (name: string): Buffer => readFileSync(join(directory, name));
/** A line of openssl, in which PASS is the passphrase. */
export const ssl = (line: string) =>
  run('openssl', ...line.split(' ').map((word) => word.replace('PASS', `pass:${passphrase}`)));

const halves = ['kty', 'crv', 'x', 'y', 'n', 'e'];
/** What another reader of the key says as well. */
export const half = (jwk: object) =>
  Object.fromEntries(Object.entries(jwk).filter(([name]) => halves.includes(name)));
