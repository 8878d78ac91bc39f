// The built command in a shell, and on a terminal: a directory that is home and working directory, with `jwks` on
// the path.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { expect } from 'vitest';
import { Machine } from './cli.ts';
import { bin, cleanEnv, type Finished, finish } from './command.ts';
import { noteFilesOf, noteOutput, watcher } from './leaks.ts';
import { temporaryDirectory } from './temporary.ts';

export interface Shell {
  readonly home: string;
  readonly env: Readonly<Record<string, string>>;
}

export function newShell(more: Readonly<Record<string, string>> = {}): Shell {
  const home = temporaryDirectory();
  const tools = temporaryDirectory();
  writeFileSync(
    `${tools}/jwks`,
    `#!/bin/sh\nexec ${quote(process.execPath)} --require ${quote(watcher)} ${quote(bin)} "$@"\n`,
    {
      mode: 0o755,
    },
  );
  const env = cleanEnv(home, more);
  return { home, env: { ...env, PATH: `${tools}${delimiter}${env['PATH']}` } };
}

/** Runs commands in this process, in the shell's home and now: what is to be there before the built one is tested. */
export async function beforehand({ home }: Shell, ...lines: readonly string[]): Promise<void> {
  const machine = Machine.in(home);
  for (const line of lines) {
    const { status, stderr } = await machine.jwks(line);
    expect({ line, status, stderr: status === 0 ? '' : stderr }).toEqual({ line, status: 0, stderr: '' });
  }
}

/** With a keystore in its usual place, whose set `auth` has the key `k1`. */
export async function shellWithKey(more: Readonly<Record<string, string>> = {}): Promise<Shell> {
  const shell = newShell(more);
  await beforehand(shell, 'create -q --alg ES256 auth k1');
  return shell;
}

/** Runs a bash script. Its exit status is that of its last command, or of the first in a pipe that failed. */
export async function sh({ home, env }: Shell, script: string, stdin = ''): Promise<Finished> {
  const ran = await finish(spawn('bash', ['-o', 'pipefail', '-c', script], { cwd: home, env }), stdin);
  if (ran.status === 0) noteFilesOf(script, home);
  return ran;
}

export interface Typed {
  /** Typed as soon as the terminal shows this, behind what was waited for before. */
  readonly after: string;
  /** Or what is done then. */
  readonly keys: string | (() => void);
}

export const hasTerminals = existsSync('/usr/bin/script') && process.platform === 'linux';

/** Runs a bash script on a terminal of 80 columns; `output` is what the terminal showed, escapes and all. */
export async function onTerminal(
  { home, env }: Shell,
  script: string,
  typed: readonly Typed[] = [],
): Promise<{ readonly status: number | null; readonly output: string }> {
  const command = `stty cols 80 rows 24; ${script}`;
  const child = spawn('script', ['-qec', `bash -c ${quote(command)}`, '/dev/null'], {
    cwd: home,
    env: { TERM: 'xterm', ...env, SHELL: '/bin/sh' },
  });
  const left = [...typed];
  let output = '';
  let from = 0;
  child.stdout.on('data', (chunk) => {
    output += String(chunk);
    for (let next = left[0]; next !== undefined && output.includes(next.after, from); next = left[0]) {
      from = output.indexOf(next.after, from) + next.after.length;
      if (typeof next.keys === 'string') child.stdin.write(next.keys);
      else next.keys();
      left.shift();
    }
  });
  const status = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  noteOutput(script, output, '');
  if (status === 0) noteFilesOf(script, home);
  return { status, output };
}

/** The processes that a process has started, once there are some. */
export async function childrenOf(pid: number): Promise<number[]> {
  for (;;) {
    const children = readText(`/proc/${pid}/task/${pid}/children`);
    if (children === undefined) throw new Error('it ended before it had a child');
    if (children.trim() !== '') return children.trim().split(' ').map(Number);
    await turn();
  }
}

/** Resolves when none of the processes runs any more; one that nobody has buried does not run. */
export async function ended(pids: readonly number[]): Promise<void> {
  const runs = (pid: number) => /^\d+ \(.*\) [^ZX]/.test(readText(`/proc/${pid}/stat`) ?? '');
  while (pids.some(runs)) await turn();
}

export function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
