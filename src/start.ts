// Runs the command line with the real world: process, clock, streams, signals. Everything else is handed these.
import { constants, fstatSync, openSync, type Stats, statSync, writeSync } from 'node:fs';
import { hostname, userInfo } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import type { Host, Output } from './cli/host.ts';
import { completionWord, run } from './cli/run.ts';
import { describeSystemError, JwksError, systemCode } from './errors.ts';
import type { Shield } from './keystore/storage.ts';
import { toInstant } from './lifecycle/time.ts';
import { version } from './version.ts';

const signals = { SIGINT: 130, SIGTERM: 143 } as const;

/** Signals end the process at once, but not between a step that cannot be taken back and its report. */
class SignalShield implements Shield {
  #raised = 0;
  #graceful: AbortController | undefined;
  status: number | undefined;

  constructor() {
    for (const [name, status] of Object.entries(signals)) {
      process.on(name, () => {
        if (this.#graceful?.signal.aborted === false) return this.#graceful.abort();
        this.status = status;
        if (this.#graceful !== undefined) {
          writeSync(2, 'jwks: ended at once; what was under way was not answered\n');
          process.exit(status);
        }
        if (this.#raised > 0) return;
        // A spinner may stand on the line.
        const lead = isTerminalDevice(2) ? '\r\u001b[K' : '';
        writeSync(2, `${lead}jwks: interrupted; what was not reported as done was not done\n`);
        process.exit(status);
      });
    }
  }

  /** The end that was asked for has come, and nothing is between a step and its report. */
  get isDone(): boolean {
    return this.#graceful?.signal.aborted === true && this.#raised === 0;
  }

  /** From now on the first signal asks for an end, and is no interruption. */
  untilSignal(): AbortSignal {
    this.#graceful ??= new AbortController();
    return this.#graceful.signal;
  }

  get isPending(): boolean {
    return this.status !== undefined;
  }

  raise(): void {
    this.#raised++;
  }

  /** One step was not taken, or was reported: others may still wait for their report. */
  lower(): void {
    this.#raised--;
    if (this.#raised === 0 && this.status !== undefined) process.exit(this.status);
  }
}

// Written to the descriptor itself: process.stdout costs a tenth of Node's start, and what it has not yet written
// to a pipe is lost at an exit.
function toOutput(descriptor: number, name: string, isLog = false): Output {
  const isTerminal = once(() => isTerminalDevice(descriptor));
  // A reader that went away (`| head`) is no error of ours.
  let isGone = false;
  return {
    get isTerminal() {
      return isTerminal();
    },
    get columns() {
      return isTerminal() ? new (tty().WriteStream)(descriptor).columns : 80;
    },
    async write(text) {
      const bytes = typeof text === 'string' ? Buffer.from(text) : text;
      for (let written = 0; written < bytes.length && !isGone; ) {
        try {
          written += writeSync(descriptor, bytes, written);
        } catch (error) {
          const code = systemCode(error);
          // What cannot be said changes nothing of what was done.
          if (code === 'EAGAIN') await pause(5, undefined, { ref: !isLog });
          else if (code === 'EPIPE' || (descriptor !== 1 && !isLog)) isGone = true;
          // Such as a disk that is full for now.
          else if (isLog) return;
          else {
            const message = `${name} cannot be written: ${describeSystemError(error)}`;
            throw new JwksError('failed', message, { cause: error });
          }
        }
      }
    },
  };
}

/**
 * A write to a full pipe or a stopped terminal waits inside the system call, and all that the process does with it.
 * Opened anew they can be told not to, without a change to what other processes share.
 */
function toLogOutput(): Output {
  const stats = statOf(2);
  try {
    if (stats?.isFIFO() === true || isTerminalDevice(2)) {
      const { O_WRONLY, O_NONBLOCK, O_NOCTTY } = constants;
      return toOutput(openSync('/proc/self/fd/2', O_WRONLY | O_NONBLOCK | O_NOCTTY), 'stderr', true);
    }
    // A socket, such as the journal's, cannot be opened anew: libuv makes it non-blocking as it takes it over. Never
    // to be read from, else Node 20 leaves every connection that others close half open.
    if (stats?.isSocket() === true) {
      const { Socket } = process.getBuiltinModule('node:net');
      new Socket({ fd: 2, readable: false }).unref();
    }
  } catch {
    // No /proc, or somebody else's: better a log that can be stopped than none.
  }
  return toOutput(2, 'stderr', true);
}

/** Asking node:tty means loading it; what is no character device, or the null device, needs no asking. */
function isTerminalDevice(descriptor: number): boolean {
  const stats = statOf(descriptor);
  if (stats === undefined || !stats.isCharacterDevice())
    return process.platform === 'win32' && tty().isatty(descriptor);
  return stats.rdev !== statSync('/dev/null', { throwIfNoEntry: false })?.rdev && tty().isatty(descriptor);
}

function tty(): typeof import('node:tty') {
  return process.getBuiltinModule('node:tty');
}

function once<T>(compute: () => T): () => T {
  let value: { readonly of: T } | undefined;
  return () => {
    value ??= { of: compute() };
    return value.of;
  };
}

function statOf(descriptor: number): Stats | undefined {
  try {
    return fstatSync(descriptor);
  } catch {
    return undefined;
  }
}

function workingDirectory(): string {
  try {
    return process.cwd();
  } catch (cause) {
    throw new JwksError('failed', 'the working directory is gone', {
      cause,
      hint: 'change to another directory',
    });
  }
}

function actor(): string {
  try {
    return `${userInfo().username}@${hostname()}`;
  } catch {
    return `${process.geteuid?.() ?? 'unknown'}@${hostname()}`;
  }
}

const shield = new SignalShield();
const host: Host = {
  env: process.env,
  get cwd() {
    return workingDirectory();
  },
  // Making the stream costs time that most commands can do without.
  get stdin() {
    return process.stdin;
  },
  stdout: toOutput(1, 'stdout'),
  stderr: toOutput(2, 'stderr'),
  logOutput: toLogOutput,
  stdoutFile: () => statOf(1),
  now: () => toInstant(Date.now() / 1000),
  uid: process.geteuid?.(),
  actor,
  shield,
  untilSignal: () => shield.untilSignal(),
  askHidden: async (question) => (await import('./cli/prompts.ts')).askHidden(question),
  confirm: async (question) => (await import('./cli/prompts.ts')).confirm(question),
};

const isCompletion = process.argv[2] === completionWord;
run(process.argv.slice(2), host, version).then((status) => {
  process.exitCode = shield.status ?? status;
  // A look at a database that has gone silent would keep the process for half a minute.
  if (shield.isDone || isCompletion) process.exit();
});
