// Hears at once that a keystore in PostgreSQL has changed: LISTEN, on a connection that does nothing else.
// https://www.postgresql.org/docs/current/sql-listen.html
import { setTimeout as pause } from 'node:timers/promises';
import type pg from 'pg';
import type { DatabaseAddress } from './database-url.ts';
import { makeClient } from './postgres-client.ts';
import { isCockroach } from './postgres-schema.ts';
import { sqlState } from './postgres-sqlstate.ts';

/** All in milliseconds. At most one call in so long: a command that rotates a thousand sets is one change. */
const between = 50;
const shortestRetry = 250;
const longestRetry = 30_000;
/** A connection that a firewall has forgotten says nothing for ever, and so does one where nothing changes. */
const pingEvery = 30_000;
const longestPing = 10_000;

/** What tests replace. */
export interface WatchMeans {
  readonly connect: () => pg.Client;
  /** False: it was stopped meanwhile. */
  readonly wait: (milliseconds: number, signal: AbortSignal) => Promise<boolean>;
}

/**
 * - `refused` it did not come to listening
 * - `lost` it listened, until the connection broke
 * - `unsupported` the server has no LISTEN: CockroachDB, or a proxy that does not pass it on
 */
type Fate = 'refused' | 'lost' | 'unsupported';

/**
 * Calls back after each change to the keystore, and after each connection that was made, since a change before it was
 * not heard of. Connects again for ever. Returns what ends it.
 */
export function watchPostgres(
  address: DatabaseAddress,
  onChange: () => void,
  means: Partial<WatchMeans> = {},
): () => void {
  const end = new AbortController();
  const all = { connect: () => makeClient(address), wait: waited, ...means };
  const call = atMostEvery(between, () => {
    if (!end.signal.aborted) onChange();
  });
  void keepListening(all, address.schema, call, end.signal);
  return () => end.abort();
}

/** In milliseconds. `random` from 0 to 1: hosts that lost one server do not all come back in the same moment. */
export function retryAfter(failures: number, random: number): number {
  return (Math.min(2 * shortestRetry * 2 ** failures, longestRetry) * (1 + random)) / 2;
}

async function keepListening(
  means: WatchMeans,
  schema: string,
  call: () => void,
  signal: AbortSignal,
): Promise<void> {
  let failures = 0;
  do {
    const fate = await listen(means, schema, call, signal);
    if (fate === 'unsupported') return;
    failures = fate === 'lost' ? 0 : failures + 1;
  } while (await means.wait(retryAfter(Math.max(0, failures - 1), Math.random()), signal));
}

/** Until the connection breaks. What was wrong is said by whoever reads the keystore. */
async function listen(
  means: WatchMeans,
  schema: string,
  call: () => void,
  signal: AbortSignal,
): Promise<Fate> {
  let isListening = false;
  const gone = new AbortController();
  let drop = () => {};
  try {
    const client = means.connect();
    const ended = new Promise<void>((resolve) => {
      gone.signal.addEventListener('abort', () => resolve());
    });
    // It comes whatever happens, also instead of an answer; an error alone is not the end yet.
    client.on('end', () => gone.abort());
    client.on('error', () => {});
    client.on('notification', ({ payload }) => {
      if (payload === schema) call();
    });
    drop = () => {
      gone.abort();
      void client.end().catch(() => {});
      // Whoever is at the other end may be gone, and a goodbye would wait for an answer.
      client.connection.stream.destroy();
    };
    signal.addEventListener('abort', drop, { once: true });
    const work = async (): Promise<void> => {
      await client.connect();
      const { rows } = await client.query<{ version: string }>('SELECT pg_catalog.version() AS version');
      if (isCockroach(rows[0]?.version ?? '')) throw new NoListen();
      await client.query('LISTEN jwks');
      isListening = true;
      call();
      let isThere = true;
      while (isThere && (await means.wait(pingEvery, gone.signal))) {
        const late = means.wait(longestPing, gone.signal).then(() => false);
        isThere = await Promise.race([client.query('SELECT 1').then(() => true), late]);
      }
    };
    await Promise.race([work(), ended]);
  } catch (error) {
    if (error instanceof NoListen || sqlState(error) === '0A000') return 'unsupported';
  } finally {
    drop();
    signal.removeEventListener('abort', drop);
  }
  return isListening ? 'lost' : 'refused';
}

class NoListen extends Error {}

/** The first call at once, and one more for all that come too soon after it. */
function atMostEvery(milliseconds: number, work: () => void): () => void {
  let isResting = false;
  let isDue = false;
  const run = (): void => {
    if (isResting) {
      isDue = true;
      return;
    }
    isResting = true;
    setTimeout(() => {
      isResting = false;
      if (!isDue) return;
      isDue = false;
      run();
    }, milliseconds).unref();
    work();
  };
  return run;
}

async function waited(milliseconds: number, signal: AbortSignal): Promise<boolean> {
  try {
    await pause(milliseconds, undefined, { signal });
    return true;
  } catch {
    return false;
  }
}
