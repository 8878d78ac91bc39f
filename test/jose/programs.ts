// Other implementations that may be installed on this machine, run on files in a temporary directory.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryDirectory } from '../support/temporary.ts';

export interface Program {
  readonly isThere: boolean;
  /** What it answered when it was asked whether it is there, line by line. */
  readonly answer: readonly string[];
  /** A title for tests that need it: where they are skipped it says why. */
  title(text: string): string;
}

function find(name: string, question: string): Program {
  const { status, stdout } = spawnSync(name, [question], { encoding: 'utf8' });
  const isThere = status === 0;
  return {
    isThere,
    answer: isThere ? stdout.trim().split('\n') : [],
    title: (text) => (isThere ? text : `${text} (skipped: ${name} is not installed)`),
  };
}

export const openssl = find('openssl', 'version');
/** The command of Debian's package `jose`, no kin of the npm package. It answers with its algorithms. */
export const joseCommand = find('jose', 'alg');

/** Runs a program on files that are made for it; `ok` is its verdict, and its complaints are not ours to read. */
export function runOn(
  files: Readonly<Record<string, string | Uint8Array>>,
  name: string,
  ...argv: string[]
): { readonly ok: boolean; readonly stdout: Buffer } {
  const cwd = temporaryDirectory();
  for (const [file, content] of Object.entries(files)) writeFileSync(join(cwd, file), content);
  const { status, stdout } = spawnSync(name, argv, { cwd, stdio: ['ignore', 'pipe', 'ignore'] });
  return { ok: status === 0, stdout };
}
