// The process of a PostgreSQL: it ends with the process that started it, however that ends.
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, rmSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { otherUser } from './postgres-binaries.ts';

export type StopMode = 'fast' | 'immediate';

/**
 * Signals come in by name on stdin. Its end is the end of who started it, also by SIGKILL: the server is stopped at
 * once and its directory ($1) removed. What runs in a shell's background ignores SIGQUIT until the server has its
 * own answer to it, so it is sent until it is heard; SIGCONT is for a server that a test has stopped.
 */
const guard = `
directory=$1; shift
exec 3<&0 < /dev/null
gone=
trap 'gone=yes' TERM
"$@" 3<&- &
server=$!
(while read -r signal <&3; do kill -s "$signal" "$server"; done; kill -s TERM $$ || kill -s QUIT "$server") &
watcher=$!
status=0
while kill -s 0 "$server" 2> /dev/null; do
  if [ "$gone" ]; then
    kill -s QUIT "$server"; kill -s CONT "$server"; sleep 0.1
  else
    wait "$server"; status=$?
  fi
done
if [ "$gone" ]; then rm -rf "$directory"; else kill "$watcher"; fi
exit "$status"
`;

/** No variable of the tests' own: PGDATA, PGPORT and others would be heard. A time zone spares initdb a search. */
const env = { PATH: process.env['PATH'] ?? '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' };

interface Guarded {
  readonly child: ChildProcess;
  readonly ended: Promise<void>;
  readonly hasEnded: () => boolean;
}

/** A worker of vitest that hangs lives on when vitest is killed, with all that it holds; this channel tells it. */
const endWithRunner = (): never => process.exit(1);

/** Runs it as the server's user; what it says goes to the log. */
function guarded(program: string, argv: readonly string[], directory: string): Guarded {
  if (!process.listeners('disconnect').includes(endWithRunner)) process.on('disconnect', endWithRunner);
  const log = openSync(join(directory, 'log'), 'a');
  const child = spawn('/bin/sh', ['-c', guard, 'postgres-guard', directory, program, ...argv], {
    ...otherUser(),
    cwd: directory,
    env,
    // A session of its own: Ctrl-C is for the test runner.
    detached: true,
    stdio: ['pipe', log, log],
  });
  closeSync(log);
  child.stdin?.on('error', () => {});
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  const hasEnded = (): boolean => child.exitCode !== null || child.signalCode !== null || !child.pid;
  return { child, ended, hasEnded };
}

export async function runInitdb(bin: string, directory: string, argv: readonly string[]): Promise<void> {
  const { child, ended } = guarded(join(bin, 'initdb'), ['-D', join(directory, 'data'), ...argv], directory);
  await ended;
  if (child.exitCode !== 0) throw new Error(`initdb of ${bin} fails: ${logEnd(directory)}`);
}

export interface PostgresProcess {
  readonly hasEnded: () => boolean;
  stop(mode: StopMode): Promise<void>;
}

/** Starts the server of `directory`/data and waits until it takes connections. Throws with its log's end. */
export async function runPostgres(bin: string, directory: string): Promise<PostgresProcess> {
  const data = join(directory, 'data');
  const state = join(data, 'postmaster.pid');
  // Left by one that was killed; it is not to be taken for the new one's.
  rmSync(state, { force: true });
  const { child, ended, hasEnded } = guarded(join(bin, 'postgres'), ['-D', data], directory);
  while (!isReady(state)) {
    if (hasEnded()) throw new Error(`postgres of ${bin} does not start: ${logEnd(directory)}`);
    await Promise.race([ended, delay(10)]);
  }
  // A server that runs keeps no test process alive.
  child.unref();
  if (child.stdin instanceof Socket) child.stdin.unref();
  return {
    hasEnded,
    async stop(mode) {
      if (hasEnded()) return;
      child.ref();
      child.stdin?.write(mode === 'fast' ? 'INT\n' : 'QUIT\n');
      await ended;
    },
  };
}

/** The eighth line of postmaster.pid, which is what pg_ctl waits for: no password and no rule is in the way. */
function isReady(state: string): boolean {
  try {
    return readFileSync(state, 'utf8').split('\n')[7]?.trim() === 'ready';
  } catch {
    return false;
  }
}

export function logEnd(directory: string): string {
  try {
    return readFileSync(join(directory, 'log'), 'utf8').trim().split('\n').slice(-5).join('\n');
  } catch {
    return 'it has no log';
  }
}
