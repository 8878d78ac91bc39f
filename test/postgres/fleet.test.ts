// Several hosts on one database, with a clock that runs fast: both serve and rotate, and so does cron, while the
// database is restarted and one of the hosts killed in each rotation. Only with JWKS_FLEET=5: so many rotations.
import type { ChildProcess } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { cleanEnv, finish, start } from '../support/command.ts';
import { type PostgresServer, postgresMissing, startPostgres } from '../support/postgres.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const missing = await postgresMissing();
const rotations = Number(process.env['JWKS_FLEET'] ?? 0);
/** Seconds of theirs in one of ours. */
const factor = 600;
const minute = 60;
/** How long a verifier keeps what it has fetched: cacheMaxAge and verifierCache. */
const kept = 10 * minute;
const policy = {
  ...{ rotateEvery: '2h', publishLag: '20m', cacheMaxAge: '5m', verifierCache: '5m' },
  ...{ tokenTtl: '10m', signerReload: '10m', skew: '5m' },
};

interface Listed {
  readonly kid: string;
  readonly state: string;
  readonly activates: string;
  readonly deactivates: string | null;
}

interface Fetched {
  readonly at: number;
  readonly kids: readonly string[];
}

class Fleet {
  readonly #env: Record<string, string>;
  readonly #origin = Date.now();
  readonly ports: number[] = [];
  readonly #hosts: ChildProcess[] = [];

  constructor(url: string) {
    const home = temporaryDirectory();
    const preload = fileURLToPath(new URL('../support/fast-clock.cjs', import.meta.url));
    mkdirSync(join(home, '.config', 'jwks'), { recursive: true });
    writeFileSync(join(home, '.config', 'jwks', 'config.json'), JSON.stringify({ policy }));
    this.#env = cleanEnv(home, {
      JWKS_KEYSTORE: url,
      JWKS_TEST_CLOCK: `${this.#origin} ${factor}`,
      NODE_OPTIONS: `--require ${preload}`,
      XDG_STATE_HOME: join(home, 'state'),
    });
  }

  /** Their time, in seconds. */
  now(): number {
    return (this.#origin + (Date.now() - this.#origin) * factor) / 1000;
  }

  async jwks(line: string) {
    return finish(start(line.split(' '), { env: this.#env }));
  }

  async ok(line: string): Promise<string> {
    const ran = await this.jwks(line);
    expect({ line, ...ran }).toMatchObject({ line, status: 0 });
    return ran.stdout;
  }

  async host(index: number): Promise<void> {
    this.ports[index] ??= await freePort();
    const words = `serve --all --rotate-due --port ${this.ports[index]} -q`.split(' ');
    const child = start(words, { env: this.#env });
    this.#hosts[index] = child;
    void finish(child);
  }

  kill(index: number, signal: NodeJS.Signals = 'SIGKILL'): void {
    this.#hosts[index]?.kill(signal);
  }

  async fetch(index: number): Promise<Fetched | undefined> {
    try {
      const response = await fetch(`http://127.0.0.1:${this.ports[index]}/.well-known/jwks.json`);
      const { keys } = (await response.json()) as { keys: { kid: string }[] };
      expect(response.status).toBe(200);
      return { at: this.now(), kids: keys.map(({ kid }) => kid) };
    } catch (error) {
      // The host that was killed does not answer; one that does answers rightly.
      if (error instanceof TypeError) return undefined;
      throw error;
    }
  }

  async keys(): Promise<Listed[]> {
    return JSON.parse(await this.ok('list auth --all --format json')).sets[0].keys;
  }
}

test.skipIf(missing !== undefined || rotations === 0)(
  'each rotation has one successor, and every verifier knows who signs',
  { timeout: 60_000 + rotations * 60_000 },
  async () => {
    const postgres = await startPostgres();
    onTestFinished(() => postgres.remove());
    const fleet = new Fleet(postgres.url());
    await fleet.ok('init');
    await fleet.ok('create --alg ES256 auth');
    onTestFinished(() => [0, 1].forEach((index) => void fleet.kill(index)));
    await Promise.all([fleet.host(0), fleet.host(1)]);
    const fetched: Fetched[] = [];
    const end = new AbortController();
    const cron = repeat(end.signal, 300, () => fleet.jwks('rotate --due'));
    const verifiers = repeat(end.signal, 50, async () => {
      for (const index of [0, 1])
        fetched.push(...[await fleet.fetch(index)].filter((one) => one !== undefined));
    });
    let disturbed = 0;
    for (let known = 1; known <= rotations; ) {
      await pause(500);
      const count = (await Promise.allSettled([fleet.keys()])).flatMap((one) =>
        one.status === 'fulfilled' ? [one.value.filter(({ state }) => state !== 'next').length] : [],
      )[0];
      if (count === undefined || count <= known) continue;
      known = count;
      await disturb(fleet, postgres, disturbed++);
    }
    end.abort();
    await Promise.all([cron, verifiers]);
    const keys = (await fleet.keys()).toReversed();
    for (const [index, { deactivates }] of keys.slice(0, -1).entries())
      expect([index, deactivates]).toEqual([index, keys[index + 1]?.activates]);
    const { events } = JSON.parse(await fleet.ok('history auth --format json'));
    const published = events.filter(({ event }: { event: string }) => event === 'published');
    expect(published).toHaveLength(keys.length - 1);
    expectKnown(keys, fetched);
    console.info(`${keys.length} keys, ${disturbed} restarts and kills, ${fetched.length} answers looked at`);
  },
);

/** Whoever signs at a time is in everything that a verifier may have kept until then. */
function expectKnown(keys: readonly Listed[], fetched: readonly Fetched[]): void {
  expect(fetched.length).toBeGreaterThan(50);
  for (const { kid, activates, deactivates } of keys) {
    const from = Date.parse(activates) / 1000 - kept;
    const to = deactivates === null ? Number.POSITIVE_INFINITY : Date.parse(deactivates) / 1000;
    const lacking = fetched.filter(({ at, kids }) => at >= from && at < to && !kids.includes(kid));
    expect({ kid, lacking }).toEqual({ kid, lacking: [] });
  }
}

async function disturb(fleet: Fleet, postgres: PostgresServer, time: number): Promise<void> {
  const index = time % 2;
  fleet.kill(index);
  await postgres.restart(index === 0 ? 'immediate' : 'fast');
  await fleet.host(index);
}

async function repeat(signal: AbortSignal, wait: number, work: () => Promise<unknown>): Promise<void> {
  while (!signal.aborted) {
    await work();
    await pause(wait);
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}
