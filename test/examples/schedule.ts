// A host on which the examples run: a keystore that was made some time ago, and the built command on the path.
import { copyFileSync, existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { type Instant, parseDuration } from '../../src/lifecycle/time.ts';
import { Machine } from '../support/cli.ts';
import type { Finished } from '../support/command.ts';
import { newShell, type Shell, sh } from '../support/shell.ts';

export const examples = fileURLToPath(new URL('../../examples/', import.meta.url));

/** The real clock, since the command that the examples run has no other. */
export function ago(span: string): Instant {
  return (Math.floor(Date.now() / 1000) - (parseDuration(span) ?? Number.NaN)) as Instant;
}

export class ScheduledHost {
  readonly machine = new Machine();
  readonly shell: Shell;
  readonly file: string;

  constructor() {
    const { env } = newShell();
    this.shell = { home: this.machine.home, env: { ...env, HOME: this.machine.home } };
    mkdirSync(`${this.machine.home}/web`);
    this.file = `${this.machine.home}/web/jwks.json`;
    copyFileSync(`${examples}rotate-and-publish.sh`, `${this.machine.home}/rotate-and-publish.sh`);
  }

  /** A command at a time in the past, which must succeed. */
  async at(span: string, argv: string): Promise<string> {
    this.machine.now = ago(span);
    const { status, stdout, stderr } = await this.machine.jwks(argv);
    expect({ argv, status, stderr: status === 0 ? '' : stderr }).toEqual({ argv, status: 0, stderr: '' });
    return stdout.trim();
  }

  /** The script; whenever it reloads the server, `reloads` gets a line with the keys that were there. */
  async run(more: Readonly<Record<string, string>> = {}, ...sets: readonly string[]): Promise<Finished> {
    const env = {
      PUBLISH_TO: this.file,
      RELOAD: `jwks thumbprint '${this.file}' | wc -l >> '${this.machine.home}/reloads'`,
      ...more,
    };
    const words = sets.map((set) => `'${set}'`).join(' ');
    return sh({ ...this.shell, env: { ...this.shell.env, ...env } }, `./rotate-and-publish.sh ${words}`);
  }

  get published(): string[] {
    const { keys }: { keys: { kid: string }[] } = JSON.parse(readFileSync(this.file, 'utf8'));
    return keys.map(({ kid }) => kid);
  }

  /** The number of published keys at each reload. */
  get reloads(): number[] {
    const path = `${this.machine.home}/reloads`;
    return existsSync(path) ? readFileSync(path, 'utf8').trim().split('\n').map(Number) : [];
  }

  /** Tells whether the file was written anew. */
  get version(): string {
    const { ino, mtimeNs } = statSync(this.file, { bigint: true });
    return `${ino} ${mtimeNs}`;
  }

  documentOf(set: string, revision: number): string {
    return `${this.machine.home}/.local/share/jwks/sets/${set}/${revision}.json`;
  }
}

/** A set `auth` whose successor is due since yesterday, and its key. */
export async function dueHost(): Promise<{ host: ScheduledHost; kid: string }> {
  const host = new ScheduledHost();
  const kid = await host.at('89d', 'create -q --alg ES256 auth');
  await host.at('89d', 'policy -q auth --rotate-every 90d');
  return { host, kid };
}

/** A set `auth` with nothing due for months, and its key. */
export async function quietHost(): Promise<{ host: ScheduledHost; kid: string }> {
  const host = new ScheduledHost();
  const kid = await host.at('1d', 'create -q --alg ES256 auth');
  await host.at('1d', 'policy -q auth --rotate-every 90d');
  return { host, kid };
}
