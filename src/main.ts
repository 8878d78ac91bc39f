// The real world: process, clock, streams, signals. Everything else is handed these.
import { fstatSync, type Stats, writeSync } from 'node:fs';
import { hostname, userInfo } from 'node:os';
import type { Host, Output } from './cli/host.ts';
import { run } from './cli/run.ts';
import { describeSystemError, JwksError, systemCode } from './errors.ts';
import type { Shield } from './keystore/file-storage.ts';
import { toInstant } from './lifecycle/time.ts';

const signals = { SIGINT: 130, SIGTERM: 143 } as const;

/** Signals end the process at once, but not between a step that cannot be taken back and its report. */
class SignalShield implements Shield {
  #raised = false;
  status: number | undefined;

  constructor() {
    for (const [name, status] of Object.entries(signals)) {
      process.on(name, () => {
        this.status = status;
        if (this.#raised) return;
        writeSync(2, 'jwks: interrupted; nothing was changed\n');
        process.exit(status);
      });
    }
  }

  raise(): void {
    this.#raised = true;
  }

  lower(): void {
    this.#raised = false;
  }
}

function toOutput(stream: NodeJS.WriteStream, name: string): Output {
  // A reader that went away (`| head`) is no error of ours.
  let isGone = false;
  stream.on('error', () => {
    isGone = true;
  });
  return {
    isTerminal: stream.isTTY === true,
    columns: stream.columns ?? 80,
    write: (text) =>
      new Promise((resolve, reject) => {
        if (isGone || text === '') return resolve();
        stream.write(text, (error) => {
          if (error === null || error === undefined || systemCode(error) === 'EPIPE') return resolve();
          reject(new JwksError('failed', `${name} cannot be written: ${describeSystemError(error)}`, { cause: error }));
        });
      }),
  };
}

function statOf(descriptor: number): Stats | undefined {
  try {
    return fstatSync(descriptor);
  } catch {
    return undefined;
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
  cwd: process.cwd(),
  stdin: process.stdin,
  stdout: toOutput(process.stdout, 'stdout'),
  stderr: toOutput(process.stderr, 'stderr'),
  stdoutFile: () => statOf(1),
  now: () => toInstant(Date.now() / 1000),
  uid: process.geteuid?.(),
  actor,
  shield,
  askHidden: async (question) => (await import('./cli/prompts.ts')).askHidden(question),
  confirm: async (question) => (await import('./cli/prompts.ts')).confirm(question),
};

run(process.argv.slice(2), host).then((status) => {
  process.exitCode = shield.status ?? status;
});
