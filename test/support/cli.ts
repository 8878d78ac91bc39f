// Runs command lines in this process against a host that is made up: its own home, clock, streams and terminal.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { Host, Output } from '../../src/cli/host.ts';
import { run } from '../../src/cli/run.ts';
import { type Instant, parseInstant } from '../../src/lifecycle/time.ts';
import { noteFiles, noteInput, noteOutput } from './leaks.ts';
import { temporaryDirectory } from './temporary.ts';

export interface Ran {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Settings {
  /** Beside HOME, which is always there. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly stdin?: string;
  /** Columns of the terminal that stdout and stderr are; absent: they are pipes. */
  readonly terminal?: number | undefined;
  /** Answers for the terminal: hidden texts and yes or no, in order. */
  readonly answers?: readonly (string | boolean)[];
  /** Ends a command that serves. */
  readonly signal?: AbortSignal;
  /** Told of all that stderr has had, each time that there is more. */
  readonly onStderr?: (text: string) => void;
  /** Working directory below the home. */
  readonly cwd?: string;
}

/** One made-up machine: what a command leaves on its disk the next one finds. */
export class Machine {
  readonly home: string;
  readonly #work: string;
  /** Moved by tests; commands never see the real clock. */
  now: Instant;

  constructor(now = '2026-02-01T12:00:00Z', home?: string) {
    this.home = home ?? join(temporaryDirectory(), 'home');
    this.#work = home ?? join(this.home, 'work');
    mkdirSync(this.#work, { recursive: true });
    this.now = instant(now);
  }

  /** In a home that is there, and by the real clock: the built command goes on with what this one leaves. */
  static in(home: string): Machine {
    return new Machine(new Date().toISOString().replace(/\.\d+/, ''), home);
  }

  /** `jwks` and these words. */
  async jwks(argv: string | readonly string[], settings: Settings = {}): Promise<Ran> {
    const stdout = new Recorder(settings.terminal);
    const stderr = new Recorder(settings.terminal, settings.onStderr);
    const answers = [...(settings.answers ?? [])];
    const host: Host = {
      env: { HOME: this.home, ...settings.env },
      cwd: settings.cwd ?? this.#work,
      stdin: Object.assign(Readable.from([settings.stdin ?? '']), { isTTY: settings.terminal !== undefined }),
      stdout,
      stderr,
      logOutput: () => stderr,
      stdoutFile: () => undefined,
      now: () => this.now,
      uid: process.geteuid?.(),
      actor: () => 'alice@laptop',
      shield: { raise: () => {}, lower: () => {} },
      untilSignal: () => settings.signal ?? new AbortController().signal,
      askHidden: async () => String(answers.shift()),
      confirm: async () => answers.shift() === true,
    };
    const words = typeof argv === 'string' ? argv.split(' ').filter((word) => word !== '') : argv;
    noteInput(settings.stdin ?? '');
    const status = await run(words, host);
    noteOutput(words.join(' '), stdout.text, stderr.text);
    if (status === 0) noteFiles(words, host.cwd);
    return { status, stdout: stdout.text, stderr: stderr.text };
  }
}

export function instant(text: string): Instant {
  const at = parseInstant(text);
  if (at === undefined) throw new Error(`${text} is no time`);
  return at;
}

class Recorder implements Output {
  text = '';
  readonly isTerminal: boolean;
  readonly columns: number;

  readonly #onText: ((text: string) => void) | undefined;

  constructor(columns: number | undefined, onText?: (text: string) => void) {
    this.#onText = onText;
    this.isTerminal = columns !== undefined;
    this.columns = columns ?? 80;
  }

  async write(text: string | Buffer): Promise<void> {
    this.text += typeof text === 'string' ? text : text.toString();
    this.#onText?.(this.text);
  }
}
