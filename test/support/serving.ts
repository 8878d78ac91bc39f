// A `jwks serve` in this process, with its log and an end.
import { afterEach } from 'vitest';
import type { Machine, Ran, Settings } from './cli.ts';

export interface Serving {
  /** Of the public listener, without a path. */
  readonly url: string;
  /** The log so far, a line an entry. */
  readonly log: () => readonly Record<string, unknown>[];
  stop(): Promise<Ran>;
}

const running = new Set<AbortController>();
afterEach(() => {
  for (const one of running) one.abort();
  running.clear();
});

/** Starts it on a free port and waits until it listens. What ends before that is thrown. */
export async function serving(machine: Machine, argv: string, settings: Settings = {}): Promise<Serving> {
  const end = new AbortController();
  running.add(end);
  let text = '';
  let resolve: (url: string) => void = () => {};
  const listens = new Promise<string>((settle) => {
    resolve = settle;
  });
  const onStderr = (all: string) => {
    text = all;
    const url = /"listener":"public","url":"([^"]+)"/.exec(all)?.[1];
    if (url !== undefined) resolve(new URL(url).origin);
  };
  const done = machine.jwks(`serve --port 0 ${argv}`, { ...settings, signal: end.signal, onStderr });
  const early = done.then((ran) => {
    throw new Error(`it ended with ${ran.status}: ${ran.stderr}`);
  });
  early.catch(() => {});
  const url = await Promise.race([listens, early]);
  return {
    url,
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
