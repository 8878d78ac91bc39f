// A server in this process over a keystore in PostgreSQL: its looks are counted, and how often it looks is chosen.
import { expect, onTestFinished, vi } from 'vitest';
import { parseDatabaseUrl } from '../../src/keystore/database-url.ts';
import { PostgresStorage } from '../../src/keystore/postgres-storage.ts';
import type { DocumentName } from '../../src/keystore/set-id.ts';
import { Follower } from '../../src/operations/follow-sets.ts';
import { Log } from '../../src/server/log.ts';
import { serve } from '../../src/server/server.ts';
import { addKey, auth, type MadeKeystore, makeKeystoreIn, noon } from './keystore.ts';
import { type PostgresServer, startPostgres } from './postgres.ts';

/** It looks so seldom that what is seen sooner was heard of. */
export const hour = 3_600_000;
/** With time for a machine that does much else. */
export const soon = 5_000;
export const wellKnown = '/.well-known/jwks.json';
export const addressOf = (url: string) => parseDatabaseUrl(url, { env: {}, cwd: '/' });

export async function kidsAt(url: string): Promise<string[]> {
  const response = await fetch(url + wellKnown);
  const { keys } = (await response.json()) as { keys: { kid: string }[] };
  return keys.map(({ kid }) => kid);
}

export class CountedStorage extends PostgresStorage {
  /** A look reads the master document once. */
  looks = 0;

  override read(name: DocumentName) {
    if (name === 'master') this.looks += 1;
    return super.read(name);
  }
}

export interface FollowedKeystore {
  readonly made: MadeKeystore<PostgresStorage>;
  /** Adds a key over a connection of its own, and returns its kid. */
  readonly change: () => Promise<string>;
}

/** A keystore with one set of one key. */
export async function keystoreAt(url: string): Promise<FollowedKeystore> {
  const storage = new PostgresStorage(addressOf(url));
  onTestFinished(() => storage.close());
  await storage.make();
  const made = await makeKeystoreIn(storage);
  const change = async () => addKey(await made.open());
  await change();
  return { made, change };
}

export interface LogEntry {
  readonly level: string;
  readonly message: string;
  readonly url?: string;
}

export interface PostgresServing {
  readonly url: string;
  readonly storage: CountedStorage;
  readonly log: () => readonly LogEntry[];
  /** Ends it as a signal does. */
  readonly stop: () => Promise<void>;
}

export async function servingFrom(
  { made }: FollowedKeystore,
  storage: CountedStorage,
  lookEvery?: number,
): Promise<PostgresServing> {
  const { reader } = await made.open({ storage });
  const follower = await Follower.start(reader, [auth]);
  let text = '';
  const write = async (more: string) => {
    text += more;
  };
  const clock = () => noon;
  const asItIs = (text: string) => text;
  const log = new Log({ write, form: 'json', isQuiet: false, now: clock, escape: asItIs });
  const end = new AbortController();
  const done = serve(
    {
      ...{
        follower,
        clock,
        log,
        escape: asItIs,
        host: '127.0.0.1',
        port: 0,
        contentType: 'application/json',
      },
      ...{
        issuer: undefined,
        tls: undefined,
        admin: undefined,
        metricsPort: undefined,
        rotateDue: undefined,
      },
      ...(lookEvery === undefined ? {} : { lookEvery }),
    },
    end.signal,
  );
  const stop = async () => {
    end.abort();
    await done;
    await storage.close();
  };
  onTestFinished(stop);
  const entries = () =>
    text
      .split('\n')
      .slice(0, -1)
      .map((line): LogEntry => JSON.parse(line));
  const first = await vi.waitFor(() => {
    const [listening] = entries();
    if (listening?.url === undefined) throw new Error('it does not listen yet');
    return listening.url;
  });
  return { url: new URL(first).origin, storage, log: entries, stop };
}

export async function ownPostgres(): Promise<PostgresServer> {
  const server = await startPostgres();
  onTestFinished(() => server.remove());
  return server;
}

/** Until the server listens, has looked after that, and does so no more; returns how often it has looked. */
export async function untilQuiet({ storage }: PostgresServing): Promise<number> {
  let before = -1;
  await vi.waitFor(
    () => {
      const isQuiet = storage.looks > 1 && storage.looks === before;
      before = storage.looks;
      if (!isQuiet) throw new Error('it has not connected, or still looks');
    },
    { interval: 250, timeout: 20_000 },
  );
  return storage.looks;
}

export async function followed(url: string, lookEvery = hour) {
  const keystore = await keystoreAt(url);
  const server = await servingFrom(keystore, new CountedStorage(addressOf(url)), lookEvery);
  return { keystore, server };
}

/** Changes the set and returns the milliseconds from the change's end until its key is served. */
export async function heardWithin({ change }: FollowedKeystore, { url }: PostgresServing): Promise<number> {
  const kid = await change();
  const changed = performance.now();
  await vi.waitFor(async () => expect(await kidsAt(url)).toContain(kid), { interval: 2, timeout: 10_000 });
  return performance.now() - changed;
}
