// jwks serve over a keystore in PostgreSQL hears of changes at once, and of no more than it needs to.
import { setTimeout as pause } from 'node:timers/promises';
import type pg from 'pg';
import { expect, onTestFinished, test, vi } from 'vitest';
import { makeClient } from '../../src/keystore/postgres-client.ts';
import { watchPostgres } from '../../src/keystore/postgres-watch.ts';
import { Machine } from '../support/cli.ts';
import { cleanEnv, jwks } from '../support/command.ts';
import { postgresMissing, postgresSchema } from '../support/postgres.ts';
import {
  addressOf,
  CountedStorage,
  followed,
  heardWithin,
  keystoreAt,
  kidsAt,
  ownPostgres,
  servingFrom,
  soon,
  untilQuiet,
} from '../support/postgres-serving.ts';
import { serving } from '../support/serving.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const missing = await postgresMissing();
type Address = ReturnType<typeof addressOf>;

/** A session with the database, for what the test itself has to say and ask. */
async function sessionOf(url: string): Promise<pg.Client> {
  const client = makeClient(addressOf(url));
  await client.connect();
  onTestFinished(() => client.end());
  return client;
}

/** A server that refuses LISTEN, as one may that speaks PostgreSQL's protocol and is none. */
class WithoutListen extends CountedStorage {
  connections = 0;
  readonly #address: Address;

  constructor(address: Address) {
    super(address);
    this.#address = address;
  }

  override watch(onChange: () => void): () => void {
    const connect = () => {
      this.connections += 1;
      const client = makeClient(this.#address);
      const query = client.query.bind(client) as (text: string) => Promise<never>;
      const refused = 'DO $$BEGIN RAISE feature_not_supported; END$$';
      return Object.assign(client, {
        query: (text: string) => query(text === 'LISTEN jwks' ? refused : text),
      });
    };
    return watchPostgres(this.#address, onChange, { connect });
  }
}

if (missing !== undefined) test.skip(`PostgreSQL: ${missing}`, () => {});
else {
  test('a change is served at once, although it looks once an hour', async () => {
    const { keystore, server } = await followed(await postgresSchema());
    await untilQuiet(server);
    const times: number[] = [];
    for (let round = 0; round < 10; round++) times.push(await heardWithin(keystore, server));
    times.sort((a, b) => a - b);
    console.log(`heard and served after ${times.map((time) => time.toFixed(1)).join(' ')} ms`);
    expect(times[5]).toBeLessThan(300);
  });

  test('so is one by another process', async () => {
    const url = await postgresSchema();
    const { keystore, server } = await followed(url);
    await untilQuiet(server);
    const home = temporaryDirectory();
    const env = cleanEnv(home, { JWKS_SECRET: keystore.made.text });
    const options = { env, cwd: home };
    const running = jwks(['create', 'auth', '--alg', 'ES256', '--keystore', url], options).then((ran) => ({
      ran,
      at: performance.now(),
    }));
    let seen = 0;
    await vi.waitFor(
      async () => {
        expect(await kidsAt(server.url)).toHaveLength(2);
        seen = performance.now();
      },
      { interval: 5, timeout: 10_000 },
    );
    const { ran, at } = await running;
    expect([ran.status, ran.stderr]).toEqual([0, expect.any(String)]);
    console.log(`served ${Math.round(seen - at)} ms after that process had ended`);
    expect(seen - at).toBeLessThan(1_000);
  });

  test('a storm of notifications leads to few looks, and the notifications of others to none', async () => {
    const url = await postgresSchema();
    const { server } = await followed(url);
    const { schema } = addressOf(url);
    const client = await sessionOf(url);
    const before = await untilQuiet(server);
    const storm = "SELECT pg_notify('jwks', $1 || i) FROM generate_series(1, 1000) AS i";
    for (const other of [`x${schema}`, schema, `${schema}/sets/`, '']) await client.query(storm, [other]);
    await pause(300);
    expect(server.storage.looks).toBe(before);
    // As one statement each, since the server tells the same text once a transaction.
    const told = "SELECT pg_notify('jwks', $1)";
    const sent = performance.now();
    await Promise.all(Array.from({ length: 1_000 }, () => client.query(told, [schema])));
    await pause(500);
    const stormed = performance.now() - sent;
    const atOnce = server.storage.looks - before;
    const began = performance.now();
    for (let index = 0; index < 1_000; index++) await client.query(told, [schema]);
    const lasted = performance.now() - began;
    await pause(200);
    const inTurn = server.storage.looks - before - atOnce;
    console.log(`looks: ${atOnce} for 1000 at once, ${inTurn} for 1000 in ${Math.round(lasted)} ms`);
    expect(atOnce).toBeGreaterThan(0);
    expect(atOnce).toBeLessThanOrEqual(stormed / 50 + 3);
    expect(inTurn).toBeLessThanOrEqual(lasted / 50 + 3);
  });

  test('what was changed while it was not connected is seen when it is', async () => {
    const postgres = await ownPostgres();
    const { keystore, server } = await followed(`${postgres.url()}?schema=own`);
    await untilQuiet(server);
    await postgres.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query = 'LISTEN jwks'");
    expect(await heardWithin(keystore, server)).toBeLessThan(soon);
  });

  test('where the server has no LISTEN it looks as often as always, and asks once', async () => {
    const url = await postgresSchema();
    const keystore = await keystoreAt(url);
    const storage = new WithoutListen(addressOf(url));
    const server = await servingFrom(keystore, storage);
    await pause(1_200);
    expect(storage.connections).toBe(1);
    expect(await heardWithin(keystore, server)).toBeLessThan(soon);
    expect(server.log().filter(({ level }) => level === 'error')).toEqual([]);
  });

  test('--rotate-due and the command line follow as well', async () => {
    const url = await postgresSchema();
    const machine = new Machine();
    expect((await machine.jwks(['init', '--keystore', url])).status).toBe(0);
    expect((await machine.jwks(['create', 'auth', '--alg', 'ES256', '--keystore', url])).status).toBe(0);
    const server = await serving(machine, `auth --rotate-due --keystore ${url}`);
    expect((await machine.jwks(['rotate', 'auth', '--keystore', url])).status).toBe(0);
    await vi.waitFor(async () => expect(await kidsAt(server.url)).toHaveLength(2), { timeout: 1_000 });
    expect((await server.stop()).status).toBe(0);
  });
}
