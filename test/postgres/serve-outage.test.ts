// jwks serve over a PostgreSQL that goes away and comes back: verifiers are answered all the time.
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { Machine } from '../support/cli.ts';
import { cleanEnv, finish, start } from '../support/command.ts';
import { type PostgresServer, postgresMissing, startPostgres } from '../support/postgres.ts';
import {
  addressOf,
  CountedStorage,
  followed,
  heardWithin,
  keystoreAt,
  servingFrom,
  soon,
  untilQuiet,
  wellKnown,
} from '../support/postgres-serving.ts';
import { networkTo } from '../support/silent-network.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const missing = await postgresMissing();

/** Asks all the time as a verifier does; `end` returns the answers that were not the keys. */
function asking(url: string) {
  const wrong: string[] = [];
  let asked = 0;
  let isOver = false;
  const loop = (async () => {
    while (!isOver) {
      const response = await fetch(url + wellKnown).catch((error: unknown) => String(error));
      asked += 1;
      if (typeof response === 'string') wrong.push(response);
      else if (response.status !== 200 || !(await response.text()).includes('"kid"'))
        wrong.push(`${response.status}`);
      await pause(2);
    }
  })();
  const end = async () => {
    isOver = true;
    await loop;
    return { asked, wrong };
  };
  return { asked: () => asked, end };
}

if (missing !== undefined) test.skip(`PostgreSQL: ${missing}`, () => {});
else {
  let postgres: PostgresServer;
  let schemas = 0;
  const newSchema = () => `${postgres.url()}?schema=own_${++schemas}`;
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  // It starts again what a test has stopped.
  beforeEach(() => postgres.start());
  afterAll(() => postgres.remove());

  test.each(['fast', 'immediate'] as const)(
    'a server that is restarted (%s): every request is answered, and then it follows again',
    async (mode) => {
      const { keystore, server } = await followed(newSchema());
      await untilQuiet(server);
      const answers = asking(server.url);
      const { looks } = server.storage;
      await postgres.stop(mode);
      const before = answers.asked();
      await vi.waitFor(() => expect(answers.asked()).toBeGreaterThan(before + 100), { timeout: 20_000 });
      await postgres.start();
      const up = performance.now();
      await vi.waitFor(() => expect(server.storage.looks).toBeGreaterThan(looks), { timeout: 10_000 });
      const again = performance.now() - up;
      await untilQuiet(server);
      const took = await heardWithin(keystore, server);
      const { asked, wrong } = await answers.end();
      console.log(
        `${mode}: ${asked} requests; connected again after ${Math.round(again)} ms, then ${took.toFixed(1)} ms`,
      );
      expect(wrong).toEqual([]);
      expect(asked).toBeGreaterThan(100);
      expect(took).toBeLessThan(soon);
    },
  );

  test('as with files: not ready while it cannot be read, ready again afterwards, and each said once', async () => {
    const url = newSchema();
    const keystore = await keystoreAt(url);
    const storage = new CountedStorage(addressOf(url));
    const server = await servingFrom(keystore, storage);
    const statusOf = async (path: string) => (await fetch(server.url + path)).status;
    expect(await statusOf('/health/ready')).toBe(200);
    await postgres.stop();
    await vi.waitFor(async () => expect(await statusOf('/health/ready')).toBe(503), { timeout: 5_000 });
    await pause(2_000);
    expect([await statusOf('/health/alive'), await statusOf(wellKnown)]).toEqual([200, 200]);
    await postgres.start();
    await vi.waitFor(async () => expect(await statusOf('/health/ready')).toBe(200), { timeout: 5_000 });
    await vi.waitFor(() =>
      expect(server.log().map(({ message }) => message)).toContain('the keystore can be read again'),
    );
    const errors = server.log().filter(({ level }) => level === 'error');
    console.log(errors.map(({ message }) => message).join('\n'));
    expect(errors.length).toBeGreaterThan(0);
    // The connection broke; nothing listens there; it is starting: each of them is another state.
    expect(errors.length).toBeLessThanOrEqual(4);
    expect(new Set(errors.map(({ message }) => message)).size).toBe(errors.length);
    expect(await heardWithin(keystore, server)).toBeLessThan(soon);
  });

  test('a database that is down at the start ends it with 1', async () => {
    const url = newSchema();
    const { made } = await keystoreAt(url);
    await postgres.stop();
    const machine = new Machine();
    const ran = await machine.jwks(['serve', 'auth', '--port', '0', '--keystore', url], {
      env: { JWKS_SECRET: made.text },
    });
    expect([ran.status, ran.stdout]).toEqual([1, '']);
    expect(ran.stderr).toContain('nothing listens there');
  });

  test.each(['up', 'down', 'silent'] as const)(
    'SIGTERM ends it with 0 while the database is %s',
    async (state) => {
      const direct = newSchema();
      const { made } = await keystoreAt(direct);
      const { url, freeze } = await networkTo(direct);
      const home = temporaryDirectory();
      const env = cleanEnv(home, { JWKS_SECRET: made.text });
      const child = start(['serve', 'auth', '--port', '0', '--keystore', url], { env, cwd: home });
      onTestFinished(() => void child.kill('SIGKILL'));
      let said = '';
      child.stderr.on('data', (text) => {
        said += String(text);
      });
      const ended = finish(child);
      await vi.waitFor(() => expect(said).not.toBe(''), { timeout: 20_000 });
      await pause(300);
      if (state === 'down') {
        await postgres.stop();
        await vi.waitFor(() => expect(said).toContain('"level":"error"'), { timeout: 20_000 });
      }
      freeze(state === 'silent');
      // With time for a look that nobody answers.
      if (state === 'silent') await pause(1_000);
      const began = performance.now();
      child.kill('SIGTERM');
      const { status, signal, stderr } = await ended;
      const took = performance.now() - began;
      console.log(`${state}: ended ${Math.round(took)} ms after the signal`);
      expect([status, signal, stderr]).toEqual([0, null, expect.stringContaining('"stopped"')]);
      expect(took).toBeLessThan(soon);
    },
    60_000,
  );
}
