// Everything of the outside world that the command uses, so that a test can hand it another one.
import type { Stats } from 'node:fs';
import type { Readable } from 'node:stream';
import type { Shield } from '../keystore/storage.ts';
import type { Instant } from '../lifecycle/time.ts';

export interface Output {
  /** Resolves when the text, or bytes as they are, is handed over; a reader that went away is no error. */
  write(text: string | Buffer): Promise<void>;
  readonly isTerminal: boolean;
  /** Width of the terminal in characters. */
  readonly columns: number;
}

export interface Host {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: Output;
  readonly stderr: Output;
  /** stderr for a process that stays: whoever does not read it cannot stop it. Waiting for it keeps no process alive. */
  readonly logOutput: () => Output;
  /** What stdout is, where it is a file. */
  readonly stdoutFile: () => Stats | undefined;
  readonly now: () => Instant;
  /** The effective user; `undefined` on Windows. */
  readonly uid: number | undefined;
  /** `user@host`, for the history. */
  readonly actor: () => string;
  /** Holds signals back while a step that cannot be taken back is being reported. */
  readonly shield: Shield;
  /** Aborted by the first SIGINT or SIGTERM, which then do not end the process; the second one does. */
  readonly untilSignal: () => AbortSignal;
  /** Asks for a hidden text on the terminal. */
  readonly askHidden: (question: string) => Promise<string>;
  /** Asks a yes-or-no question on the terminal. */
  readonly confirm: (question: string) => Promise<boolean>;
}
