// Runs the built command as a process of its own.
import {
  type ChildProcess,
  type SpawnOptions,
  type SpawnOptionsWithoutStdio,
  spawn,
} from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { noteFiles, noteOutput, watcher } from './leaks.ts';

export const bin = fileURLToPath(new URL('../../bin/jwks.js', import.meta.url));

export interface Finished {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Environment of a clean shell: nothing of the tests' own but the path. */
export function cleanEnv(home: string, more: Record<string, string> = {}): Record<string, string> {
  return { PATH: process.env['PATH'] ?? '', HOME: home, ...more };
}

export function jwks(
  argv: readonly string[],
  options: SpawnOptionsWithoutStdio,
  stdin = '',
): Promise<Finished> {
  return finish(start(argv, options), stdin);
}

export function start(argv: readonly string[], options: SpawnOptionsWithoutStdio) {
  return watched(argv, options, spawn(process.execPath, [...beforeArgv, ...argv], options));
}

/** As `start`, with streams that are not all pipes. */
export function startWith(argv: readonly string[], options: SpawnOptions): ChildProcess {
  return watched(argv, options, spawn(process.execPath, [...beforeArgv, ...argv], options));
}

const beforeArgv = ['--require', watcher, bin];

function watched<T extends ChildProcess>(argv: readonly string[], { cwd = '.' }: SpawnOptions, child: T): T {
  return child.once('close', (status) => {
    if (status === 0) noteFiles(argv, String(cwd));
  });
}

export function finish(child: ReturnType<typeof start>, stdin = ''): Promise<Finished> {
  return new Promise((resolve, reject) => {
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk) => {
      stdout += String(chunk);
    });
    child.stderr.on('data', (chunk) => {
      stderr += String(chunk);
    });
    child.on('error', reject);
    child.on('close', (status, signal) => {
      noteOutput(child.spawnargs.join(' '), stdout, stderr);
      resolve({ status, signal, stdout, stderr });
    });
    child.stdin.on('error', () => {});
    child.stdin.end(stdin);
  });
}
