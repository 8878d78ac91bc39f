// How the connection that hears of changes is kept, with a client that is made up: its errors, its end, its silence.
import { EventEmitter } from 'node:events';
import type pg from 'pg';
import { expect, onTestFinished, test, vi } from 'vitest';
import { parseDatabaseUrl } from '../../src/keystore/database-url.ts';
import { retryAfter, watchPostgres } from '../../src/keystore/postgres-watch.ts';

const address = parseDatabaseUrl('postgres://u@db.example/d?schema=own&sslmode=disable', {
  env: {},
  cwd: '/',
});

/** `never`: no answer comes. */
type Answer = Error | 'never' | undefined;
type Asked = 'connect' | 'SELECT pg_catalog.version() AS version' | 'LISTEN jwks' | 'SELECT 1';

class FakeClient extends EventEmitter {
  readonly connection = { stream: { destroy: () => this.break() } };
  readonly asked: string[] = [];
  readonly #answers: Partial<Record<Asked, Answer>>;
  readonly #version: string;
  isOver = false;

  constructor(answers: Partial<Record<Asked, Answer>> = {}, version = 'PostgreSQL 17.2') {
    super();
    this.#answers = answers;
    this.#version = version;
  }

  connect(): Promise<unknown> {
    return this.query('connect');
  }

  query(text: Asked): Promise<{ rows: object[] }> {
    this.asked.push(text);
    const answer = this.#answers[text];
    if (answer === 'never') return new Promise(() => {});
    return answer === undefined
      ? Promise.resolve({ rows: [{ version: this.#version }] })
      : Promise.reject(answer);
  }

  async end(): Promise<void> {}

  tell(payload: string): void {
    this.emit('notification', { channel: 'jwks', payload });
  }

  break(): void {
    if (this.isOver) return;
    this.isOver = true;
    process.nextTick(() => this.emit('end'));
  }
}

/** A watch whose waiting is done when the test says so: the clock stands still. */
function watching(next: (index: number) => FakeClient) {
  const clients: FakeClient[] = [];
  const waits: { readonly milliseconds: number; readonly pass: () => void }[] = [];
  let calls = 0;
  const stop = watchPostgres(address, () => calls++, {
    connect: () => {
      const client = next(clients.length);
      clients.push(client);
      // Only the methods that are called.
      return client as unknown as pg.Client;
    },
    wait: (milliseconds, signal) =>
      new Promise((resolve) => {
        if (signal.aborted) return resolve(false);
        const wait = { milliseconds, pass: () => settle(true) };
        const settle = (isPassed: boolean) => {
          waits.splice(waits.indexOf(wait), 1);
          resolve(isPassed);
        };
        waits.push(wait);
        signal.addEventListener('abort', () => settle(false));
      }),
  });
  onTestFinished(stop);
  /** What it waits for now, in milliseconds. */
  const waited = async (): Promise<number> => {
    await vi.waitFor(() => expect(waits.length).toBeGreaterThan(0));
    return waits[0]?.milliseconds ?? 0;
  };
  return { clients, waits, stop, waited, calls: () => calls };
}

const sqlError = (code: string): Error => Object.assign(new Error('no'), { code, severity: 'ERROR' });

test.each([
  [0, 0, 250],
  [0, 1, 500],
  [1, 0, 500],
  [3, 0.5, 3_000],
  [6, 1, 30_000],
  [7, 0, 15_000],
  [7, 1, 30_000],
  [5_000, 1, 30_000],
])('after %i failures more and a die of %f it waits %i ms', (failures, random, expected) => {
  expect(retryAfter(failures, random)).toBe(expected);
});

test('it listens, and hears of its own schema only', async () => {
  const { clients, calls, waited } = watching(() => new FakeClient());
  expect(await waited()).toBe(30_000);
  expect(clients[0]?.asked).toEqual(['connect', 'SELECT pg_catalog.version() AS version', 'LISTEN jwks']);
  // The one after it has connected.
  expect(calls()).toBe(1);
  for (const payload of ['other', 'own2', 'own/', '', 'xown', 'OWN']) clients[0]?.tell(payload);
  clients[0]?.emit('notification', { channel: 'jwks' });
  await new Promise((resolve) => setTimeout(resolve, 120));
  expect(calls()).toBe(1);
  clients[0]?.tell('own');
  expect(calls()).toBe(2);
});

test('many at once are one call, and one more for what came after it', async () => {
  const { clients, calls, waited, stop } = watching(() => new FakeClient());
  await waited();
  await new Promise((resolve) => setTimeout(resolve, 60));
  for (let index = 0; index < 1_000; index++) clients[0]?.tell('own');
  expect(calls()).toBe(2);
  await vi.waitFor(() => expect(calls()).toBe(3));
  clients[0]?.tell('own');
  // It is due in a moment, and is not wanted any more.
  stop();
  await new Promise((resolve) => setTimeout(resolve, 120));
  expect(calls()).toBe(3);
});

test('it waits longer after each failure, and from the beginning after it has listened', async () => {
  const refusal = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
  const { clients, waits, waited, calls } = watching(
    (index) => new FakeClient(index < 9 ? { connect: refusal } : {}),
  );
  const bounds = [250, 500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000];
  for (const [index, least] of bounds.entries()) {
    const milliseconds = await waited();
    expect(clients).toHaveLength(index + 1);
    expect(milliseconds).toBeGreaterThanOrEqual(least);
    expect(milliseconds).toBeLessThanOrEqual(2 * least);
    waits[0]?.pass();
    await vi.waitFor(() => expect(clients).toHaveLength(index + 2));
  }
  expect(calls()).toBe(1);
  await vi.waitFor(() => expect(waits[0]?.milliseconds).toBe(30_000));
  clients[9]?.break();
  await vi.waitFor(() => expect(waits[0]?.milliseconds).toBeLessThanOrEqual(500));
  waits[0]?.pass();
  await vi.waitFor(() => expect(clients).toHaveLength(11));
  await vi.waitFor(() => expect(calls()).toBe(2));
  expect(clients.map(({ isOver }) => isOver).lastIndexOf(true)).toBe(9);
});

test.each([
  ['says 0A000', () => new FakeClient({ 'LISTEN jwks': sqlError('0A000') })],
  ['is CockroachDB', () => new FakeClient({}, 'CockroachDB CCL v25.1.0')],
])('a server that %s is left alone for good', async (_, next) => {
  const { clients, waits, calls } = watching(next);
  await vi.waitFor(() => expect(clients[0]?.isOver).toBe(true));
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect([clients.length, waits.length, calls()]).toEqual([1, 0, 0]);
});

test('a replica, which may become a primary, is asked again', async () => {
  const { clients, waited } = watching(() => new FakeClient({ 'LISTEN jwks': sqlError('25006') }));
  expect(await waited()).toBeLessThanOrEqual(500);
  expect(clients[0]?.isOver).toBe(true);
});

test('what cannot even be begun, such as TLS whose CA file is gone, is tried again', async () => {
  let tries = 0;
  const { waits, waited, clients } = watching(() => {
    if (tries++ === 0) throw new Error('gone');
    return new FakeClient();
  });
  await waited();
  waits[0]?.pass();
  await vi.waitFor(() => expect(clients).toHaveLength(1));
});

test('a connection that does not answer a ping within ten seconds is lost', async () => {
  const { clients, waits, waited } = watching(
    (index) => new FakeClient(index === 0 ? { 'SELECT 1': 'never' } : {}),
  );
  expect(await waited()).toBe(30_000);
  waits[0]?.pass();
  await vi.waitFor(() => expect(waits.map(({ milliseconds }) => milliseconds)).toEqual([10_000]));
  waits[0]?.pass();
  await vi.waitFor(() => expect(clients[0]?.isOver).toBe(true));
  expect(await waited()).toBeLessThanOrEqual(500);
});

test('a ping that is answered leaves it as it is', async () => {
  const { clients, waits, waited } = watching(() => new FakeClient());
  for (let round = 1; round <= 3; round++) {
    await waited();
    waits.find(({ milliseconds }) => milliseconds === 30_000)?.pass();
    await vi.waitFor(() =>
      expect(clients[0]?.asked.filter((text) => text === 'SELECT 1')).toHaveLength(round),
    );
    await vi.waitFor(() => expect(waits.at(-1)?.milliseconds).toBe(30_000));
  }
  expect([clients.length, clients[0]?.isOver]).toEqual([1, false]);
});

test.each(['connect', 'SELECT pg_catalog.version() AS version', 'LISTEN jwks', 'SELECT 1'] as const)(
  'it ends while it waits for the answer to %s',
  async (asked) => {
    const { clients, waits, stop, calls } = watching(() => new FakeClient({ [asked]: 'never' }));
    if (asked === 'SELECT 1') {
      await vi.waitFor(() => expect(waits).toHaveLength(1));
      waits[0]?.pass();
    }
    await vi.waitFor(() => expect(clients[0]?.asked).toContain(asked));
    const before = calls();
    stop();
    await vi.waitFor(() => expect(clients[0]?.isOver).toBe(true));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect([clients.length, waits.length, calls()]).toEqual([1, 0, before]);
  },
);

test('it ends while it waits to connect again, and where it is stopped twice', async () => {
  const { clients, waits, waited, stop } = watching(() => new FakeClient({ connect: new Error('no') }));
  await waited();
  stop();
  stop();
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect([clients.length, waits.length]).toEqual([1, 0]);
});
