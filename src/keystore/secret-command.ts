// Runs the command that prints the secret (`secretCommand`): no shell, a time limit, and nothing it prints is kept.
import type { ChildProcess } from 'node:child_process';
import { statSync } from 'node:fs';
import { StringDecoder } from 'node:string_decoder';
import { describeSystemError, JwksError, systemCode, withoutPasswords } from '../errors.ts';
import { mostSecretBytes } from './secret.ts';

export interface SecretCommand {
  /** The program, by an absolute path or a name on PATH, and its arguments. */
  readonly argv: readonly [string, ...string[]];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** A person is there to be asked: the command gets the terminal as its standard input. */
  readonly hasTerminal: () => boolean;
  /** Shows a person what the command says on stderr, as it comes. */
  readonly show: (text: string) => void;
  /** Milliseconds until it is ended; 10 s where it is absent. */
  readonly limit?: number | undefined;
}

const usualLimit = 10_000;
/** Between the request to end and the end. */
const grace = 1_000;
const mostShown = 8_192;
/** Set for the command: where it runs jwks itself, that one must not run it again. */
const mark = 'JWKS_IN_SECRET_COMMAND';
const withheld = /^JWKS_(?:SECRET|SECRET_FILE|ADMIN_TOKEN.*)$|^PGPASSWORD$/;

/** Without arguments: one of them may be a secret. */
export function describeCommand({ argv }: Pick<SecretCommand, 'argv'>): string {
  return `secretCommand ${argv[0]}`;
}

/**
 * What the command prints: 4 KiB at most. Every way in which it fails is `secret`, in a message that has neither its
 * arguments nor what it printed.
 */
export async function runSecretCommand(command: SecretCommand): Promise<Buffer> {
  const { argv, env, limit = usualLimit } = command;
  if (env[mark] !== undefined)
    throw fault(command, 'runs jwks, which would run it again', 'name the secret in that call of jwks');
  // With a terminal it stays in our process group: a prompt on /dev/tty works, and Ctrl-C ends both. Else it leads
  // a group of its own, so that all that it started can be ended.
  const isTogether = command.hasTerminal();
  const { spawn } = process.getBuiltinModule('node:child_process');
  const child = spawn(argv[0], argv.slice(1), {
    cwd: isDirectory(env['HOME']) ? env['HOME'] : '/',
    env: environmentFor(env),
    stdio: [isTogether ? 'inherit' : 'ignore', 'pipe', 'pipe'],
    detached: !isTogether,
    windowsHide: true,
  });
  const signal = (name: NodeJS.Signals) => signalAll(child, name, isTogether);
  const atExit = () => signal('SIGTERM');
  process.once('exit', atExit);
  try {
    return await collect(command, child, signal, limit);
  } finally {
    process.off('exit', atExit);
  }
}

function environmentFor(env: SecretCommand['env']): Record<string, string | undefined> {
  const passed = Object.entries(env).filter(([name]) => !withheld.test(name));
  const place = env['JWKS_KEYSTORE'];
  // Other URLs are for the command: a proxy's has a password that is needed.
  const named = place === undefined ? {} : { JWKS_KEYSTORE: withoutPasswords(place) };
  return { ...Object.fromEntries(passed), ...named, [mark]: '1' };
}

/** Ended when the command has, and its output too: a process that it left behind may keep only stderr. */
function collect(
  command: SecretCommand,
  child: ChildProcess,
  signal: (name: NodeJS.Signals) => void,
  limit: number,
): Promise<Buffer> {
  const { stdout, stderr } = child;
  if (stdout === null || stderr === null) throw fault(command, 'cannot be started');
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    let refused: JwksError | undefined;
    const timers: NodeJS.Timeout[] = [];
    const settle = (outcome: Buffer | JwksError) => {
      for (const timer of timers) clearTimeout(timer);
      stdout.destroy();
      stderr.destroy();
      child.unref();
      endShown();
      if (outcome instanceof JwksError) reject(outcome);
      else resolve(outcome);
    };
    const stop = (why: JwksError) => {
      if (refused !== undefined) return;
      refused = why;
      signal('SIGTERM');
      timers.push(
        setTimeout(() => {
          signal('SIGKILL');
          settle(why);
        }, grace),
      );
    };
    const span = `${limit / 1_000} s`;
    timers.push(setTimeout(() => stop(fault(command, `did not end within ${span}`)), limit));
    stdout.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= mostSecretBytes) chunks.push(chunk);
      else stop(fault(command, 'printed more than 4 KiB'));
    });
    const endShown = showBounded(stderr, command.show);
    child.on('error', (error) => settle(fault(command, describeStart(error), undefined, error)));
    let isClosed = stdout.closed;
    const finish = () => {
      const { exitCode, signalCode } = child;
      if (!isClosed || (exitCode === null && signalCode === null)) return;
      // What it says at its end is shown before the error: one turn for what is in the pipe.
      const end = () => {
        if (refused !== undefined) settle(refused);
        else if (signalCode !== null) settle(fault(command, `was ended by ${signalCode}`));
        else if (exitCode !== 0) settle(fault(command, `failed with exit status ${exitCode}`));
        else settle(Buffer.concat(chunks));
      };
      if (stderr.closed) return end();
      stderr.once('close', end);
      timers.push(setTimeout(end, 100));
    };
    stdout.once('close', () => {
      isClosed = true;
      finish();
    });
    child.once('exit', finish);
  });
}

/** The function that it returns ends the line. */
function showBounded(stderr: NodeJS.ReadableStream, show: (text: string) => void): () => void {
  const decoder = new StringDecoder();
  let left = mostShown;
  let isOpen = false;
  stderr.on('data', (chunk: Buffer) => {
    if (left <= 0) return;
    const text = decoder.write(chunk.subarray(0, left));
    left -= chunk.length;
    if (text !== '') {
      show(text);
      isOpen = !text.endsWith('\n');
    }
    if (left > 0) return;
    show(`${isOpen ? '\n' : ''}(it says more, which is not shown)\n`);
    isOpen = false;
  });
  return () => {
    if (isOpen) show('\n');
  };
}

function signalAll(child: ChildProcess, name: NodeJS.Signals, isTogether: boolean): void {
  if (child.pid === undefined) return;
  try {
    // Others of its group may still run where it does not: one that has no process left is no error.
    if (isTogether || process.platform === 'win32') child.kill(name);
    else process.kill(-child.pid, name);
  } catch {}
}

function describeStart(error: Error): string {
  if (systemCode(error) === 'ENOENT') return 'cannot be run: there is no such program';
  return `cannot be run: ${describeSystemError(error)}`;
}

function isDirectory(path: string | undefined): path is string {
  try {
    return path !== undefined && path !== '' && statSync(path).isDirectory();
  } catch {
    return false;
  }
}

function fault(command: SecretCommand, what: string, hint?: string, cause?: Error): JwksError {
  // The system's error has the arguments in it.
  const code = systemCode(cause);
  return new JwksError('secret', `${describeCommand(command)} ${what}`, {
    hint: hint ?? 'try it in a shell; it must print the secret and nothing else',
    ...(code === undefined ? {} : { cause: new Error(code) }),
  });
}
