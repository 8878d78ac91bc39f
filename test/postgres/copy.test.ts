// A keystore goes from files into a real PostgreSQL and back, byte for byte, wherever it is stopped on the way.
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { JwksError } from '../../src/errors.ts';
import { DatabasePlace } from '../../src/keystore/database-place.ts';
import { DirectoryPlace } from '../../src/keystore/directory-place.ts';
import { FileStorage } from '../../src/keystore/file-storage.ts';
import { realFileSystem } from '../../src/keystore/file-system.ts';
import type { Place } from '../../src/keystore/place.ts';
import { parseSetId } from '../../src/keystore/set-id.ts';
import { applyCopy, planCopy } from '../../src/operations/copy-keystore.ts';
import { type Access, openKeystore } from '../../src/operations/open.ts';
import { Machine } from '../support/cli.ts';
import { copyableKeystore, documentsIn, longId } from '../support/copyable.ts';
import { reportOf } from '../support/deed-laws.ts';
import { isAll as isLong, ofExtent } from '../support/extent.ts';
import { accessIn, addKey, codeOf, secretOf } from '../support/keystore.ts';
import { postgresMissing, postgresSchema } from '../support/postgres.ts';
import { type Fault, PostgresProxy } from '../support/postgres-proxy.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const missing = await postgresMissing();
const apart = ofExtent({ few: 6, more: 3, all: 1 });

interface Made {
  readonly directory: string;
  readonly text: string;
}

async function made(): Promise<Made> {
  const directory = join(temporaryDirectory(), 'source');
  mkdirSync(directory, { mode: 0o700 });
  const { text } = await copyableKeystore(new FileStorage(directory));
  return { directory, text };
}

function directoryAt(directory: string): DirectoryPlace {
  return new DirectoryPlace(directory, { fs: realFileSystem, uid: process.geteuid?.(), shield: undefined });
}

function databaseAt(url: string): DatabasePlace {
  return new DatabasePlace(url, { env: {}, cwd: '/', shield: undefined, patience: 150 });
}

/** On a host that has seen neither. */
async function copy(text: string, from: Place, to: Place) {
  const common = accessIn(temporaryDirectory(), { findSecret: secretOf(text), isDefault: false });
  const at = (place: Place): Access => ({ ...common, place });
  return applyCopy(await planCopy({ from: at(from), to: at(to) }, false));
}

const holds = async (place: Place) => documentsIn(await place.open());

if (missing !== undefined) test.skip(`PostgreSQL: ${missing}`, () => {});
else {
  test('to PostgreSQL and back, byte for byte: every revision, deleted sets, tombstones, long ids', async () => {
    const { directory, text } = await made();
    const [from, database] = [directoryAt(directory), databaseAt(await postgresSchema())];
    const back = directoryAt(join(temporaryDirectory(), 'back'));
    const before = await holds(from);
    expect(Object.keys(before)).toEqual([
      'master',
      'sets/auth',
      'sets/gone',
      'sets/pay',
      expect.stringMatching(/^sets\/~[0-9a-f]{64}$/),
    ]);
    expect((await copy(text, from, database)).proved).toEqual({ sets: 3, keys: 4 });
    expect(await holds(database)).toEqual(before);
    expect((await copy(text, database, back)).proved).toEqual({ sets: 3, keys: 4 });
    expect(await holds(back)).toEqual(before);
    expect(await holds(from)).toEqual(before);
    // From one database to another, and again, which changes nothing.
    const other = databaseAt(await postgresSchema());
    await copy(text, database, other);
    const { sets } = await copy(text, back, other);
    expect([await holds(other), new Set(sets.map(({ action }) => action))]).toEqual([
      before,
      new Set(['kept']),
    ]);
  });

  test('the copy goes on from where the source is, with the same secret', async () => {
    const { directory, text } = await made();
    const database = databaseAt(await postgresSchema());
    await copy(text, directoryAt(directory), database);
    const access = accessIn(temporaryDirectory(), { findSecret: secretOf(text) });
    const keystore = await openKeystore({ ...access, place: database }, undefined);
    await addKey(keystore, longId);
    await addKey(keystore, parseSetId('gone'));
    expect((await keystore.openSet(longId))?.manifest.revision).toBe(2);
    expect((await keystore.openSet(parseSetId('gone')))?.manifest.revision).toBe(3);
  });

  test('a place that is reserved in the database is no hindrance, a document of others is', async () => {
    const { directory, text } = await made();
    const database = databaseAt(await postgresSchema());
    const storage = await database.make();
    for (const name of ['sets/auth', 'sets/other'] as const) await storage.reserve(name);
    await copy(text, directoryAt(directory), database);
    expect(await holds(database)).toEqual(await holds(directoryAt(directory)));
    const taken = databaseAt(await postgresSchema());
    await (await taken.make()).replace('sets/auth', 0, Buffer.from('mine'));
    expect(await codeOf(copy(text, directoryAt(directory), taken))).toBe('conflict');
    expect(await holds(taken)).toEqual({ 'sets/auth': '1 mine' });
  });

  test('a damaged row of the source is exit 6, and nothing is made', async () => {
    const { directory, text } = await made();
    const database = databaseAt(await postgresSchema());
    await copy(text, directoryAt(directory), database);
    const storage = await database.open();
    const pay = Buffer.from((await storage.read('sets/pay'))?.bytes ?? []);
    pay[pay.length - 90] = (pay[pay.length - 90] ?? 0) ^ 1;
    await storage.replace('sets/pay', 1, pay);
    const target = directoryAt(join(temporaryDirectory(), 'target'));
    expect(await codeOf(copy(text, database, target))).toBe('damaged');
    expect(await target.look()).toBe('absent');
  });

  describe('stopped at a statement, and run again, it finishes', () => {
    const faults: Readonly<Record<string, Fault>> = {
      'never sent, and gone': { delivered: 'never', isGone: true },
      'done, and gone': { delivered: 'before', isGone: true },
      'done late, and gone': { delivered: 'at-end', isGone: true },
      cut: { delivered: 'never' },
      'answer lost': { delivered: 'before' },
      'no space': { delivered: 'never', answer: '53100' },
    };

    /** One statement of a copy goes wrong in each way, in turn: some of them, or all with JWKS_FAULTS=all. */
    async function sweep(
      { directory, text }: Made,
      placesFor: (proxied: (url: string) => Place) => Promise<{ readonly from: Place; readonly to: Place }>,
    ): Promise<number> {
      const wanted = await holds(directoryAt(directory));
      const proxy = await PostgresProxy.before(await postgresSchema());
      onTestFinished(() => proxy.close());
      const proxied = (url: string) => databaseAt(proxy.url(url));
      const first = await placesFor(proxied);
      proxy.expect();
      await copy(text, first.from, first.to);
      const statements = [...proxy.statements];
      let points = 0;
      for (const index of statements.map((_, before) => before + 1)) {
        for (const [number, [name, fault]] of Object.entries(faults).entries()) {
          if ((index + number) % apart !== 0) continue;
          points += 1;
          const { from, to } = await placesFor(proxied);
          proxy.expect((statement) => (statement.index === index ? fault : undefined));
          const report = await reportOf(copy(text, from, to));
          await proxy.settle();
          const point = `statement ${index} (${statements[index - 1]?.slice(0, 30)}) ${name}: ${String(report)}`;
          const code = report instanceof JwksError ? report.code : report;
          expect(['done', 'failed', 'unconfirmed'], point).toContain(code);
          expect((await copy(text, from, to)).proved, point).toEqual({ sets: 3, keys: 4 });
          expect(await holds(to), point).toEqual(wanted);
          expect(await holds(from), point).toEqual(wanted);
        }
      }
      return points;
    }

    const timeout = isLong ? 1_200_000 : 120_000;

    test('into a database', { timeout }, async () => {
      const own = await made();
      const points = await sweep(own, async (proxied) => ({
        from: directoryAt(own.directory),
        to: proxied(await postgresSchema()),
      }));
      console.info(`a copy into PostgreSQL: stopped at ${points} points`);
      expect(points * apart).toBeGreaterThan(120);
    });

    test('out of one', { timeout }, async () => {
      const own = await made();
      const url = await postgresSchema();
      await copy(own.text, directoryAt(own.directory), databaseAt(url));
      const points = await sweep(own, async (proxied) => ({
        from: proxied(url),
        to: directoryAt(join(temporaryDirectory(), 'target')),
      }));
      console.info(`a copy out of PostgreSQL: stopped at ${points} points`);
      expect(points * apart).toBeGreaterThan(30);
    });
  });

  test('the command: passwords are not shown, and what comes next names the new place', async () => {
    const machine = new Machine();
    await machine.jwks('init --keystore keys');
    expect((await machine.jwks('create --alg ES256 auth k1 --keystore keys')).status).toBe(0);
    const to = await postgresSchema();
    const { password } = new URL(to);
    const ran = await machine.jwks(['copy', '--from', 'keys', '--to', to]);
    expect([ran.status, ran.stdout]).toEqual([0, 'SET ID\tREVISION\tACTION\nauth\t1\twritten\n']);
    expect(ran.stderr).toContain('1 set, 1 key copied and proved');
    expect(ran.stderr).toMatch(/^next: jwks list --keystore '?postgres:/m);
    expect([password.length > 10, ran.stderr.includes(password)]).toEqual([true, false]);
    const again = await machine.jwks(['copy', '--from', to, '--to', 'back', '--format', 'json', '-q']);
    expect(again.stdout).toBe('{"copied":[{"set":"auth","revision":1,"action":"written"}]}\n');
    const read = (place: string) =>
      readFileSync(join(machine.home, 'work', place, 'sets/auth/1.json'), 'utf8');
    expect(read('back')).toBe(read('keys'));
  });
}
