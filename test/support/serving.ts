// A `jwks serve` in this process, with its log and an end.
import { onTestFinished } from 'vitest';
import type { Machine, Ran, Settings } from './cli.ts';
import { noteAsked } from './leaks.ts';

export interface Serving {
  /** Of the public listener, without a path. */
  readonly url: string;
  /** Of the admin listener and the one for metrics, if there are. */
  readonly admin: string;
  readonly metrics: string;
  /** The log so far, a line an entry. */
  readonly log: () => readonly Record<string, unknown>[];
  stop(): Promise<Ran>;
}

/** Starts it on a free port and waits until it listens. What ends before that is thrown. */
export async function serving(machine: Machine, argv: string, settings: Settings = {}): Promise<Serving> {
  const end = new AbortController();
  onTestFinished(() => end.abort());
  let text = '';
  let resolve = () => {};
  const listens = new Promise<void>((settle) => {
    resolve = settle;
  });
  const addressOf = (name: string): string =>
    new RegExp(`"listener":"${name}","url":"(unix:[^"]+|https?://[^/"]+)`).exec(text)?.[1] ?? '';
  const expected = ['public'];
  if (/--admin-(?:port|socket)/.test(argv)) expected.push('admin');
  if (argv.includes('--metrics-port')) expected.push('metrics');
  const onStderr = (all: string) => {
    text = all;
    if (expected.every((name) => addressOf(name) !== '')) resolve();
  };
  const done = machine.jwks(`serve --port 0 ${argv}`, { ...settings, signal: end.signal, onStderr });
  const early = done.then((ran) => {
    throw new Error(`it ended with ${ran.status}: ${ran.stderr}`);
  });
  early.catch(() => {});
  await Promise.race([listens, early]);
  if (argv.includes('--admin-private')) noteAsked(addressOf('admin'));
  return {
    url: addressOf('public'),
    admin: addressOf('admin'),
    metrics: addressOf('metrics'),
    log: () =>
      text
        .split('\n')
        .filter((line) => line.startsWith('{'))
        .map((line) => JSON.parse(line)),
    async stop() {
      end.abort();
      return done;
    },
  };
}
